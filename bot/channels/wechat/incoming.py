"""What a push means to us: a message, a farewell, or nothing to answer."""

import hashlib
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from enum import Enum

from storage.records import Attachment, ChatId, Message

CHANNEL = "wechat"
_ACTION = re.compile(r"[a-z][a-z_]{0,31}(:[!-~]{1,48})?")
_NAME_CHARACTERS = 128  # of an openid (28 in practice) and of a message number
_SCENE = "qrscene_"


class Contact(Enum):
    """What the user did, as far as it allows us to write first."""

    MESSAGE = "message"
    PRESS = "press"  # a menu entry, following, or a code scanned
    NONE = "none"


@dataclass(frozen=True, slots=True)
class Push:
    """One push, understood."""

    user: str = ""  # openid
    account: str = ""  # our own name, the sender of replies
    message: Message | None = None
    gone: ChatId | None = None  # who has stopped following
    contact: Contact = Contact.NONE
    created: int | None = None  # seconds, by the platform's clock


def read_push(fields: Mapping[str, str]) -> Push:
    """The push in `fields`; what we do not serve, or without a sender, has neither message nor farewell."""
    user, account = fields.get("FromUserName", "").strip(), fields.get("ToUserName", "").strip()
    if not 1 <= len(user) <= _NAME_CHARACTERS or not 1 <= len(account) <= _NAME_CHARACTERS:
        return Push()
    chat = ChatId(CHANNEL, user)
    created = _number(fields.get("CreateTime", ""))
    kind = fields.get("MsgType", "").strip()
    if not kind:
        return Push(user, account, created=created)
    if kind == "event":
        return _event(fields, Push(user, account, created=created), chat)
    read = _MESSAGES.get(kind, _other)
    return Push(user, account, read(chat, _message_id(fields), fields), None, Contact.MESSAGE, created)


def _event(fields: Mapping[str, str], push: Push, chat: ChatId) -> Push:
    event = fields.get("Event", "").strip()
    key = fields.get("EventKey", "").strip()
    if event.lower() == "unsubscribe":
        return Push(push.user, push.account, gone=chat, created=push.created)
    id_ = _event_id(fields, event, key)
    message: Message
    match event.lower():
        case "subscribe":
            scene = key.removeprefix(_SCENE)
            message = Message(id_, chat, scene, action="start", kind="follow")
        case "scan":
            message = Message(id_, chat, key, action="start", kind="follow")
        case "click":
            message = _chosen(id_, chat, key, "")
        case "scancode_waitmsg":
            message = Message(id_, chat, fields.get("ScanCodeInfo/ScanResult", ""))
        case _:
            # Views, positions, results of sending, notices ticked, agents' sessions: nothing to say to them.
            # Pictures and places picked from a menu come again as messages of their own.
            return push
    return Push(push.user, push.account, message, None, Contact.PRESS, push.created)


def _text(chat: ChatId, id_: str, fields: Mapping[str, str]) -> Message:
    content = fields.get("Content", "")
    chosen = fields.get("bizmsgmenuid", "").strip()
    # On test accounts the click brings no id: then the label, which is the content, has to tell.
    return _chosen(id_, chat, chosen, content) if chosen else Message(id_, chat, content)


def _image(chat: ChatId, id_: str, fields: Mapping[str, str]) -> Message:
    # Never by PicUrl: anyone who can forge a push could make us fetch an address inside our network.
    return Message(id_, chat, attachments=_media(fields, "MediaId", "photo"), kind="photo")


def _voice(chat: ChatId, id_: str, fields: Mapping[str, str]) -> Message:
    if spoken := fields.get("Recognition", "").strip():
        return Message(id_, chat, spoken, spoken=True, kind="voice")
    return Message(id_, chat, attachments=_media(fields, "MediaId", "voice"), kind="voice")


def _location(chat: ChatId, id_: str, _fields: Mapping[str, str]) -> Message:
    return Message(id_, chat, kind="location")


def _other(chat: ChatId, id_: str, _fields: Mapping[str, str]) -> Message:
    return Message(id_, chat, kind="other")


_MESSAGES: Mapping[str, Callable[[ChatId, str, Mapping[str, str]], Message]] = {
    "text": _text,
    "image": _image,
    "voice": _voice,
    "location": _location,
}


def _chosen(id_: str, chat: ChatId, chosen: str, label: str) -> Message:
    """A button or menu entry: of ours, it names an action; of another maker, it stands as text."""
    if _ACTION.fullmatch(chosen):
        return Message(id_, chat, label, action=chosen)
    return Message(id_, chat, label or chosen)


def _media(fields: Mapping[str, str], name: str, kind: str) -> tuple[Attachment, ...]:
    media = fields.get(name, "").strip()
    if not media:
        return ()
    mime = "audio/amr" if kind == "voice" and fields.get("Format", "amr").lower() == "amr" else ""
    return (Attachment(media, mime=mime, kind=kind),)


def _message_id(fields: Mapping[str, str]) -> str:
    number = fields.get("MsgId", "").strip()
    if 1 <= len(number) <= _NAME_CHARACTERS:
        return number
    return "made:" + _digest(
        *(fields.get(name, "") for name in ("CreateTime", "MsgType", "MsgId", "Content", "MediaId"))
    )


def _event_id(fields: Mapping[str, str], event: str, key: str) -> str:
    """Events have no number; a place and a farewell can share a second, so the event counts too."""
    scanned = fields.get("ScanCodeInfo/ScanResult", "")
    return "event:" + _digest(fields.get("CreateTime", "").strip(), event, key, scanned)


def _digest(*parts: str) -> str:
    return hashlib.blake2b("\0".join(parts).encode(), digest_size=16).hexdigest()


def _number(text: str) -> int | None:
    text = text.strip()
    return int(text) if text.isascii() and text.isdigit() and len(text) <= 12 else None
