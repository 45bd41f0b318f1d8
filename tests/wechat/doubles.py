"""A small assistant with an outbox behind it, and the platform's side of the callback."""

import asyncio
import base64
import secrets
import time
from collections import defaultdict
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

import httpx
import xmltodict
from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes
from wechatpy.crypto import WeChatCrypto

from bot.channels.wechat.adapter import WeChat
from bot.channels.wechat.codec import sign
from handlers.core import DeliveryError, InDoubtError, NeedsContactError, RetryLaterError
from storage.database import StoreUnavailableError
from storage.records import ChatId, Choice, Message, OutboxItem, OutboxState, Outgoing

HERE = Path(__file__).parent
TOKEN = "loopbackTOKEN"
AES_KEY = "loopbackKEY0123456789abcdefghijklmnopqrstuv"
APP_ID = "wxloopback000000a"
ACCOUNT = "gh_loopback"
OTHER_KEY = "anotherKEY0123456789abcdefghijklmnopqrstuvw"


class EchoAssistant:
    """Answers "回 <text>" once per message, through an outbox; remembers what it got."""

    def __init__(self) -> None:
        self.channel: WeChat | None = None
        self.accepted: dict[tuple[ChatId, str], Message] = {}
        self.turns = 0
        self.silenced: list[ChatId] = []
        self.think: Mapping[str, float] = {}  # text → seconds
        self.is_down = False
        self.words: Callable[[Message], str] = lambda message: (
            f"回 {message.text or message.action or message.kind}"
        )
        self.choices: tuple[Choice, ...] = ()
        self.failures: list[DeliveryError] = []
        self.items: dict[int, OutboxItem] = {}
        self._answers: dict[tuple[ChatId, str], asyncio.Task[tuple[int, ...]]] = {}
        self._postponed: set[tuple[ChatId, str]] = set()
        self._deliveries: set[asyncio.Task[None]] = set()
        self._chats: dict[ChatId, asyncio.Lock] = defaultdict(asyncio.Lock)

    @property
    def messages(self) -> list[Message]:
        return list(self.accepted.values())

    def states(self, chat: ChatId) -> list[OutboxState]:
        return [item.state for item in self.items.values() if item.outgoing.chat == chat]

    async def accept(self, message: Message) -> bool:
        await asyncio.sleep(0)
        if self.is_down:
            raise StoreUnavailableError
        key = (message.chat, message.id)
        if key in self.accepted:
            return False
        self.accepted[key] = message
        return True

    def begin(self, message: Message, *, passive: bool = False) -> asyncio.Task[tuple[OutboxItem, ...]]:
        return asyncio.create_task(self._answer(message, passive))

    async def _answer(self, message: Message, passive: bool) -> tuple[OutboxItem, ...]:
        key = (message.chat, message.id)
        new = await self.accept(message)
        held = [
            item
            for item in self.items.values()
            if item.outgoing.chat == message.chat and item.state in (OutboxState.HELD, OutboxState.IN_DOUBT)
        ]
        if new:
            self._answers[key] = asyncio.create_task(self._turn(message, passive))
        ids = await asyncio.shield(self._answers[key])
        return (*(held if new else ()), *(self.items[id_] for id_ in ids))

    async def written(self, items: tuple[OutboxItem, ...]) -> None:
        for item in items:
            self._set(item.id, OutboxState.SENT)

    async def postpone(self, message: Message) -> None:
        key = (message.chat, message.id)
        self._postponed.add(key)
        task = self._answers[key]
        if task.done():
            for id_ in task.result():
                if self.items[id_].state is OutboxState.PASSIVE:
                    self._queue(id_)

    async def silence(self, chat: ChatId) -> None:
        self.silenced.append(chat)

    async def keep(self, key: str, outgoing: Outgoing) -> None:
        if not any(item.key == key for item in self.items.values()):
            self._queue(self._add(key, outgoing, OutboxState.QUEUED))

    async def close(self) -> None:
        tasks = [*self._deliveries, *self._answers.values()]
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    async def _turn(self, message: Message, passive: bool) -> tuple[int, ...]:
        self.turns += 1
        await asyncio.sleep(self.think.get(message.text or message.kind, 0))
        outgoing = Outgoing(message.chat, self.words(message), self.choices, "echo")
        key = (message.chat, message.id)
        id_ = self._add(f"out:{message.chat}:{message.id}:0", outgoing, OutboxState.PASSIVE)
        if not passive or key in self._postponed:
            self._queue(id_)
        return (id_,)

    def _add(self, key: str, outgoing: Outgoing, state: OutboxState) -> int:
        id_ = len(self.items)
        self.items[id_] = OutboxItem(id_, key, outgoing, state, 0, 0, datetime.now(UTC))
        return id_

    def _set(self, id_: int, state: OutboxState) -> None:
        self.items[id_] = replace(self.items[id_], state=state)

    def _queue(self, id_: int) -> None:
        self._set(id_, OutboxState.QUEUED)
        task = asyncio.create_task(self._deliver(id_))
        self._deliveries.add(task)
        task.add_done_callback(self._deliveries.discard)

    async def _deliver(self, id_: int) -> None:
        assert self.channel is not None
        item = self.items[id_]
        async with self._chats[item.outgoing.chat]:
            for _ in range(5):
                self._set(id_, OutboxState.SENDING)
                try:
                    await self.channel.send(item.outgoing, item.key)
                except DeliveryError as error:
                    self.failures.append(error)
                    if isinstance(error, RetryLaterError):
                        self._set(id_, OutboxState.QUEUED)
                        await asyncio.sleep(min(error.seconds or 0.05, 0.05))
                        continue
                    self._set(id_, _state_after(error))
                    return
                self._set(id_, OutboxState.SENT)
                return


def _state_after(error: DeliveryError) -> OutboxState:
    if isinstance(error, NeedsContactError):
        return OutboxState.HELD
    return OutboxState.IN_DOUBT if isinstance(error, InDoubtError) else OutboxState.DEAD


def payload(name: str) -> str:
    """A push from its file."""
    return (HERE / "pushes" / f"{name}.xml").read_text("utf-8")


def text_push(user: str, number: str, content: str) -> str:
    """A text message as the platform writes it; `content` may hold anything XML can."""
    section = content.replace("]]>", "]]]]><![CDATA[>")
    return (
        f"<xml><ToUserName><![CDATA[{ACCOUNT}]]></ToUserName><FromUserName><![CDATA[{user}]]></FromUserName>"
        f"<CreateTime>{int(time.time())}</CreateTime><MsgType><![CDATA[text]]></MsgType>"
        f"<Content><![CDATA[{section}]]></Content><MsgId>{number}</MsgId></xml>"
    )


def bad_ciphertexts() -> dict[str, str]:
    """What no reader may take for a message, by what is wrong with it."""
    key = base64.b64decode(AES_KEY + "=")

    def seal(content: bytes) -> str:
        encryptor = Cipher(algorithms.AES(key), modes.CBC(key[:16])).encryptor()
        return base64.b64encode(encryptor.update(content) + encryptor.finalize()).decode()

    def padded(content: bytes, pad: int | None = None) -> bytes:
        pad = pad or 32 - len(content) % 32
        return content + bytes((pad,)) * (32 - len(content) % 32)

    message = text_push("oBad", "1", "你好").encode()
    head = b"r" * 16
    length = len(message).to_bytes(4, "big")
    good = head + length + message + APP_ID.encode()
    changed = bytearray(base64.b64decode(seal(padded(good))))
    changed[40] ^= 1
    return {
        "other key": sealed_by_wechatpy(OTHER_KEY, APP_ID),
        "other account": sealed_by_wechatpy(AES_KEY, "wxother"),
        "no base64": "****",
        "not ascii": "票票票票",
        "5 bytes": base64.b64encode(b"12345").decode(),
        "16 bytes": seal(b"x" * 16),
        "32 bytes of padding": seal(b"\x20" * 32),
        "pad 0": seal(good + b"\0" * (32 - len(good) % 32)),
        "pad 33": seal(padded(good, 33)),
        "pad 255": seal(padded(good, 255)),
        "uneven pad": seal(good + b"\x07" * (31 - len(good) % 32) + b"\x1f"),
        "length too large": seal(padded(head + b"\xff\xff\xff\xff" + message + APP_ID.encode())),
        "length past the end": seal(padded(head + (len(message) + 1).to_bytes(4, "big") + message)),
        "length zero": seal(padded(head + b"\0\0\0\0" + message + APP_ID.encode())),
        "bits flipped": base64.b64encode(bytes(changed)).decode(),
        "no account": seal(padded(head + length + message)),
    }


def sealed_by_wechatpy(key: str, app_id: str, xml: str = "<xml/>") -> str:
    """A message encrypted for an account."""
    sealed = WeChatCrypto(TOKEN, key, app_id).encrypt_message(xml, "n", "1")
    return str(xmltodict.parse(sealed)["xml"]["Encrypt"])


@dataclass
class Platform:
    """The platform's servers: posts pushes in one of the three modes, reads the replies as a client does.

    Encryption is wechatpy's, so that it is not our own codec that judges our codec.
    """

    mode: str
    http: httpx.AsyncClient

    def __post_init__(self) -> None:
        self.crypto = WeChatCrypto(TOKEN, AES_KEY, APP_ID)

    def query(self, **changes: str | None) -> dict[str, str]:
        timestamp, nonce = str(int(time.time())), secrets.token_hex(5)
        query: dict[str, str | None] = {
            "timestamp": timestamp,
            "nonce": nonce,
            **{name: value for name, value in changes.items() if name in ("timestamp", "nonce")},
        }
        query["signature"] = sign(TOKEN, str(query["timestamp"]), str(query["nonce"]))
        query.update(changes)
        return {name: value for name, value in query.items() if value is not None}

    def envelope(self, xml: str | bytes, **changes: str | None) -> tuple[dict[str, str], bytes]:
        """Query and body for a push."""
        query = self.query(**changes)
        if self.mode == "plain":
            return query, xml if isinstance(xml, bytes) else xml.encode()
        query["encrypt_type"] = "aes"
        clear = xml if isinstance(xml, str) else xml.decode("utf-8", "replace")
        sealed = xmltodict.parse(self.crypto.encrypt_message(xml, query["nonce"], query["timestamp"]))["xml"]
        query["msg_signature"] = sealed["MsgSignature"]
        query.update({name: value for name, value in changes.items() if value is not None})
        encrypted = f"<Encrypt><![CDATA[{sealed['Encrypt']}]]></Encrypt>"
        body = f"<xml><ToUserName><![CDATA[{ACCOUNT}]]></ToUserName>{encrypted}</xml>"
        if self.mode == "compatible":
            body = clear.replace("</xml>", f"{encrypted}</xml>")
        return query, body.encode()

    def signed(self, query: Mapping[str, str], encrypted: str) -> str:
        """The msg_signature over an encrypted message."""
        return sign(TOKEN, query["timestamp"], query["nonce"], encrypted)

    async def push(self, xml: str | bytes, **changes: str | None) -> httpx.Response:
        query, body = self.envelope(xml, **changes)
        return await self.http.post(f"/wechat?{urlencode(query)}", content=body)

    def read(self, response: httpx.Response) -> dict[str, Any] | None:
        """The reply that the user sees; None for none. Fails on what WeChat would call a fault."""
        assert response.status_code == 200, response.status_code
        if response.content in (b"", b"success"):
            return None
        answer = xmltodict.parse(response.content)["xml"]
        if self.mode != "plain":
            clear = self.crypto.decrypt_message(
                response.content, answer["MsgSignature"], answer["TimeStamp"], answer["Nonce"]
            )
            assert answer["TimeStamp"].isdigit()
            answer = xmltodict.parse(clear)["xml"]
        assert answer["CreateTime"].isdigit()
        assert answer["MsgType"] == "text"
        assert 0 < len(answer["Content"].encode()) <= 2048
        return dict(answer)

    async def say(self, xml: str | bytes) -> str | None:
        """What the user reads after a push."""
        reply = self.read(await self.push(xml))
        return None if reply is None else str(reply["Content"])
