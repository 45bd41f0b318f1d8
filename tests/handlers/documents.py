"""Hand-made readings: what a reader would say of files that nobody has to draw."""

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field, replace
from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Any

from fapiao.checks import check
from fapiao.invoice import Invoice
from fapiao.kinds import Kind
from fapiao.qr import crc_text, parse_qr
from handlers.core import AttachmentError, Outcome, Reply, Turn
from handlers.wording import render
from locales.strict_yaml import load
from nlu.document.reading import FIELDS, MONEY, Found, Reading, Refusal, Source
from storage.records import Attachment, ChatId, Message
from tests.handlers.conftest import Stage

LONGEST_BYTES = 1_900  # WeChat takes 2,048 of one text
_INVOICES: Mapping[str, Any] = load(Path(__file__).parent / "readings" / "invoices.yaml")


def found(name: str, **more: Any) -> Found:
    """An invoice of readings/invoices.yaml; keyword arguments change fields or parts of the finding."""
    entry = _INVOICES[name]
    fields = {key: _value(key, text) for key, text in entry["fields"].items()}
    parts = {
        key: more.pop(key)
        for key in ("others", "unsure", "confidence", "notes", "page", "member")
        if key in more
    }
    source = Source(more.pop("source", entry["source"]))
    invoice = Invoice(**{**fields, **more})
    qr = None
    if "qr" in entry:
        head = entry["qr"].replace("NUMBER", invoice.number or fields["number"])
        qr = f"{head},{crc_text(head)},"
    sources = {key: source for key in FIELDS if getattr(invoice, key) is not None}
    if qr is not None:
        sources |= dict.fromkeys(set(sources) & {"number", "issue_date", "total"}, Source.QR)
    checks = check(invoice, parse_qr(qr) if qr else None)
    return Found(invoice, sources, checks, parts.pop("confidence", 0.98), qr=qr, **parts)


def _value(name: str, text: str) -> Any:
    if name == "kind":
        return Kind(text)
    if name == "issue_date":
        return date.fromisoformat(text)
    return Decimal(text) if name in MONEY else text


def read(*invoices: Found, **more: Any) -> Reading:
    """A reading of one file."""
    return Reading(tuple(invoices), **more)


@dataclass
class ReaderDouble:
    """Says of each file, by its content, what it was told to."""

    readings: dict[bytes, Reading] = field(default_factory=dict)
    place: int = 0
    early: Reading | None = None  # what the QR code says; the rest waits for `slow`
    slow: asyncio.Event = field(default_factory=asyncio.Event)
    seen: list[tuple[bytes, str, str]] = field(default_factory=list)

    async def read(
        self,
        data: bytes,
        name: str,
        *,
        person: str,
        on_place: Callable[[int], Awaitable[None]] | None = None,
        on_found: Callable[[Reading], object] | None = None,
    ) -> Reading:
        self.seen.append((data, name, person))
        if self.place and on_place is not None:
            await on_place(self.place)
        if self.early is not None and on_found is not None:
            on_found(self.early)
            await self.slow.wait()
        return self.readings.get(data, Reading(refusal=Refusal.NOT_AN_INVOICE))


@dataclass
class Desk:
    """A stage where files are sent: fetched, kept and read by the double."""

    stage: Stage
    reader: ReaderDouble
    told: list[tuple[str, str]] = field(default_factory=list)  # (reply key, idempotency key)
    gone: dict[str, str] = field(default_factory=dict)  # file name → why it cannot be fetched
    last: Outcome | None = None

    async def fetch(self, message: Message, attachment: Attachment) -> bytes:
        if attachment.name in self.gone:
            raise AttachmentError(self.gone[attachment.name])
        return attachment.name.encode()

    async def tell(self, chat: ChatId, reply: Reply, language: str, key: str) -> bool:
        said = (reply.key, key) not in self.told
        if reply.key == "intake.early":
            self.reader.slow.set()
        self.told.append((reply.key, key))
        self.stage.services.catalog.text(reply.key, language, **reply.values)
        return said

    def message(self, *names: str, kind: str = "photo") -> Turn:
        """A message with files by these names; the content of each is its name."""
        turn = self.stage.turn()
        parts = tuple(Attachment(f"ref-{name}", name, "image/jpeg", kind) for name in names)
        return replace(turn, message=replace(turn.message, attachments=parts), understanding=None)

    def follow(self, outcome: Outcome) -> list[str]:
        """Go on with an outcome: every reply in every language, each short enough for every channel."""
        self.last = outcome
        keys = self.stage.follow(outcome)
        for language in self.stage.services.catalog.languages:
            for reply in outcome.replies:
                text = render(reply, self.stage.conversation.chat, language, self.stage.services.catalog).text
                assert len(text.encode()) <= LONGEST_BYTES, text
        return keys

    def text(self, language: str = "zh") -> str:
        """What was said last, in words."""
        assert self.last is not None
        catalog = self.stage.services.catalog
        chat = self.stage.conversation.chat
        return "\n".join(render(reply, chat, language, catalog).text for reply in self.last.replies)

    def buttons(self) -> list[str]:
        """The actions offered last."""
        assert self.last is not None
        return [button.action for reply in self.last.replies for button in reply.buttons]

    def button(self, name: str) -> str:
        """The one action offered last that begins so."""
        return next(action for action in self.buttons() if action.startswith(name))


def opened(stage: Stage) -> Desk:
    """The stage with a desk where files are read."""
    desk = Desk(stage, ReaderDouble())
    stage.services = replace(stage.services, reader=desk.reader, fetch=desk.fetch, tell=desk.tell)
    return desk
