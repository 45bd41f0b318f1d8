"""How messages stand in the rows of the transcript."""

from dataclasses import asdict, replace
from typing import Any

from storage.records import Attachment, ChatId, Choice, Message, OutboxItem, OutboxState, Outgoing


def item(row: Any) -> OutboxItem:
    """An outgoing row as a record."""
    return OutboxItem(
        row.id,
        row.key,
        outgoing(ChatId.parse(row.chat), row.body),
        OutboxState(row.state),
        row.attempts,
        row.fence,
        row.created_at,
    )


def outgoing(chat: ChatId, body: dict[str, Any]) -> Outgoing:
    """The message a row's body holds."""
    choices = tuple(Choice(**choice) for choice in body.get("choices", ()))
    rest = {name: value for name, value in body.items() if name != "choices"}
    return Outgoing(chat=chat, choices=choices, **rest)


def outgoing_body(outgoing: Outgoing) -> dict[str, Any]:
    body: dict[str, Any] = {"text": outgoing.text, "key": outgoing.key, "language": outgoing.language}
    if outgoing.choices:
        body["choices"] = [{"label": choice.label, "action": choice.action} for choice in outgoing.choices]
    if outgoing.file is not None:
        body["file"] = outgoing.file
        body["file_name"] = outgoing.file_name
    return body


def message_body(message: Message) -> dict[str, Any]:
    body: dict[str, Any] = {"id": message.id, "text": message.text}
    if message.kind != "text":
        body["kind"] = message.kind
    if message.attachments:
        body["attachments"] = [asdict(attachment) for attachment in message.attachments]
    for name in ("action", "language", "spoken", "album"):
        if value := getattr(message, name):
            body[name] = value
    return body


def message(row: Any) -> Message:
    body = dict(row.body)
    attachments = tuple(Attachment(**part) for part in body.pop("attachments", ()))
    return replace(Message(chat=ChatId.parse(row.chat), **body), attachments=attachments)
