"""Rules of the Bot API that the fake far end holds calls to, and the forms in which calls come."""

import json
import re
from email import message_from_bytes
from email.policy import HTTP
from typing import Any
from urllib.parse import parse_qsl


class ApiError(Exception):
    """What the Bot API answers instead of a result."""

    def __init__(self, status: int, description: str) -> None:
        super().__init__(description)
        self.status = status
        self.description = description


def read_form(content_type: str, body: bytes) -> tuple[dict[str, Any], dict[str, tuple[str, bytes]]]:
    """Fields and files of a form, url-encoded or in parts."""
    if not content_type.startswith("multipart/"):
        return dict(parse_qsl(body.decode(), keep_blank_values=True)), {}
    parts = message_from_bytes(b"Content-Type: " + content_type.encode() + b"\r\n\r\n" + body, policy=HTTP)
    fields: dict[str, Any] = {}
    files: dict[str, tuple[str, bytes]] = {}
    for part in parts.iter_parts():
        name = str(part.get_param("name", header="content-disposition"))
        content = part.get_payload(decode=True)
        assert isinstance(content, bytes)
        if (file_name := part.get_filename()) is not None:
            files[name] = (file_name, content)
        else:
            fields[name] = content.decode()
    return fields, files


def check_keyboard(markup: str | None) -> None:
    """Raise ApiError for buttons that the Bot API refuses."""
    if markup is None:
        return
    rows = json.loads(markup)["inline_keyboard"]
    if any(not 1 <= len(row) <= 8 for row in rows) or sum(map(len, rows)) > 100:
        raise ApiError(400, "Bad Request: reply markup is too long")
    for button in (button for row in rows for button in row):
        if not button["text"].strip():
            raise ApiError(400, "Bad Request: inline keyboard button text is empty")
        if not 1 <= len(button["callback_data"].encode()) <= 64:
            raise ApiError(400, "Bad Request: BUTTON_DATA_INVALID")


def check_markup(mode: str, text: str) -> None:
    """Markup must be balanced, and in MarkdownV2 every special character escaped."""
    if mode == "HTML":
        open_tags: list[str] = []
        for closing, tag in re.findall(r"<(/?)([A-Za-z][\w-]*)[^>]*>", text):
            if not closing:
                open_tags.append(tag)
            elif not open_tags or open_tags.pop() != tag:
                raise ApiError(400, "Bad Request: can't parse entities: unexpected end tag")
        if open_tags or re.search(r"<(?![/A-Za-z])", text):
            raise ApiError(400, "Bad Request: can't parse entities: unclosed start tag")
    elif any(len(re.findall(rf"(?<!\\){re.escape(mark)}", text)) % 2 for mark in "*_`"):
        raise ApiError(400, "Bad Request: can't parse entities: can't find end of the entity")
