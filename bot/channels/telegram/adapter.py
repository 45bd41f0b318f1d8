"""Telegram: the adapter that bot/build.py wires in."""

import asyncio
import contextlib
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Literal

import structlog
from starlette.requests import Request
from starlette.responses import Response
from telegram import BotCommand
from telegram.error import TelegramError

from bot.channels.telegram.address import CHANNEL
from bot.channels.telegram.files import Files
from bot.channels.telegram.incoming import ALLOWED_UPDATES, Identity
from bot.channels.telegram.intake import Assistant, Intake
from bot.channels.telegram.polling import Backoff, Polling
from bot.channels.telegram.sending import ReadDocument, Sender
from bot.channels.telegram.webhook import Webhook, secret_for
from bot.channels.telegram.wire import connect, hush_libraries
from storage.records import Attachment, Outgoing

PATH = "/telegram"
_TOKEN = re.compile(r"[0-9]+:[A-Za-z0-9_-]+")
_SECRET = re.compile(r"[A-Za-z0-9_-]{1,256}")
_STOP_SECONDS = 10.0

_log = structlog.get_logger()


@dataclass(frozen=True, slots=True)
class Account:
    """How to reach the bot's account; the fields follow the settings of the same names."""

    token: str = field(repr=False)
    mode: Literal["polling", "webhook"] = "polling"
    secret: str | None = field(default=None, repr=False)  # of the webhook; without one, made from the token
    public_url: str | None = None  # where Telegram finds us, without path; for the webhook
    api_base: str = "https://api.telegram.org"

    def __post_init__(self) -> None:
        if not _TOKEN.fullmatch(self.token):
            raise ValueError(
                "telegram_token must be as BotFather shows it: digits, a colon, letters and digits"
            )
        if self.secret is not None and not _SECRET.fullmatch(self.secret):
            raise ValueError("telegram_secret must be 1 to 256 characters of A-Z a-z 0-9 _ -")
        if self.mode == "webhook" and not self.public_url:
            raise ValueError("telegram_mode=webhook needs public_url")


class Telegram:
    """The channel: receives by polling or webhook, sends, fetches files.

    `commands` is the command menu: language → name → description (see load_commands). `read_document` gives
    the bytes of a kept document by its reference.
    """

    name = CHANNEL
    concurrency = 20  # deliveries at once; the calls among them are bounded by the Sender

    def __init__(
        self,
        account: Account,
        assistant: Assistant,
        commands: Mapping[str, Mapping[str, str]],
        read_document: ReadDocument,
    ) -> None:
        self._account = account
        self._commands = commands
        line = connect(account.token, account.api_base)
        self._bot = line.bot
        self._sender = Sender(self._bot, read_document)
        self._files = Files(line.bot, line.options)
        names = {"start", "help"}.union(*commands.values())
        self._intake = Intake(
            assistant, self._bot, names, self._sender.answer_press, self._sender.show_typing
        )
        self._polling = Polling(line.bot, line.updates, self._take_batch)
        self._secret = account.secret or secret_for(account.token)
        self._webhook = Webhook(self._secret, self._take_one, self._is_busy)
        self._me: Identity | None = None
        self._runner: asyncio.Task[None] | None = None

    @property
    def ready(self) -> bool:
        """Whether Telegram knows us and, when polling, updates can come in."""
        return self._me is not None and (self._account.mode == "webhook" or self._polling.works)

    async def start(self) -> None:
        """Begin to receive. Does not wait for Telegram: while it is out of reach we keep trying."""
        hush_libraries()
        self._sender.open()
        self._runner = asyncio.create_task(self._run(), name="telegram")

    async def stop(self) -> None:
        """Stop receiving, let answers in work end; what does not end in time is run at the next start."""
        if self._runner is not None:
            self._runner.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await self._runner
            self._runner = None
        await self._intake.finish(_STOP_SECONDS)
        self._me = None
        await self._sender.close(_STOP_SECONDS)
        await self._bot.shutdown()

    async def send(self, outgoing: Outgoing, key: str) -> None:
        """Deliver one message; raises a DeliveryError. See Sender.send."""
        await self._sender.send(outgoing, key)

    async def fetch(self, attachment: Attachment, limit: int) -> bytes:
        """The bytes of a file, at most `limit` and 20 MB; raises AttachmentError."""
        return await self._files.fetch(attachment, limit)

    async def webhook(self, request: Request) -> Response:
        """The endpoint for POST /telegram; 404 when polling."""
        if self._account.mode != "webhook":
            return Response(status_code=404)
        return await self._webhook(request)

    async def _run(self) -> None:
        await self._introduce()
        async with asyncio.TaskGroup() as group:
            group.create_task(self._publish_commands())
            if self._account.mode == "polling":
                group.create_task(self._polling.run())

    async def _introduce(self) -> None:
        """Learn who we are and say how updates are to come; tries until it works."""
        backoff = Backoff()
        while True:
            try:
                await self._bot.initialize()
                self._me = Identity(self._bot.id, self._bot.username)
                await self._choose_way()
                break
            except TelegramError as error:
                pause = backoff.after(error)
                _log.error("telegram.start_failed", error=type(error).__name__, pause=round(pause, 1))
                await asyncio.sleep(pause)
        _log.info("telegram.started", mode=self._account.mode)

    async def _choose_way(self) -> None:
        if self._account.mode == "polling":
            await self._bot.delete_webhook()  # waiting updates are kept
            return
        await self._bot.set_webhook(
            f"{(self._account.public_url or '').rstrip('/')}{PATH}",
            secret_token=self._secret,
            allowed_updates=list(ALLOWED_UPDATES),
        )

    async def _publish_commands(self) -> None:
        """Set the command menu (命令菜单) in each language, English for all others; optional."""
        for language in ("", *self._commands):
            menu = self._commands.get(language or "en")
            if not menu:
                continue
            commands = [BotCommand(name, text) for name, text in menu.items()]
            try:
                await self._bot.set_my_commands(commands, language_code=language or None)
            except TelegramError as error:
                _log.warning("telegram.menu_failed", language=language, error=type(error).__name__)

    def _is_busy(self) -> bool:
        return self._me is None or self._intake.is_full

    async def _take_batch(self, updates: Sequence[object]) -> None:
        await self._intake.room()
        await self._take(updates)

    async def _take_one(self, update: object) -> None:
        await self._take([update])

    async def _take(self, updates: Sequence[object]) -> None:
        if self._me is not None:
            await self._intake.take(updates, self._me)
