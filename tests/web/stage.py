"""The chat page on a real server and a real store; what the bot says is scripted."""

import asyncio
import socket
from collections.abc import Callable
from typing import Any, cast

import uvicorn

from bot.app import application
from bot.build import LIVE, Program, utc_now
from bot.live import Live
from bot.settings import Settings
from handlers.assistant import Assistant
from handlers.core import Button, Outcome, Reply, Services, Turn
from locales.catalog import Catalog
from storage.store import Store

HOSTILE = "<img src=x onerror=alert(1)><script>alert(2)</script> javascript:alert(3) &lt;b&gt; \"'`"


class Talk:
    """Repeats what it hears; some words make it do more."""

    def __init__(self) -> None:
        self.heard: list[Turn] = []
        self.go_on = asyncio.Event()  # what "wait" waits for

    async def __call__(self, turn: Turn, services: Services) -> Outcome:
        self.heard.append(turn)
        message = turn.message
        if message.action is not None:
            return _said(turn, f"pressed {message.action}")
        if message.attachments:
            names = ", ".join(part.name for part in message.attachments)
            first = message.attachments[0]
            reply = _reply(f"got {len(message.attachments)}: {names} | {message.text}")
            back = Reply(reply.key, {"text": "back"}, file=first.ref, file_name=first.name)
            return Outcome(turn.settled(), (reply, back) if message.text == "send it back" else (reply,))
        match message.text:
            case "wait":
                await self.go_on.wait()
            case "buttons":
                buttons = (Button("button.menu", "menu"), Button("button.faq", "faq:lost"))
                return turn.say("voice.heard", *buttons, text="choose")
            case "silence":
                return Outcome(turn.settled())
            case "hostile":
                return _said(turn, HOSTILE)
            case "twice":
                return Outcome(turn.settled(), (_reply("first"), _reply("second")))
            case "long":
                return _said(turn, "\n".join(f"line {number}" for number in range(80)))
        return _said(turn, f"heard {message.text} in {turn.conversation.language}")


def _reply(text: str) -> Reply:
    return Reply("voice.heard", {"text": text})


def _said(turn: Turn, text: str) -> Outcome:
    return Outcome(turn.settled(), (_reply(text),))


def program_on(
    store: Store,
    catalog: Catalog,
    talk: Callable[[Turn, Services], Any],
    *,
    settings: Settings | None = None,
    employee: int | None = None,
) -> Program:
    """The parts of the program that the page needs."""
    live = Live()
    services = Services(store=store, catalog=catalog, understander=cast(Any, None), now=utc_now)
    return Program(
        settings=settings or Settings(_env_file=None, demo=True),  # type: ignore[call-arg]
        store=store,
        catalog=catalog,
        services=services,
        assistant=Assistant(services, live=LIVE, route=talk, on_change=live.change),
        live=live,
        jobs=cast(Any, None),
        reader=cast(Any, None),
        wechat=None,
        telegram=None,
        deliveries=(),
        demo_employee=employee,
    )


async def quiet(program: Program) -> None:
    """All that was taken is answered."""
    await asyncio.sleep(0)  # the answers begin
    await program.assistant.finish(5)


class Site:
    """The program behind a port; it can be stopped and started again at the same address."""

    def __init__(self, program: Program) -> None:
        self.program = program
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.port: int = self._listener.getsockname()[1]
        self.base = f"http://127.0.0.1:{self.port}"
        self._server: uvicorn.Server | None = None
        self._task: asyncio.Task[None] | None = None

    async def start(self) -> None:
        """Serve."""
        self.program.live.closing = False
        config = uvicorn.Config(application(self.program), log_config=None, lifespan="off", http="httptools")
        self._server = uvicorn.Server(config)
        # As the running program does it, but without taking over the signals.
        if self._listener.fileno() < 0:
            self._listener = socket.create_server(("127.0.0.1", self.port))
        self._task = asyncio.create_task(self._server._serve([self._listener]))
        async with asyncio.timeout(10):
            while not self._server.started:  # noqa: ASYNC110 -- it has no event for that
                await asyncio.sleep(0.01)

    async def stop(self) -> None:
        """Stop, open pages first."""
        if self._server is None or self._task is None:
            return
        self.program.live.close()
        self._server.should_exit = True
        async with asyncio.timeout(15):
            await self._task
        self._server = self._task = None
