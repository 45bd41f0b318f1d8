"""The far end of Telegram: a Bot API on loopback, with limits that bite, faults on demand, and a journal."""

import asyncio
import json
import re
import time
from collections import defaultdict
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

import httpx

from tests.fakes.far_end import Answer, FarEnd, Fault, Request
from tests.fakes.telegram_rules import ApiError, check_keyboard, check_markup, read_form

TOKEN = "4242:AA-loopback-only"
USERNAME = "piaoda_test_bot"
BOT_ID = 4242


def refused(status: int, description: str, **parameters: object) -> Fault:
    """An error as the Bot API words it."""
    answer: dict[str, object] = {"ok": False, "error_code": status, "description": description}
    if parameters:
        answer["parameters"] = parameters
    return Fault(status, json.dumps(answer).encode())


def flood(seconds: int) -> Fault:
    """429 with a pause."""
    return refused(429, f"Too Many Requests: retry after {seconds}", retry_after=seconds)


NO_RESULT = Fault(200, b'{"ok": false}')
BLOCKED = refused(403, "Forbidden: bot was blocked by the user")


@dataclass(frozen=True, slots=True)
class Call:
    """One call as it came."""

    method: str
    params: Mapping[str, Any]
    at: float
    status: int  # 0: not carried out
    files: Mapping[str, tuple[str, bytes]] = field(default_factory=dict)


class FakeTelegram(FarEnd):
    """Serve with `async with FakeTelegram() as far_end`; the address is `far_end.base`.

    `deliver` posts an update to the webhook once one is set: (url, headers, body) → status.
    """

    def __init__(self, deliver: Callable[[str, dict[str, str], bytes], Awaitable[int]] | None = None) -> None:
        super().__init__()
        self.journal: list[Call] = []
        self.violations: list[str] = []  # calls that broke a rule of the Bot API
        self.webhook: dict[str, Any] | None = None
        self.webhook_answers: list[int] = []
        self.commands: dict[str, list[dict[str, str]]] = {}
        self.files: dict[str, bytes] = {}
        self.file_sizes: dict[str, int | None] = {}  # what getFile says instead of the truth
        self.closed_topics: set[int] = set()
        self._deliver = deliver or _post
        self._faults: dict[str, list[tuple[Fault, int | None]]] = defaultdict(list)
        self._updates: list[dict[str, Any]] = []
        self._queries: set[str] = set()
        self._news = asyncio.Condition()
        self._poll = 0
        self._next_update = 1000
        self._next_message = 50_000
        self._posting: asyncio.Task[None] | None = None

    async def close(self) -> None:
        """Stop listening and posting, and cut all connections."""
        if self._posting is not None:
            self._posting.cancel()
            await asyncio.gather(self._posting, return_exceptions=True)
            self._posting = None
        await super().close()

    # What tests do with it

    async def push(self, update: Mapping[str, Any]) -> int:
        """Let an update arrive; returns its number, which is given to it unless it brings one."""
        self._next_update += 1
        numbered = {"update_id": self._next_update, **update}
        query = numbered.get("callback_query")
        if isinstance(query, Mapping) and not str(query.get("id", "")).startswith("old"):
            self._queries.add(str(query.get("id")))
        async with self._news:
            self._updates.append(numbered)
            self._news.notify_all()
        number: int = numbered["update_id"]
        return number

    def fail(self, method: str, *faults: Fault, chat: int | None = None) -> None:
        """The next calls of `method` (`file`: downloads) to `chat` meet `faults`, one each."""
        self._faults[method] += [(fault, chat) for fault in faults]

    def calls(self, method: str, chat: int | None = None) -> list[Call]:
        """Calls that were made, oldest first."""
        return [
            call
            for call in self.journal
            if call.method == method and chat in (None, int(call.params.get("chat_id", 0)))
        ]

    def texts(self, chat: int) -> list[str]:
        """What the user of `chat` sees."""
        return [call.params["text"] for call in self.calls("sendMessage", chat) if call.status == 200]

    @property
    def waiting(self) -> int:
        """Updates that nobody has confirmed."""
        return len(self._updates)

    # HTTP

    async def respond(self, request: Request) -> Answer | None:
        if request.verb == "GET":
            return self._file(request.target)
        return await self._api(request.target, request.headers.get("content-type", ""), request.body)

    def _file(self, path: str) -> Answer:
        if (fault := self._fault("file", {})) is not None:
            return Answer(fault.body, fault.status, "text/plain")
        name = path.removeprefix(f"/file/bot{TOKEN}/")
        if name == path or name not in self.files:
            return Answer(b"not found", 404, "text/plain")
        return Answer(self.files[name], 200, "application/octet-stream")

    async def _api(self, path: str, content_type: str, body: bytes) -> Answer | None:
        token, _, method = path.removeprefix("/bot").partition("/")
        params, files = read_form(content_type, body)
        fault = self._fault(method, params) or Fault(carried_out=True)
        place = len(self.journal)
        at = time.monotonic()
        status, answer, kind = fault.status if fault.status != 200 else 0, fault.body, "text/html"
        if fault.carried_out:
            kind = "application/json"
            status, answer = await self._carried_out(token, method, params, files)
        self.journal.insert(place, Call(method, params, at, status, files))
        await asyncio.sleep(fault.delay)
        return None if fault.reset else Answer(answer, status or fault.status, kind)

    def _fault(self, method: str, params: Mapping[str, Any]) -> Fault | None:
        waiting = self._faults[method]
        for index, (fault, chat) in enumerate(waiting):
            if chat is None or str(chat) == str(params.get("chat_id")):
                del waiting[index]
                return fault
        return None

    async def _carried_out(
        self, token: str, method: str, params: dict[str, Any], files: dict[str, tuple[str, bytes]]
    ) -> tuple[int, bytes]:
        try:
            if token != TOKEN:
                raise ApiError(401, "Unauthorized")
            act = getattr(self, f"_do_{method}", None)
            if act is None:
                raise ApiError(404, "Not Found")
            result = act(params, files)
            if asyncio.iscoroutine(result):
                result = await result
        except ApiError as error:
            if error.status == 400 and "too old" not in error.description and "file" not in error.description:
                self.violations.append(f"{method}: {error.description}")
            answer = {"ok": False, "error_code": error.status, "description": error.description}
            return error.status, json.dumps(answer).encode()
        return 200, json.dumps({"ok": True, "result": result}).encode()

    # Methods of the Bot API

    def _do_getMe(self, params: dict[str, Any], files: object) -> dict[str, Any]:  # noqa: N802
        return {"id": BOT_ID, "is_bot": True, "first_name": "Piaoda", "username": USERNAME}

    async def _do_getUpdates(self, params: dict[str, Any], files: object) -> list[Any]:  # noqa: N802
        if self.webhook is not None:
            raise ApiError(409, "Conflict: can't use getUpdates method while webhook is active")
        self._poll += 1
        mine = self._poll
        offset, limit = int(params.get("offset") or 0), int(params.get("limit") or 100)
        deadline = time.monotonic() + float(params.get("timeout") or 0)
        async with self._news:
            self._news.notify_all()
            if offset:
                self._updates = [each for each in self._updates if each["update_id"] >= offset]
            while not self._updates and (left := deadline - time.monotonic()) > 0:
                try:
                    async with asyncio.timeout(left):
                        await self._news.wait()
                except TimeoutError:
                    break
                if mine != self._poll:
                    raise ApiError(409, "Conflict: terminated by other getUpdates request")
            return self._updates[:limit]

    def _do_setWebhook(self, params: dict[str, Any], files: object) -> bool:  # noqa: N802
        secret = params.get("secret_token", "")
        if secret and not re.fullmatch(r"[A-Za-z0-9_-]{1,256}", secret):
            raise ApiError(400, "Bad Request: secret token contains unallowed characters")
        self.webhook = dict(params)
        if self._posting is None:
            self._posting = asyncio.create_task(self._post_updates())
        return True

    def _do_deleteWebhook(self, params: dict[str, Any], files: object) -> bool:  # noqa: N802
        self.webhook = None
        return True

    def _do_setMyCommands(self, params: dict[str, Any], files: object) -> bool:  # noqa: N802
        commands = json.loads(params["commands"])
        for each in commands:
            if (
                not re.fullmatch(r"[a-z0-9_]{1,32}", each["command"])
                or not 1 <= len(each["description"]) <= 256
            ):
                raise ApiError(400, "Bad Request: BOT_COMMAND_INVALID")
        self.commands[params.get("language_code", "")] = commands
        return True

    def _do_sendMessage(self, params: dict[str, Any], files: object) -> dict[str, Any]:  # noqa: N802
        text = params.get("text", "")
        if not text.strip():
            raise ApiError(400, "Bad Request: message text is empty")
        if len(text.encode("utf-16-le")) // 2 > 4096:
            raise ApiError(400, "Bad Request: message is too long")
        if params.get("parse_mode"):
            check_markup(params["parse_mode"], text)
        return {**self._placed(params), "text": text}

    def _do_sendDocument(  # noqa: N802
        self, params: dict[str, Any], files: dict[str, tuple[str, bytes]]
    ) -> dict[str, Any]:
        if len(params.get("caption", "").encode("utf-16-le")) // 2 > 1024:
            raise ApiError(400, "Bad Request: message caption is too long")
        if not files and not params.get("document"):
            raise ApiError(400, "Bad Request: there is no document in the request")
        name = next(iter(files.values()))[0] if files else ""
        document = {"file_id": "sent", "file_unique_id": "s", "file_name": name}
        return {**self._placed(params), "document": document}

    def _do_sendChatAction(self, params: dict[str, Any], files: object) -> bool:  # noqa: N802
        self._placed(params)
        return True

    def _do_answerCallbackQuery(self, params: dict[str, Any], files: object) -> bool:  # noqa: N802
        if params["callback_query_id"] not in self._queries:
            raise ApiError(
                400, "Bad Request: query is too old and response timeout expired or query ID is invalid"
            )
        return True

    def _do_editMessageReplyMarkup(self, params: dict[str, Any], files: object) -> bool:  # noqa: N802
        check_keyboard(params.get("reply_markup"))
        return True

    def _do_getFile(self, params: dict[str, Any], files: object) -> dict[str, Any]:  # noqa: N802
        name = params["file_id"]
        if name not in self.files:
            raise ApiError(400, "Bad Request: wrong file_id or the file is temporarily unavailable")
        size = self.file_sizes.get(name, len(self.files[name]))
        if size is not None and size > 20_000_000:
            raise ApiError(400, "Bad Request: file is too big")
        found = {"file_id": name, "file_unique_id": name, "file_path": name}
        return found if size is None else {**found, "file_size": size}

    def _placed(self, params: Mapping[str, Any]) -> dict[str, Any]:
        """The message that a call makes, after the checks that all have in common."""
        if not re.fullmatch(r"-?\d+", str(params.get("chat_id", ""))):
            raise ApiError(400, "Bad Request: chat not found")
        topic = params.get("message_thread_id")
        if topic is not None and int(topic) in self.closed_topics:
            raise ApiError(400, "Bad Request: message thread not found")
        check_keyboard(params.get("reply_markup"))
        self._next_message += 1
        chat = int(params["chat_id"])
        return {
            "message_id": self._next_message,
            "date": int(time.time()),
            "chat": {"id": chat, "type": "private" if chat > 0 else "supergroup", "title": "t"},
        }

    async def _post_updates(self) -> None:
        """Telegram's side of a webhook: one update after the other, again until it is taken."""
        while True:
            async with self._news:
                await self._news.wait_for(lambda: self._updates and self.webhook is not None)
                update, hook = self._updates[0], dict(self.webhook or {})
            headers = {"content-type": "application/json"}
            if hook.get("secret_token"):
                headers["X-Telegram-Bot-Api-Secret-Token"] = hook["secret_token"]
            status = await self._deliver(hook["url"], headers, json.dumps(update).encode())
            self.webhook_answers.append(status)
            if 200 <= status < 300:
                self._updates.remove(update)
            else:
                await asyncio.sleep(0.1)


async def _post(url: str, headers: dict[str, str], body: bytes) -> int:
    async with httpx.AsyncClient(trust_env=False) as client:
        return (await client.post(url, headers=headers, content=body)).status_code
