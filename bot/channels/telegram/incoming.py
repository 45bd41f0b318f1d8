"""Wire → Message: what an update of the Bot API means to us."""

import re
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import Any

from telegram import Bot, CallbackQuery, Chat, ChatMember, Update, User
from telegram import Message as TelegramMessage

from bot.channels.telegram.address import Address
from bot.channels.telegram.splitting import clean
from storage.records import Attachment, ChatId, Message

ALLOWED_UPDATES = ("message", "callback_query", "my_chat_member")

# What parsing a foreign structure can raise: a field missing, of another type, out of range, nested too deep.
_UNPARSABLE = (LookupError, TypeError, ValueError, AttributeError, ArithmeticError, OSError, RecursionError)
_ESSENTIAL = (
    "message_id", "date", "chat", "from", "text", "caption", "photo", "document", "voice", "audio",
    "media_group_id", "message_thread_id", "is_topic_message",
)  # fmt: skip
_COMMAND = re.compile(r"/(?P<name>[A-Za-z0-9_]{1,32})(?:@(?P<bot>\w+))?(?:\s+(?P<argument>.*))?", re.DOTALL)
_ACTION = re.compile(r"[a-z][a-z0-9_-]{0,31}(:[\x20-\x7e]*)?")
_PAYLOAD = re.compile(r"[A-Za-z0-9_-]{1,58}")  # with "start:" it fits the 64 bytes of an action
_QUESTION_COMMANDS = frozenset({"status", "search", "faq"})  # `/status 2444…`: what follows is the question


@dataclass(frozen=True, slots=True)
class Incoming:
    """What is to be done about an update; all None where nothing is."""

    message: Message | None = None
    press: str | None = None  # id of a callback query: to be answered, whatever it holds
    gone: ChatId | None = None  # the user has blocked us


@dataclass(frozen=True, slots=True)
class Identity:
    """Who we are in Telegram."""

    id: int
    username: str


def read_update(raw: object, bot: Bot, me: Identity, commands: Collection[str]) -> Incoming | None:
    """What `raw`, one update as it came, asks for; None where nobody can tell.

    A message with an extra that the library does not understand (a reply to a new kind of poll) is read
    without its extras. `commands` are the names in our command menu.
    """
    if not isinstance(raw, Mapping):
        return None
    for candidate in (raw, _without_extras(raw)):
        try:
            if (update := Update.de_json(dict(candidate), bot)) is not None:
                return _meaning(update, me, commands)
        except _UNPARSABLE:
            continue
    query = raw.get("callback_query")
    press = query.get("id") if isinstance(query, Mapping) else None
    return Incoming(press=press) if isinstance(press, str) else None


def _without_extras(raw: Mapping[str, Any]) -> dict[str, Any]:
    message = raw.get("message")
    if not isinstance(message, Mapping):
        return dict(raw)
    essential = {name: message[name] for name in _ESSENTIAL if name in message}
    return {"update_id": raw.get("update_id"), "message": essential}


def _meaning(update: Update, me: Identity, commands: Collection[str]) -> Incoming:
    if update.message is not None:
        return Incoming(_from_message(update.message, me, commands))
    if update.callback_query is not None:
        return Incoming(_from_press(update.callback_query), press=update.callback_query.id)
    change = update.my_chat_member
    if change is not None and change.chat.type == Chat.PRIVATE:
        left = change.new_chat_member.status in (ChatMember.BANNED, ChatMember.LEFT)
        return Incoming(gone=Address(_number(change.chat.id)).chat_id if left else None)
    # Edits are left alone: the first version is answered, or being answered, already.
    return Incoming()


def _from_press(query: CallbackQuery) -> Message | None:
    """A button of ours was pressed."""
    if query.message is None or query.data is None:
        return None
    shown = query.message if isinstance(query.message, TelegramMessage) else None
    label = ""
    if shown is not None and shown.reply_markup is not None:
        keys = [key for row in shown.reply_markup.inline_keyboard for key in row]
        label = next((key.text for key in keys if key.callback_data == query.data), "")
    return Message(
        id=_text(f"press-{query.id}"),
        chat=_address(query.message.chat, query.from_user, shown).chat_id,
        text=_text(label),
        action=query.data if _ACTION.fullmatch(query.data) else None,
        language=_language(query.from_user),
    )


def _from_message(message: TelegramMessage, me: Identity, commands: Collection[str]) -> Message | None:
    """A message of a person to us; None for posts, service lines, and talk in a group that leaves us out."""
    sender = message.from_user
    if sender is None or message.chat.type not in (Chat.PRIVATE, Chat.GROUP, Chat.SUPERGROUP):
        return None
    if (
        sender.is_bot and message.sender_chat is None
    ):  # other bots; a group's anonymous admin has a sender_chat
        return None
    kind, attachments = _content(message)
    text = _text(message.text or message.caption or _place(message))
    if not (text or attachments or message.effective_attachment):
        return None
    command = _COMMAND.fullmatch(text) if message.text else None
    if message.chat.type != Chat.PRIVATE:
        if not _is_addressed(message, text, command, me, commands):
            return None
        text = _mention(me).sub("", text, count=1).strip() if command is None else text
    action, text = _command(command, text) if command else (None, text)
    if not (text or action or attachments or message.effective_attachment):
        action = "menu"  # our name and nothing else
    return Message(
        id=str(_number(message.message_id)),
        chat=_address(message.chat, sender, message).chat_id,
        text=text,
        action=action,
        attachments=attachments,
        kind=kind,
        language=_language(sender),
        album=_text(message.media_group_id) or None,
    )


def _is_addressed(
    message: TelegramMessage,
    text: str,
    command: re.Match[str] | None,
    me: Identity,
    commands: Collection[str],
) -> bool:
    """In a group we speak when spoken to: by command, by name, or in reply to us."""
    if command is not None:
        if command["bot"]:
            return command["bot"].lower() == me.username.lower()
        return command["name"].lower() in commands
    if _mention(me).search(text):
        return True
    entities = (*message.entities, *message.caption_entities)
    if any(each.user is not None and each.user.id == me.id for each in entities):  # named without a username
        return True
    replied = message.reply_to_message
    return (
        replied is not None
        and replied.from_user is not None
        and replied.from_user.id == me.id
        and replied.forum_topic_created is None  # every message of a topic "replies" to its first line
    )


def _mention(me: Identity) -> re.Pattern[str]:
    return re.compile(rf"(?<![A-Za-z0-9_.])@{re.escape(me.username)}(?![A-Za-z0-9_])", re.IGNORECASE)


def _command(command: re.Match[str], text: str) -> tuple[str | None, str]:
    """Action and text of a command (命令)."""
    name, argument = command["name"].lower(), (command["argument"] or "").strip()
    if argument and name in _QUESTION_COMMANDS:
        return None, argument
    if argument and name in ("start", "language") and _PAYLOAD.fullmatch(argument):
        return f"{name}:{argument}", text
    return (name if _ACTION.fullmatch(name) else None), text


def _content(message: TelegramMessage) -> tuple[str, tuple[Attachment, ...]]:
    """Kind and files of a message."""
    if message.photo:
        largest = max(message.photo, key=lambda size: (size.width * size.height, size.file_size or 0))
        return "photo", _files(largest, "photo", "image/jpeg")
    if sound := message.voice or message.audio:
        return "voice", _files(sound, "voice", "audio/ogg")
    if film := message.video or message.video_note or message.animation:
        return "other", _files(film, "video", "video/mp4")
    if message.document:
        return "file", _files(message.document, "file", "")
    if message.location or message.venue:
        return "location", ()
    if message.sticker:
        return "sticker", ()
    return ("text" if message.text else "other"), ()


def _files(wire: object, kind: str, usual_mime: str) -> tuple[Attachment, ...]:
    """One file of any of the library's types, which have these fields or lack them."""
    ref = getattr(wire, "file_id", None)
    if not isinstance(ref, str) or not ref:
        return ()
    size = getattr(wire, "file_size", None)
    name, mime = _text(getattr(wire, "file_name", None)), _text(getattr(wire, "mime_type", None))
    return (Attachment(clean(ref), name, mime or usual_mime, kind, size if isinstance(size, int) else None),)


def _number(value: object) -> int:
    """An identifier from the wire; raises TypeError for what is none."""
    if isinstance(value, int) and not isinstance(value, bool):
        return value
    raise TypeError("not an identifier")


def _text(value: object) -> str:
    """A text from the wire, fit to be stored; anything else is no text."""
    return clean(value) if isinstance(value, str) else ""


def _place(message: TelegramMessage) -> str:
    return message.venue.title if message.venue else ""


def _address(chat: Chat, sender: User, message: TelegramMessage | None) -> Address:
    topic = None
    if message is not None and (message.is_topic_message or chat.is_forum):
        # Outside forums the same field only numbers a thread of replies, and sending to it fails.
        topic = message.message_thread_id
    topic = None if topic is None else _number(topic)
    return Address(_number(chat.id), topic, _number(sender.id) if chat.id < 0 else None)


def _language(sender: User) -> str | None:
    """zh, ja or en; English for all others, as the likeliest they read; None where the client is silent."""
    code = (sender.language_code or "").lower()[:2]
    if not code:
        return None
    return code if code in ("zh", "ja") else "en"
