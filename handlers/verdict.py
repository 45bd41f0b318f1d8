"""From an invoice that was read to the reply about it (识别结论): what it says, what agrees, the next step."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any

from fapiao.checks import Check
from fapiao.invoice import Invoice
from handlers import doubts, drafts, findings
from handlers.core import Button, Outcome, Services, Turn
from handlers.doubts import Question
from handlers.drafts import Draft
from locales.catalog import Phrase
from storage import documents, invoices

SURE, LIKELY = 0.95, 0.8  # confidence in words
LONGEST_NAME = 40  # characters of a party's name
_PICTURE_FAULTS = ("blurred", "glare", "cropped", "too_small")


class Known(StrEnum):
    """What the company knows of an invoice, as far as the asking person may hear it."""

    NEW = "new"
    MINE = "mine"  # filed by the same person
    UNCLAIMED = "unclaimed"  # on record, and nobody has filed it
    TAKEN = "taken"  # somebody else's: said without a name
    UNBOUND = "unbound"  # the chat belongs to nobody yet: nothing is told
    UNTELLABLE = "untellable"  # its number or code is missing


@dataclass(frozen=True, slots=True)
class Verdict:
    """All that is known of a draft."""

    draft: Draft
    invoice: Invoice
    checks: dict[str, Check]
    known: Known
    known_id: int | None
    filed_at: datetime | None
    question: Question | None

    @property
    def failed(self) -> list[str]:
        """Checks that speak against it."""
        return findings.failed(self.checks)

    @property
    def ready(self) -> bool:
        """True if it can be filed without another look."""
        free = self.known in (Known.NEW, Known.UNCLAIMED, Known.UNBOUND)
        return self.draft.is_open and free and self.question is None and not self.failed


async def judge(turn: Turn, services: Services, draft: Draft) -> Verdict:
    """The verdict on a draft as it stands."""
    checks = findings.checks_of(turn, services, draft)
    known, invoice_id, filed_at = await _known(turn, services, draft.invoice)
    asked = doubts.question(draft, checks)
    return Verdict(draft, draft.invoice, checks, known, invoice_id, filed_at, asked)


async def _known(
    turn: Turn, services: Services, invoice: Invoice
) -> tuple[Known, int | None, datetime | None]:
    mine = turn.viewer.employee_id
    if mine is None:
        return Known.UNBOUND, None, None
    identity = drafts.identity(invoice)
    if identity is None:
        return Known.UNTELLABLE, None, None
    held = await services.store.read(invoices.holder, *identity)
    if held is None:
        return Known.NEW, None, None
    invoice_id, owner_id = held
    if owner_id is not None and owner_id != mine:
        return Known.TAKEN, None, None
    filed_at = None
    if owner_id == mine:
        filed_at = await services.store.read(documents.filed_on, invoice_id)
    return (Known.MINE if filed_at else Known.UNCLAIMED), invoice_id, filed_at


def show(turn: Turn, services: Services, verdict: Verdict, *first: Phrase) -> Outcome:
    """The whole verdict in one message with its next step; `first` are lines put before it."""
    lines = (*first, *_lines(turn, services, verdict))
    buttons = _buttons(verdict)
    asked = verdict.question if _asks(verdict) else None
    turn = turn.remember(
        filing=verdict.draft.id,
        correcting=None if asked is None else asked.field,
        correct_text=None,
    )
    if asked is None:
        return turn.say("verdict.show", *buttons, lines=lines)
    return turn.ask("verdict.show", *buttons, awaiting="correct_value", lines=lines)


def _asks(verdict: Verdict) -> bool:
    return verdict.question is not None and verdict.known is not Known.TAKEN and verdict.draft.is_open


def _lines(turn: Turn, services: Services, verdict: Verdict) -> list[Phrase]:
    invoice, draft = verdict.invoice, verdict.draft
    lines = [_head(verdict), _kind(verdict), *_identity(verdict), *_parties(verdict), _money(verdict)]
    agreeing = findings.agreeing(verdict.checks)
    lines += [] if agreeing is None else [agreeing]
    lines += findings.disagreeing(services, draft, verdict.checks)
    if invoice.is_red:
        blue = invoice.blue_number
        lines.append(Phrase("verdict.red_of", {"number": blue}) if blue else Phrase("verdict.red"))
    ended = findings.ticket_rule(turn, invoice)
    lines += [] if ended is None else [ended]
    if verdict.draft.is_open and verdict.known is not Known.UNTELLABLE:
        lines.append(Phrase(f"verdict.known.{verdict.known}", {"date": verdict.filed_at}))
    original = findings.original_wanted(turn, draft)
    lines += [] if original is None else [original]
    lines += [Phrase(f"verdict.picture.{fault}") for fault in _PICTURE_FAULTS if fault in draft.read.notes][
        :1
    ]
    return [*lines, _next(verdict)]


def _head(verdict: Verdict) -> Phrase:
    return Phrase(f"verdict.head.{confidence(verdict)}")


def confidence(verdict: Verdict) -> str:
    """How sure the reading is, as a word: high, medium or low."""
    doubtful = verdict.question is not None or any(
        name != "buyer_is_ours" and name != "date" for name in verdict.failed
    )
    value = verdict.draft.read.confidence
    if doubtful or value < LIKELY:
        return "low"
    return "high" if value >= SURE or verdict.draft.corrections else "medium"


def _kind(verdict: Verdict) -> Phrase:
    kind = verdict.invoice.kind
    named: Any = Phrase("kind.unknown") if kind is None else kind
    return Phrase("verdict.kind", {"kind": named, "source": _source(verdict, "kind")})


def _identity(verdict: Verdict) -> list[Phrase]:
    invoice = verdict.invoice
    lines = [_field(verdict, "number", invoice.digital_number or invoice.number)]
    if "code" in drafts.needed(invoice) or invoice.code:
        lines.append(_field(verdict, "code", invoice.code))
    if "issue_date" in drafts.needed(invoice) or invoice.issue_date:
        lines.append(_field(verdict, "issue_date", invoice.issue_date))
    return lines


def _parties(verdict: Verdict) -> list[Phrase]:
    lines = []
    for side in ("seller", "buyer"):
        name: str | None = getattr(verdict.invoice, f"{side}_name")
        tax_id: str | None = getattr(verdict.invoice, f"{side}_tax_id")
        if name is None and tax_id is None:
            continue
        shown = " ".join(part for part in (short(name or ""), tax_id) if part)
        field = f"{side}_name" if name is not None else f"{side}_tax_id"
        values = {"field": Phrase(f"verdict.{side}"), "value": shown, "source": _source(verdict, field)}
        lines.append(Phrase("verdict.field", values))
    return lines


def short(name: str, longest: int = LONGEST_NAME) -> str:
    """A name that fits a line."""
    return name if len(name) <= longest else name[: longest - 1] + "…"


def _money(verdict: Verdict) -> Phrase:
    invoice = verdict.invoice
    if invoice.amount is None or invoice.tax is None or invoice.total is None or invoice.air is not None:
        return _field(verdict, "total", invoice.total)
    values = {"amount": invoice.amount, "tax": invoice.tax, "total": invoice.total}
    return Phrase("verdict.money", {**values, "source": _source(verdict, "total")})


def _field(verdict: Verdict, name: str, value: Any) -> Phrase:
    field = Phrase(f"Field.{name}")
    if value is None:
        return Phrase("verdict.missing", {"field": field})
    return Phrase("verdict.field", {"field": field, "value": value, "source": _source(verdict, name)})


def _source(verdict: Verdict, name: str) -> Any:
    """Where a value comes from, as a short mark."""
    if name in verdict.draft.corrections:
        return Phrase("verdict.from", {"source": Phrase("Source.user")})
    source = verdict.draft.read.sources.get(name)
    return "" if source is None else Phrase("verdict.from", {"source": source})


def _next(verdict: Verdict) -> Phrase:
    """The one next step."""
    if not verdict.draft.is_open:
        return Phrase(f"verdict.next.{verdict.draft.state}")
    if verdict.known in (Known.TAKEN, Known.MINE):
        return Phrase(f"verdict.next.{verdict.known}")
    if verdict.question is not None:
        return Phrase("verdict.next.question", {"question": verdict.question.phrase()})
    if "buyer_is_ours" in verdict.failed:
        return Phrase("verdict.next.buyer")
    return Phrase("verdict.next.check" if verdict.failed else "verdict.next.file")


def _buttons(verdict: Verdict) -> tuple[Button, ...]:
    id_ = verdict.draft.id
    drop = Button("filing.button.drop", f"drop:{id_}")
    if not verdict.draft.is_open or verdict.known is Known.MINE:
        held = verdict.draft.invoice_id or verdict.known_id
        status = () if held is None else (Button("choice.invoice.status", f"status:{held}"),)
        if verdict.draft.is_open:
            return (*status, drop)
        filed = verdict.draft.state == "filed"
        return (*status, Button("filing.button.correct", f"correct:{id_}")) if filed else status
    if verdict.known is Known.TAKEN:
        return (Button("button.human", "human"), Button("filing.button.correct", f"correct:{id_}"), drop)
    correct = Button("filing.button.correct", f"correct:{id_}")
    if verdict.question is not None:
        return (*verdict.question.buttons(verdict.draft), correct, drop)
    file = Button("filing.button.file", f"file:{id_}")
    if "buyer_is_ours" in verdict.failed:
        return (Button("faq.wrong.title", "faq:wrong"), file, correct, drop)
    return (file, correct, drop)


def brief(verdict: Verdict, place: int) -> Phrase:
    """A verdict among several: two lines."""
    invoice = verdict.invoice
    number = invoice.digital_number or invoice.number
    values = {
        "place": str(place),
        "kind": Phrase("kind.unknown") if invoice.kind is None else invoice.kind,
        "number": number or Phrase("verdict.unread"),
        "date": invoice.issue_date or Phrase("verdict.unread"),
        "total": Phrase("verdict.unread") if invoice.total is None else invoice.total,
        "seller": short(invoice.seller_name or "", 20),
        "state": state(verdict),
    }
    return Phrase("verdict.brief" if invoice.seller_name else "verdict.brief_no_seller", values)


def state(verdict: Verdict) -> Phrase:
    """Where a draft stands, in a few words."""
    if not verdict.draft.is_open:
        return Phrase(f"verdict.state.{verdict.draft.state}")
    if verdict.known in (Known.MINE, Known.TAKEN):
        return Phrase(f"verdict.state.{verdict.known}")
    if verdict.question is not None:
        return Phrase("verdict.state.question", {"field": Phrase(f"Field.{verdict.question.field}")})
    if "buyer_is_ours" in verdict.failed:
        return Phrase("verdict.state.buyer")
    return Phrase("verdict.state.check" if verdict.failed else "verdict.state.ready")


async def judge_all(turn: Turn, services: Services, several: Sequence[Draft]) -> list[Verdict]:
    """The verdicts on drafts of one message, in their order."""
    return [await judge(turn, services, draft) for draft in several]


async def again(turn: Turn, services: Services) -> Outcome:
    """One of several verdicts in full (`verdict:<id>`)."""
    draft = await drafts.load(turn, services, turn.argument)
    if draft is None:
        return turn.say("filing.gone", Button("button.menu", "help"))
    return show(turn, services, await judge(turn, services, draft))
