"""Messages that we start: customer-service ones (客服消息), and template messages for notices (模板消息)."""

import hashlib
import mimetypes
import time
from collections import OrderedDict
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Protocol

import structlog

from bot.channels.wechat import faults, template, wording
from bot.channels.wechat.api import Api
from bot.channels.wechat.faults import ApiError, delivery_error
from bot.channels.wechat.window import Windows
from handlers.core import DeliveryError, InDoubtError, NeedsContactError, RetryLaterError, UndeliverableError
from storage.records import Outgoing

NOTICES = ("notice.", "reminder.")  # reply keys that no message of the user has caused
_RECHECK = 6 * 3600.0  # seconds after which a right that was missing is tried again
_REPEATABLE_SECONDS = 480.0  # the platform remembers a client_msg_id for about ten minutes
_MEMORY = 5_000  # messages whose progress is remembered
_IMAGE_BYTES = 10 * 1024 * 1024
_IMAGES = frozenset({"image/jpeg", "image/png", "image/gif", "image/bmp"})

_log = structlog.get_logger()

ReadDocument = Callable[[str], Awaitable[bytes | None]]


class Words(Protocol):
    """What this channel needs of locales.catalog.Catalog."""

    def text(self, key: str, language: str, /, **values: Any) -> str: ...


class Rights:
    """What the account may do, learnt from its refusals (接口权限)."""

    def __init__(self) -> None:
        self._missing: dict[str, float] = {}
        self._proven: set[str] = set()

    def has(self, right: str) -> bool:
        """Whether there is hope."""
        return time.monotonic() >= self._missing.get(right, 0.0)

    def prove(self, right: str) -> None:
        """The platform has done it."""
        self._proven.add(right)
        self._missing.pop(right, None)

    def doubt(self, right: str) -> None:
        """A call beside it was refused: it counts as missing unless it has worked before."""
        if right not in self._proven:
            self.miss(right, 48001)

    def miss(self, right: str, code: int) -> None:
        """The platform has refused it."""
        if self.has(right):
            _log.error("wechat.right_missing", right=right, errcode=code)
        self._proven.discard(right)
        self._missing[right] = time.monotonic() + _RECHECK


@dataclass(slots=True)
class _Progress:
    """How far the delivery of one message has come; it may take several calls and several tries."""

    parts: int = 0
    template_tried: float | None = None


class Sender:
    """Delivers one message, in as few calls as fit; raises DeliveryErrors."""

    def __init__(
        self,
        api: Api,
        windows: Windows,
        catalog: Words,
        notice: template.Template | None,
        read_document: ReadDocument,
        now: Callable[[], datetime],
    ) -> None:
        self._api = api
        self._windows = windows
        self._catalog = catalog
        self._notice = notice
        self._read_document = read_document
        self._now = now
        self._progress: OrderedDict[str, _Progress] = OrderedDict()
        self.rights = Rights()

    async def send(self, outgoing: Outgoing, key: str) -> None:
        """Deliver `outgoing`; parts that went out in an earlier try are not sent again."""
        progress = self._progress.setdefault(key, _Progress())
        while len(self._progress) > _MEMORY:
            self._progress.popitem(last=False)
        user = outgoing.chat.user
        if not progress.parts and await self._by_template(outgoing, key, progress):
            self._progress.pop(key, None)
            return
        if not self.rights.has("custom"):
            raise NeedsContactError("48001")
        if self._windows.is_open(user) is False:
            raise NeedsContactError("window")
        image = await self._image(outgoing)
        for number, payload in enumerate(self._payloads(outgoing, image)):
            if number >= progress.parts:
                await self._deliver(user, payload, outgoing, is_first=number == 0)
                progress.parts = number + 1
        self._progress.pop(key, None)

    async def show_typing(self, user: str) -> None:
        """Show that an answer is in work (正在输入); no matter if it fails."""
        if not (self.rights.has("custom") and self.rights.has("typing")):
            return
        try:
            await self._api.call(
                "/cgi-bin/message/custom/typing", {"touser": user, "command": "Typing"}, repeatable=True
            )
        except ApiError as error:
            if error.code in faults.NO_RIGHT:
                # Typing belongs to the customer-service interface: without one there is not the other.
                self.rights.miss("typing", error.code)
                self.rights.doubt("custom")
        except DeliveryError:
            pass

    async def _by_template(self, outgoing: Outgoing, key: str, progress: _Progress) -> bool:
        """Whether a notice went as template message, which needs no window, only the right."""
        if self._notice is None or not outgoing.key.startswith(NOTICES) or not self.rights.has("template"):
            return False
        user = outgoing.chat.user
        if progress.template_tried is None and self.rights.has("custom") and self._windows.is_open(user):
            return False
        if progress.template_tried is None:
            progress.template_tried = time.monotonic()
        elif time.monotonic() - progress.template_tried > _REPEATABLE_SECONDS:
            raise InDoubtError("template message, too long ago to repeat")
        payload = self._notice.payload(outgoing, _short(key), self._now())
        try:
            await self._api.call("/cgi-bin/message/template/send", payload, repeatable=True)
        except ApiError as error:
            progress.template_tried = None
            if error.code in faults.NO_RIGHT or error.code in (40037, 47003):
                # No right, no such template, or fields that do not fit it: an operator has to look.
                self.rights.miss("template", error.code)
                return False
            if error.code in {*faults.USER_GONE, faults.USER_LIMITED, faults.BUSY}:
                raise delivery_error(error.code) from error
            _log.error("wechat.template_refused", errcode=error.code)
            return False
        return True

    def _payloads(self, outgoing: Outgoing, image: str | None) -> list[dict[str, Any]]:
        text = outgoing.text
        if outgoing.file and image is None:
            note = self._catalog.text("channel.file_elsewhere", outgoing.language)
            text = f"{text}\n\n{note}".strip()
        if outgoing.choices and self.rights.has("msgmenu"):
            payloads = self._with_menu(outgoing, text)
        else:
            payloads = [_text(part) for part in wording.with_links(text, outgoing.choices)]
        if image is not None:
            payloads.append({"msgtype": "image", "image": {"media_id": image}})
        return payloads

    def _with_menu(self, outgoing: Outgoing, text: str) -> list[dict[str, Any]]:
        *before, head = wording.parts(text) or [""]
        entries = [
            {"id": choice.action, "content": wording.clean(choice.label)} for choice in outgoing.choices
        ]
        menu = {"head_content": head, "list": entries, "tail_content": ""}
        return [*(_text(part) for part in before), {"msgtype": "msgmenu", "msgmenu": menu}]

    async def _deliver(
        self, user: str, payload: dict[str, Any], outgoing: Outgoing, *, is_first: bool
    ) -> None:
        try:
            await self._custom(user, payload)
        except ApiError as error:
            if payload["msgtype"] == "msgmenu" and error.code in (*faults.NO_RIGHT, *faults.OUR_CONTENT):
                await self._without_menu(user, payload, outgoing, error.code)
            elif error.code == faults.CONTENT_REFUSED and payload["msgtype"] != "image":
                await self._replaced(user, outgoing)
            elif payload["msgtype"] == "image" and not is_first:
                # The words are out; the picture alone is not worth saying them twice.
                _log.warning("wechat.image_refused", errcode=error.code)
            else:
                self._note_refusal(user, error.code)
                raise delivery_error(error.code) from error

    async def _without_menu(self, user: str, payload: dict[str, Any], outgoing: Outgoing, code: int) -> None:
        """The same as text with links, for accounts without msgmenu (40200)."""
        if code in faults.NO_RIGHT:
            self.rights.miss("msgmenu", code)
        head = payload["msgmenu"]["head_content"]
        try:
            for part in wording.with_links(head, outgoing.choices):
                await self._custom(user, _text(part))
        except ApiError as error:
            self._note_refusal(user, error.code)
            raise delivery_error(error.code) from error

    async def _replaced(self, user: str, outgoing: Outgoing) -> None:
        """Say that the answer was held back by the platform's content check (内容安全)."""
        _log.error("wechat.content_refused", errcode=faults.CONTENT_REFUSED, key=outgoing.key)
        try:
            await self._custom(user, _text(self._catalog.text("channel.content_refused", outgoing.language)))
        except ApiError as error:
            raise UndeliverableError(str(error)) from error

    async def _custom(self, user: str, payload: dict[str, Any]) -> None:
        await self._api.call("/cgi-bin/message/custom/send", {"touser": user, **payload})
        self.rights.prove("custom")
        self._windows.spend(user)

    def _note_refusal(self, user: str, code: int) -> None:
        if code in faults.NO_RIGHT:
            self.rights.miss("custom", code)
        if code in faults.WINDOW_CLOSED:
            self._windows.close(user)

    async def _image(self, outgoing: Outgoing) -> str | None:
        """The media_id of the file to send along, if it is a picture; WeChat takes no other files."""
        mime = mimetypes.guess_type(outgoing.file_name or "")[0]
        if outgoing.file is None or mime not in _IMAGES:
            return None
        content = await self._read_document(outgoing.file)
        if not content or len(content) > _IMAGE_BYTES:
            return None
        name = "image" + (mimetypes.guess_extension(mime) or ".png")  # others than ASCII are refused (41005)
        try:
            return await self._api.upload_image(name, content)
        except ApiError as error:
            _log.warning("wechat.upload_refused", errcode=error.code)
            if error.code == faults.BUSY:
                raise RetryLaterError(None, str(error)) from error
            return None


def _text(text: str) -> dict[str, Any]:
    return {"msgtype": "text", "text": {"content": text}}


def _short(key: str) -> str:
    """The client_msg_id: our key in 32 characters."""
    return hashlib.blake2b(key.encode(), digest_size=16).hexdigest()
