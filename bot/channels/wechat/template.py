"""Template messages (模板消息): a notice in the fields of the template that the operator chose."""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from bot.channels.wechat import wording
from storage.records import Outgoing

DEFAULT_FIELDS = "thing1=summary,time2=time"
_BEIJING = ZoneInfo("Asia/Shanghai")
_FIELD = re.compile(r"[a-z_]+\d+")
_NUMBER = re.compile(r"(?<!\d)\d{8,20}(?!\d)")
# What each type of field takes at most, in characters; anything longer is refused as a whole (47003).
_LENGTHS = {"thing": 20, "character_string": 32, "phrase": 5, "short_thing": 5, "const": 20}


@dataclass(frozen=True, slots=True)
class Template:
    """One template of the account: its id, and which of our values goes into which field."""

    id: str
    fields: Mapping[str, str]
    link: str | None = None  # where a tap leads

    def payload(self, outgoing: Outgoing, message_id: str, now: datetime) -> dict[str, Any]:
        """The call that sends `outgoing`; the same `message_id` is delivered once."""
        lines = [line.strip() for line in wording.clean(outgoing.text).split("\n") if line.strip()]
        source = _Source(lines, now)
        payload: dict[str, Any] = {
            "touser": outgoing.chat.user,
            "template_id": self.id,
            "client_msg_id": message_id,
            "data": {
                name: {"value": _fit(name, _VALUES[value](source))} for name, value in self.fields.items()
            },
        }
        if self.link:
            payload["url"] = self.link
        return payload


@dataclass(frozen=True, slots=True)
class _Source:
    lines: list[str]
    now: datetime


_VALUES: Mapping[str, Callable[[_Source], str]] = {
    "summary": lambda source: source.lines[0] if source.lines else "",
    "detail": lambda source: " ".join(source.lines[1:]),
    "number": lambda source: _first_number(source.lines),
    "time": lambda source: f"{source.now.astimezone(_BEIJING):%Y-%m-%d %H:%M}",
    "date": lambda source: f"{source.now.astimezone(_BEIJING):%Y-%m-%d}",
}


def field_names(text: str) -> Mapping[str, str]:
    """The fields from a setting such as `thing1=summary,time2=time`; raises ValueError."""
    fields = dict(_pair(part) for part in text.split(",") if part.strip())
    if not fields:
        raise ValueError("wechat_template_fields needs at least one field")
    return fields


def _pair(part: str) -> tuple[str, str]:
    name, _, value = (word.strip() for word in part.partition("="))
    if not _FIELD.fullmatch(name) or value not in _VALUES:
        raise ValueError(
            f"wechat_template_fields: {part.strip()!r} must be a field of the template = one of {', '.join(_VALUES)}"
        )
    return name, value


def _first_number(lines: list[str]) -> str:
    found = _NUMBER.search("\n".join(lines))
    return found.group() if found else ""


def _fit(name: str, value: str) -> str:
    limit = _LENGTHS.get(name.rstrip("0123456789"), 32)
    if len(value) > limit:
        value = value[: limit - 1] + "…"
    return value or "-"  # an empty value is refused
