"""Text as WeChat shows it: 2,048 bytes a message, buttons as links, nothing else as markup."""

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace

from storage.records import Choice, Outgoing

TEXT_BYTES = 2048
_GAP = "\n\n"

# The client turns <a …> into a link and swallows what looks like other tags, and knows no escape for it.
_TAG_START = re.compile(r"<(?=[A-Za-z/!?])")
_CONTROL = re.compile(r"[\x00-\x08\x0b-\x1f\x7f\ud800-\udfff\ufffe\uffff]")
_LINK_SPECIAL = re.compile(r"[\x00-\x20\"'<>&#%?+=\\]")

_BORDERS = (
    re.compile(r"\n\s*\n"),
    re.compile(r"\n"),
    re.compile(r"[。！？!?；;…][”』」）)]*|\.\s"),
    re.compile(r"[，、,：:]|\s"),
)


@dataclass(frozen=True, slots=True)
class Layout:
    """What goes into one passive reply, and what is left for later messages."""

    text: str
    rest: tuple[Outgoing, ...] = ()


def size(text: str) -> int:
    """Length in bytes of UTF-8."""
    return len(text.encode())


def clean(text: str) -> str:
    """Text that is shown as it stands: no tags, no control characters."""
    return _CONTROL.sub("", _TAG_START.sub("＜", text.replace("\r\n", "\n").replace("\r", "\n"))).strip()


def link(choice: Choice) -> str:
    """A button (选项) as a link that sends its label back, with its action as the menu id."""
    label = clean(choice.label).replace("\n", " ").replace("<", "＜").replace(">", "＞")
    content = _LINK_SPECIAL.sub(_percent, label)
    action = _LINK_SPECIAL.sub(_percent, choice.action)
    return f'<a href="weixin://bizmsgmenu?msgmenucontent={content}&msgmenuid={action}">{label}</a>'


def _percent(found: re.Match[str]) -> str:
    return f"%{ord(found.group()):02X}"


def links(choices: Sequence[Choice], limit: int = TEXT_BYTES) -> str:
    """The buttons, one a line; those that do not fit are left out, the last first."""
    lines: list[str] = []
    left = limit
    for choice in choices:
        line = link(choice)
        left -= size(line) + 1
        if left < -1:
            break
        lines.append(line)
    return "\n".join(lines)


def parts(text: str, limit: int = TEXT_BYTES) -> list[str]:
    """Clean text in as few parts of at most `limit` bytes as sentences allow; none is blank."""
    found = []
    rest = clean(text)
    while rest:
        head, rest = cut(rest, limit)
        found.append(head)
    return found


def cut(text: str, limit: int = TEXT_BYTES) -> tuple[str, str]:
    """The beginning of clean text that fits, up to the best border in its second half; and the rest."""
    if size(text) <= limit:
        return text, ""
    head = text.encode()[:limit].decode("utf-8", "ignore")
    for border in _BORDERS:
        ends = [found.end() for found in border.finditer(head, len(head) // 2)]
        if ends:
            head = head[: ends[-1]]
            break
    return head.rstrip(), text[len(head) :].lstrip()


def with_links(text: str, choices: Sequence[Choice]) -> list[str]:
    """Text with its buttons, in as few messages as fit."""
    pieces = parts(text)
    buttons = links(choices)
    if not buttons:
        return pieces
    if pieces and size(pieces[-1]) + len(_GAP) + size(buttons) <= TEXT_BYTES:
        return [*pieces[:-1], pieces[-1] + _GAP + buttons]
    return [*pieces, buttons]


def passive(answers: Sequence[Outgoing], more: str, limit: int = TEXT_BYTES) -> Layout:
    """The first message of `answers`, and the rest merged into as few as possible.

    `more` is added where something is left: how the user gets at it.
    """
    blocks: list[str] = []
    room = limit
    for place, outgoing in enumerate(answers):
        block = _GAP.join(filter(None, (clean(outgoing.text), links(outgoing.choices))))
        if size(block) > room:
            return _overflow(blocks, answers[place:], more, limit)
        if block:
            blocks.append(block)
            room -= size(block) + len(_GAP)
    return Layout(_GAP.join(blocks))


def _overflow(blocks: list[str], left: Sequence[Outgoing], more: str, limit: int) -> Layout:
    note = _GAP + clean(more) if more else ""
    if blocks:
        text = _GAP.join(blocks)
        return Layout(text + note if size(text + note) <= limit else text, (_merged(left),))
    head, rest = cut(clean(left[0].text), limit - size(note))
    first = replace(left[0], text=rest)
    return Layout(head + note, (_merged([first, *left[1:]]),))


def _merged(answers: Sequence[Outgoing]) -> Outgoing:
    choices = {choice.action: choice for outgoing in answers for choice in outgoing.choices}
    text = _GAP.join(outgoing.text for outgoing in answers if outgoing.text)
    return replace(answers[0], text=text, choices=tuple(choices.values()))
