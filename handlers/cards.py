"""How one invoice is shown: on one line of a list, and as a card with its three states and the next step."""

from dataclasses import replace
from typing import Any

from fapiao.kinds import Kind
from fapiao.status import BOOKED, BookingState, ReimbursementState, TaxState, UseState
from handlers.core import Button, Outcome, Reply, Services, Turn
from locales.catalog import Phrase
from storage import invoices, notices
from storage.invoices import Change
from storage.records import InvoiceRecord, StatusLine, Viewer

_KINDS, _USES = frozenset(Kind), frozenset(UseState)
_ORIGINS = frozenset({"import", "api", "demo", "chat", "tax"})
_TAX_STEPS = {
    TaxState.REVERSED: "next.reversed",
    TaxState.PARTLY_REVERSED: "next.partly_reversed",
    TaxState.VOIDED: "next.voided",
    TaxState.RED: "next.red",
    TaxState.ABNORMAL: "next.abnormal",
}


def kind_of(record: InvoiceRecord) -> Phrase:
    """The kind (票种) in words."""
    known = record.kind in _KINDS
    return Phrase(f"Kind.{record.kind}" if known else "kind.unknown")


def state_of(line: str, value: str) -> Phrase:
    """A state in words; `line` is tax, use or reimbursement."""
    match line:
        case "tax":
            return Phrase(f"TaxState.{TaxState(value).value}")
        case "reimbursement":
            return Phrase(f"ReimbursementState.{ReimbursementState(value).value}")
    return Phrase(f"UseState.{value}" if value in _USES else f"BookingState.{BookingState(value).value}")


def origin_of(source: str | None) -> Phrase:
    """Where a state comes from (来源)."""
    if source in _ORIGINS:
        return Phrase(f"origin.{source}")
    return Phrase("origin.other", {"name": source or "-"})


def _line(name: str, line: StatusLine) -> Phrase:
    if line.at is None:
        return Phrase(f"card.{name}_plain", {"state": state_of(name, line.value)})
    values = {"state": state_of(name, line.value), "at": line.at, "source": origin_of(line.source)}
    return Phrase(f"card.{name}", values)


def row(record: InvoiceRecord, place: int) -> Phrase:
    """One line of a list."""
    return Phrase(
        "search.row",
        {
            "place": str(place),
            "date": record.issue_date,
            "seller": record.seller_name or Phrase("card.no_seller"),
            "total": record.total,
            "state": state_of("reimbursement", record.reimbursement_state.value),
        },
    )


def card(record: InvoiceRecord) -> tuple[Any, ...]:
    """The lines of a card, to be joined."""
    lines: list[Any] = []
    if record.demo:
        lines.append(Phrase("card.demo"))
    lines.append(Phrase("card.head", {"kind": kind_of(record)}))
    number = {"number": record.number, "code": record.code}
    lines.append(Phrase("card.code_number" if record.code else "card.number", number))
    lines.append(
        Phrase(
            "card.seller",
            {
                "seller": record.seller_name or Phrase("card.no_seller"),
                "date": record.issue_date,
                "total": record.total,
            },
        )
    )
    lines.append(_line("tax", record.tax_state))
    lines.append(_line("use", record.use_state))
    lines.append(_line("reimbursement", record.reimbursement_state))
    lines.append(Phrase("card.next", {"step": next_step(record)}))
    return tuple(lines)


def next_step(record: InvoiceRecord) -> Phrase:
    """The one thing to do next (下一步): what the tax bureau says comes before the company's own process."""
    tax = TaxState(record.tax_state.value)
    if tax in _TAX_STEPS:
        return Phrase(_TAX_STEPS[tax])
    state = ReimbursementState(record.reimbursement_state.value)
    if state is ReimbursementState.DRAFT and record.document is not None:
        return Phrase("next.draft_filed")
    return Phrase(f"next.{state.value}")


def buttons(record: InvoiceRecord, viewer: Viewer, *, is_followed: bool) -> tuple[Button, ...]:
    """What the viewer can do with an invoice."""
    follow = (
        Button("button.unfollow", f"unfollow:{record.id}")
        if is_followed
        else Button("button.follow", f"follow:{record.id}")
    )
    filed = record.document is not None and record.owner_id == viewer.employee_id
    return (
        follow,
        *(
            (Button("filing.button.correct", f"amend:{record.id}"),)
            if filed and not _is_booked(record)
            else ()
        ),
        Button("button.missing", f"missing:{record.id}"),
        Button("button.duplicate", f"duplicate:{record.id}"),
        Button("button.more", "search"),
    )


def _is_booked(record: InvoiceRecord) -> bool:
    return record.reimbursement_state.value in BOOKED or record.use_state.value in BOOKED


def shown(turn: Turn, record: InvoiceRecord, *, is_followed: bool) -> Outcome:
    """The card as an answer; "it" is this invoice from now on."""
    reply = Reply(
        "status.card", {"lines": card(record)}, buttons(record, turn.viewer, is_followed=is_followed)
    )
    conversation = turn.settled(invoice=record.id, unknown_number=None, unknown_code=None)
    return Outcome(conversation, (reply,))


def several(turn: Turn, outcomes: list[Outcome]) -> Outcome:
    """More than one answer to one message, in order."""
    replies = tuple(reply for outcome in outcomes for reply in outcome.replies)
    return replace(outcomes[-1], replies=replies)


def change_lines(changes: list[Change]) -> tuple[Phrase, ...]:
    """What has changed, one line each; of several changes of one kind only where it ended."""
    last = {change.line: change for change in changes}
    first = {change.line: change for change in reversed(changes)}
    return tuple(
        Phrase(
            f"notice.{line}",
            {
                "old": state_of(line, first[line].old or change.new),
                "new": state_of(line, change.new),
                "at": change.at,
                "source": origin_of(change.source),
            },
        )
        for line, change in last.items()
    )


async def by_id(turn: Turn, services: Services, invoice_id: int) -> Outcome:
    """The card of one invoice; what is not ours is not there."""
    record = await services.store.read(invoices.by_id, turn.viewer, invoice_id)
    if record is None:
        return turn.remember(invoice=None).say("status.gone", Button("button.search", "search"))
    return await show(turn, services, record)


async def briefly(turn: Turn, services: Services, invoice_id: int) -> Outcome:
    """Where the money is, of an invoice whose card has just been shown: the rest is still to be read above."""
    record = await services.store.read(invoices.by_id, turn.viewer, invoice_id)
    if record is None:
        return await by_id(turn, services, invoice_id)
    followed = await services.store.ask(notices.followed, turn.message.chat)
    lines: list[Any] = [Phrase("card.demo")] if record.demo else []
    about = {
        "tail": record.number[-4:],
        "seller": record.seller_name or Phrase("card.no_seller"),
        "total": record.total,
    }
    lines.append(Phrase("status.brief_head", about))
    lines.append(_line("reimbursement", record.reimbursement_state))
    lines.append(Phrase("card.next", {"step": next_step(record)}))
    button, *_ = buttons(record, turn.viewer, is_followed=record.id in followed)
    return turn.say("status.brief", button, Button("button.open", f"open:{record.id}"), lines=tuple(lines))


async def show(turn: Turn, services: Services, record: InvoiceRecord) -> Outcome:
    """The card of an invoice that the viewer may see."""
    is_followed = record.followed
    if is_followed is None:
        is_followed = record.id in await services.store.ask(notices.followed, turn.message.chat)
    return shown(turn, record, is_followed=is_followed)


def unbound(turn: Turn) -> Outcome:
    """The chat is nobody's yet: no invoice is shown to it."""
    return turn.say(
        "status.unbound", Button("account.bind_button", "account:bind"), Button("button.faq", "faq")
    )
