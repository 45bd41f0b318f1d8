"""The far end of WeChat: api.weixin.qq.com on loopback, with its rules, faults on demand, and a journal."""

import asyncio
import json
import re
import time
from collections import defaultdict
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import parse_qs, urlsplit

from tests.fakes.far_end import Answer, FarEnd, Fault, Request

APP_ID = "wxloopback000000a"
APP_SECRET = "loopback-secret-only"
TEXT_BYTES = 2048
_CUSTOM = "/cgi-bin/message/custom/send"


def refused(code: int) -> Fault:
    """An error as the platform words it: HTTP 200 with an errcode."""
    return Fault(body=json.dumps({"errcode": code, "errmsg": f"loopback says {code}"}).encode())


GATEWAY_TIMEOUT = Fault(504, b"")


@dataclass(frozen=True, slots=True)
class Call:
    """One call as it came; `errcode` is None where no answer of the platform was given."""

    path: str
    query: Mapping[str, str]
    payload: Any
    errcode: int | None
    at: float


class FakeWeChat(FarEnd):
    """Serve with `async with FakeWeChat() as far_end`; the address is `far_end.base`."""

    def __init__(self) -> None:
        super().__init__()
        self.journal: list[Call] = []
        self.violations: list[str] = []  # calls that broke a rule of the platform
        self.tokens: list[str] = []  # given out, newest last
        self.token_seconds = 7200
        self.expired: set[str] = set()
        self.rejects_tokens = False  # every token, for ever
        self.rights = {"custom", "msgmenu", "template", "media", "menu", "typing"}
        self.media: dict[str, tuple[str, bytes]] = {}  # id → content type, bytes
        self.menu: dict[str, Any] | None = None
        self._faults: dict[str, list[tuple[Fault, str]]] = defaultdict(list)
        self._template_ids: set[tuple[str, str]] = set()
        self._delivered: list[tuple[str, Mapping[str, Any]]] = []

    # What tests do with it

    def fail(self, path: str, *faults: Fault, about: str = "") -> None:
        """The next calls of `path` (its end is enough) meet `faults`, one each; only calls `about` a user or file."""
        self._faults[path] += [(fault, about) for fault in faults]

    def calls(self, path: str) -> list[Call]:
        """Calls whose path ends so, oldest first."""
        return [call for call in self.journal if call.path.endswith(path)]

    def delivered(self, user: str) -> list[Mapping[str, Any]]:
        """The messages that reached a user, customer-service and template ones."""
        return [payload for who, payload in self._delivered if who == user]

    @property
    def everything(self) -> list[tuple[str, Mapping[str, Any]]]:
        """Every user with each message that reached them, oldest first."""
        return list(self._delivered)

    def texts(self, user: str) -> list[str]:
        """The words that reached a user by customer-service message."""
        return [_words(payload) for payload in self.delivered(user) if "msgtype" in payload]

    # HTTP

    async def respond(self, request: Request) -> Answer | None:
        address = urlsplit(request.target)
        query = {name: values[-1] for name, values in parse_qs(address.query).items()}
        return await self._call(address.path, query, request.body)

    async def _call(self, path: str, query: dict[str, str], body: bytes) -> Answer | None:
        payload: Any = body
        if not path.endswith("/upload") and body:
            payload = json.loads(body)
        user = payload.get("touser") if isinstance(payload, dict) else None
        fault = self._fault(path, ("", user, query.get("media_id"))) or Fault(carried_out=True)
        status, kind, answer = fault.status, "text/html", fault.body
        if fault.body.startswith(b"{"):
            kind = "application/json"
        code: int | None = None
        at = time.monotonic()
        if fault.carried_out:
            kind, answer, code = self._carried_out(path, query, payload)
        self.journal.append(Call(path, query, payload, code, at))
        await asyncio.sleep(fault.delay)
        return None if fault.reset else Answer(answer, status, kind)

    def _fault(self, path: str, about: tuple[str | None, ...]) -> Fault | None:
        for end, waiting in self._faults.items():
            for place, (fault, subject) in enumerate(waiting):
                if path.endswith(end) and subject in about:
                    del waiting[place]
                    return fault
        return None

    def _carried_out(self, path: str, query: dict[str, str], payload: Any) -> tuple[str, bytes, int]:
        if path == "/cgi-bin/media/get" and not (code := self._token_fault(query)):
            if query.get("media_id") in self.media and "media" in self.rights:
                kind, content = self.media[query["media_id"]]
                return kind, content, 0
            code = 40007 if "media" in self.rights else 48001
            return "text/plain", json.dumps({"errcode": code, "errmsg": "no"}).encode(), code
        result = self._answer(path, query, payload)
        answer = json.dumps(result, ensure_ascii=False).encode()
        return "application/json; encoding=utf-8", answer, int(result.get("errcode", 0))

    def _answer(self, path: str, query: dict[str, str], payload: Any) -> dict[str, Any]:
        if path == "/cgi-bin/stable_token":
            return self._stable_token(payload)
        if code := self._token_fault(query):
            return {"errcode": code, "errmsg": "invalid credential"}
        acts: dict[str, Callable[[Any], tuple[int, dict[str, Any]]]] = {
            _CUSTOM: self._custom,
            "/cgi-bin/message/custom/typing": self._typing,
            "/cgi-bin/message/template/send": self._template,
            "/cgi-bin/media/upload": self._upload,
            "/cgi-bin/menu/create": self._create_menu,
        }
        act = acts.get(path)
        if act is None:
            self.violations.append(f"no such path: {path}")
            return {"errcode": 40066, "errmsg": "invalid url"}
        code, result = act(payload)
        if code in (40008, 44004, 45002, 47001, 47003, 40016, 40018):
            self.violations.append(f"{path}: {code}")
        return {"errcode": code, "errmsg": "ok" if code == 0 else "no", **result}

    # The platform's rules

    def _stable_token(self, payload: Mapping[str, Any]) -> dict[str, Any]:
        if payload.get("grant_type") != "client_credential" or payload.get("appid") != APP_ID:
            return {"errcode": 40013, "errmsg": "invalid appid"}
        if payload.get("secret") != APP_SECRET:
            return {"errcode": 40125, "errmsg": "invalid appsecret"}
        if not self.tokens or payload.get("force_refresh") or self.tokens[-1] in self.expired:
            self.tokens.append(f"token-{len(self.tokens)}-" + "x" * 120)
        return {"access_token": self.tokens[-1], "expires_in": self.token_seconds}

    def _token_fault(self, query: Mapping[str, str]) -> int:
        token = query.get("access_token", "")
        if self.rejects_tokens or token not in self.tokens[-2:]:
            return 40001
        return 42001 if token in self.expired else 0

    def _custom(self, payload: Mapping[str, Any]) -> tuple[int, dict[str, Any]]:
        if "custom" not in self.rights:
            return 48001, {}
        kind = payload.get("msgtype")
        if kind == "msgmenu" and "msgmenu" not in self.rights:
            return 40200, {}
        if kind == "image":
            known = payload["image"]["media_id"] in self.media
            return self._deliver(payload) if known else (40007, {})
        if kind not in ("text", "msgmenu"):
            return 40008, {}
        words = _words(payload)
        if not words.strip():
            return 44004, {}
        if len(words.encode()) > TEXT_BYTES:
            return 45002, {}
        return self._deliver(payload)

    def _deliver(self, payload: Mapping[str, Any]) -> tuple[int, dict[str, Any]]:
        self._delivered.append((payload["touser"], payload))
        return 0, {}

    def _typing(self, payload: Mapping[str, Any]) -> tuple[int, dict[str, Any]]:
        if "typing" not in self.rights:
            return 48001, {}
        return (0 if payload.get("command") in ("Typing", "CancelTyping") else 45072), {}

    def _template(self, payload: Mapping[str, Any]) -> tuple[int, dict[str, Any]]:
        if "template" not in self.rights:
            return 48001, {}
        for name, field in payload["data"].items():
            if not field["value"] or (name.startswith("thing") and len(field["value"]) > 20):
                return 47003, {}
        mark = (payload["touser"], payload["client_msg_id"])
        if mark not in self._template_ids:
            self._template_ids.add(mark)
            self._delivered.append((payload["touser"], payload))
        return 0, {"msgid": len(self._template_ids)}

    def _upload(self, payload: bytes) -> tuple[int, dict[str, Any]]:
        found = re.search(rb'filename="([^"]*)"', payload)
        if not found or not found.group(1).isascii():
            return 41005, {}
        media = f"uploaded-{len(self.media)}"
        self.media[media] = ("image/png", payload)
        return 0, {"type": "image", "media_id": media, "created_at": 0}

    def _create_menu(self, payload: dict[str, Any]) -> tuple[int, dict[str, Any]]:
        columns = payload.get("button", [])
        if not 1 <= len(columns) <= 3:
            return 40016, {}
        for column in columns:
            if len(column["name"].encode()) > 16:
                return 40018, {}
        self.menu = payload
        return 0, {}


def _words(payload: Mapping[str, Any]) -> str:
    if payload.get("msgtype") == "text":
        return str(payload["text"]["content"])
    if payload.get("msgtype") == "msgmenu":
        menu = payload["msgmenu"]
        return "\n".join([menu["head_content"], *(each["content"] for each in menu["list"])])
    return ""
