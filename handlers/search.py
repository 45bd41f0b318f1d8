"""Search (查询): by month, seller, amount, kind and state, in any mix; page by page."""

from collections.abc import Mapping, Sequence
from datetime import date, timedelta
from decimal import Decimal
from typing import Any

from fapiao.kinds import Kind, user_kinds
from fapiao.status import ReimbursementState, TaxState
from handlers import cards
from handlers.core import Button, Outcome, Reply, Services, Turn
from handlers.leftover import leftover, names
from locales.catalog import BEIJING, Month, Phrase
from storage import pages
from storage.records import Criteria, InvoiceRecord

PAGE = 5  # invoices a page: a phone screen
CRITERIA = ("date", "amount_min", "amount_max", "seller", "kind", "status")
_R, _T = ReimbursementState, TaxState
_REIMBURSEMENT: Mapping[str, tuple[ReimbursementState, ...]] = {
    "unreimbursed": (_R.DRAFT, _R.WITHDRAWN, _R.REJECTED),
    "reimbursed": (_R.PAID, _R.BOOKED, _R.ARCHIVED),
    "reviewing": (_R.SUBMITTED, _R.CHECKING, _R.UNDER_REVIEW, _R.NEEDS_INFO),
    "rejected": (_R.REJECTED, _R.NEEDS_INFO),
}
OPEN = frozenset(state.value for state in _REIMBURSEMENT["unreimbursed"])  # the user's turn
_TAX: Mapping[str, tuple[TaxState, ...]] = {
    "voided": (_T.VOIDED,),
    "red": (_T.RED, _T.REVERSED, _T.PARTLY_REVERSED),
    "unverified": (_T.UNKNOWN, _T.NOT_FOUND),
    "abnormal": (_T.ABNORMAL,),
}


def has_criteria(slots: Mapping[str, Any]) -> bool:
    """Whether a sentence names anything to search by."""
    return any(name in slots for name in CRITERIA)


async def search(turn: Turn, services: Services) -> Outcome:
    """List what meets the criteria of the sentence, or ask for some."""
    if turn.viewer.employee_id is None:
        return cards.unbound(turn)
    slots = dict(turn.understanding.slots) if turn.understanding is not None else {}
    if turn.message.action is not None and not has_criteria(slots):
        return ask(turn, "search.ask")
    if turn.message.action is None and "seller" not in slots:
        named = names(leftover(turn, services), services)
        if (seller := await seller_among(turn, services, named, slots)) is not None:
            slots["seller"] = seller
    return await _listed(turn, services, _wanted(slots), 0)


def ask(turn: Turn, key: str) -> Outcome:
    """Ask what to search by."""
    return turn.ask(
        key,
        Button("search.this_month", "find:this_month"),
        Button("search.last_month", "find:last_month"),
        Button("search.unreimbursed", "find:unreimbursed"),
        Button("button.cancel", "cancel"),
        awaiting="search",
    )


async def one_or_list(turn: Turn, services: Services) -> Outcome:
    """The card where the criteria meet exactly one invoice, else the list."""
    slots = dict(turn.understanding.slots) if turn.understanding is not None else {}
    wanted = _wanted(slots)
    page = await services.store.read(pages.page, turn.viewer, criteria_of(wanted), limit=2)
    if page.count == 1:
        return await cards.show(turn, services, page.invoices[0])
    return await _listed(turn, services, wanted, 0)


async def find(turn: Turn, services: Services) -> Outcome:
    """Buttons `find:…`: a ready-made search, or the last one without one of its criteria."""
    if turn.viewer.employee_id is None:
        return cards.unbound(turn)
    today = _today(turn)
    match turn.argument:
        case "this_month":
            return await _listed(turn, services, {"date": _period(today.replace(day=1), today)}, 0)
        case "last_month":
            last = date.fromordinal(today.replace(day=1).toordinal() - 1)
            return await _listed(turn, services, {"date": _period(last.replace(day=1), last)}, 0)
        case "unreimbursed":
            return await _listed(turn, services, {"status": "unreimbursed"}, 0)
        case "habit" if isinstance(usual := turn.conversation.slots.get("habit"), dict):
            return await _listed(turn, services, usual, 0)
    wanted = dict(remembered(turn))
    for name in ("amount_min", "amount_max") if turn.argument == "amount" else (turn.argument,):
        wanted.pop(name, None)
    return await _listed(turn, services, wanted, 0)


async def next_page(turn: Turn, services: Services) -> Outcome:
    """Button `search_next`, or the word."""
    return await _turned(turn, services, PAGE)


async def previous_page(turn: Turn, services: Services) -> Outcome:
    """Button `search_prev`, or the word."""
    return await _turned(turn, services, -PAGE)


async def changed(
    turn: Turn, services: Services, before: Mapping[str, Any], said: Mapping[str, Any]
) -> Outcome:
    """A search with some of its criteria exchanged or added."""
    wanted = dict(before)
    if "amount_min" in said or "amount_max" in said:
        wanted.pop("amount_min", None)
        wanted.pop("amount_max", None)
    return await _listed(turn, services, {**wanted, **_wanted(said)}, 0)


async def seller_among(
    turn: Turn, services: Services, named: Sequence[str], said: Mapping[str, Any]
) -> str | None:
    """The first of these words that stands in the name of a seller of one's own invoices, best within `said`."""
    for wanted in (_wanted(said), {}) if has_criteria(said) else ({},):
        for name in named:
            criteria = criteria_of({**wanted, "seller": name})
            if (await services.store.read(pages.page, turn.viewer, criteria, limit=1)).count:
                return name
    return None


async def criteria_given(turn: Turn, services: Services) -> Outcome | None:
    """Awaited `search`: anything to search by answers."""
    slots = turn.understanding.slots if turn.understanding is not None else {}
    if "invoice_number" in slots or not has_criteria(slots):
        return None
    return await _listed(turn, services, _wanted(dict(slots)), 0)


async def _turned(turn: Turn, services: Services, by: int) -> Outcome:
    if turn.viewer.employee_id is None:
        return cards.unbound(turn)
    if "search" not in turn.conversation.slots:
        return await search(turn, services)
    offset = int(turn.conversation.slots.get("offset", 0)) + by
    return await _listed(turn, services, remembered(turn), max(0, offset))


async def _listed(turn: Turn, services: Services, wanted: Mapping[str, Any], offset: int) -> Outcome:
    if wanted.get("status") == "issuing":
        return turn.say("search.issuing", Button("button.human", "human"))
    page = await services.store.read(pages.page, turn.viewer, criteria_of(wanted), offset=offset, limit=PAGE)
    if not page.count and (named := _seller_alike(wanted, services)) is not None:
        alike = {**wanted, "seller": named}
        page = await services.store.read(
            pages.page, turn.viewer, criteria_of(alike), offset=offset, limit=PAGE
        )
        wanted = alike if page.count else wanted  # what is not found is told in the user's own words
    if page.count and not page.invoices:  # past the end
        paged = int(turn.conversation.slots.get("offset", 0)) > 0
        return turn.say("search.no_more", *((Button("button.previous", "search_prev"),) if paged else ()))
    if not page.count:
        return _nothing(turn, wanted)
    turn = turn.remember(search=dict(wanted), offset=offset, shown=[record.id for record in page.invoices])
    rows = tuple(cards.row(record, place) for place, record in enumerate(page.invoices, start=1))
    buttons = [button(record, place) for place, record in enumerate(page.invoices, start=1)]
    if offset:
        buttons.append(Button("button.previous", "search_prev"))
    if offset + len(page.invoices) < page.count:
        buttons.append(Button("button.next", "search_next"))
    values = {
        "what": described(wanted),
        "count": page.count,
        "sum": page.sum,
        "rows": rows,
        "from": str(offset + 1),
        "to": str(offset + len(page.invoices)),
    }
    head = "search.head" if page.count > len(page.invoices) else "search.head_all"
    lines: list[Any] = [Phrase(head, values), rows]
    if any(record.demo for record in page.invoices):
        lines.insert(0, Phrase("card.demo"))
    return Outcome(turn.settled(), (Reply("search.page", {"lines": tuple(lines)}, tuple(buttons)),))


def _seller_alike(wanted: Mapping[str, Any], services: Services) -> str | None:
    """The known seller that a misspelt or shortened name may mean."""
    seller, known = wanted.get("seller"), services.understander.sellers
    if not isinstance(seller, str) or known is None:
        return None
    return next((name for name, _, _, _ in known.find(seller) if name != seller), None)


def button(record: InvoiceRecord, place: int) -> Button:
    """The button that opens an invoice of a list; the list itself says the rest."""
    total = Phrase("verdict.unread") if record.total is None else record.total
    return Button("search.open", f"open:{record.id}", {"place": str(place), "total": total})


def _nothing(turn: Turn, wanted: Mapping[str, Any]) -> Outcome:
    """Say what was searched, and offer to leave one criterion out at a time."""
    names = list(dict.fromkeys("amount" if name.startswith("amount") else name for name in wanted))
    buttons = [Button(f"search.without_{name}", f"find:{name}") for name in names] if len(names) > 1 else []
    return turn.remember(search=dict(wanted), offset=0, shown=None).say(
        "search.nothing", *buttons, Button("button.submit", "submit"), what=described(wanted)
    )


def described(wanted: Mapping[str, Any]) -> tuple[Any, ...] | Phrase:
    """What was searched, in words, on one line."""
    parts: list[Phrase] = []
    if period := wanted.get("date"):
        first, last = date.fromisoformat(period["from"]), date.fromisoformat(period["to"])
        parts.append(_days(first, last))
    if seller := wanted.get("seller"):
        parts.append(Phrase("search.by_seller", {"seller": str(seller)}))
    least, most = wanted.get("amount_min"), wanted.get("amount_max")
    if least is not None or most is not None:
        parts.append(_amounts(least, most))
    parts += [Phrase(f"search.kind_{kind}") for kind in wanted.get("kind", ())]
    if status := wanted.get("status"):
        parts.append(Phrase(f"search.status_{status}"))
    if not parts:
        return Phrase("search.by_all")
    whole = parts[0]
    for part in parts[1:]:
        whole = Phrase("search.both", {"one": whole, "other": part})
    return whole


def _days(first: date, last: date) -> Phrase:
    if first == last:
        return Phrase("search.by_day", {"date": first})
    if first.day == 1 and last == _month_end(first):
        return Phrase("search.by_month", {"month": Month(first.year, first.month)})
    return Phrase("search.by_date", {"from": first, "to": last})


def _month_end(day: date) -> date:
    return (day.replace(day=28) + timedelta(days=4)).replace(day=1) - timedelta(days=1)


def _amounts(least: Any, most: Any) -> Phrase:
    if least == most:
        return Phrase("search.by_amount", {"amount": _yuan(least)})
    if most is None:
        return Phrase("search.by_least", {"amount": _yuan(least)})
    if least is None:
        return Phrase("search.by_most", {"amount": _yuan(most)})
    return Phrase("search.by_range", {"least": _yuan(least), "most": _yuan(most)})


def _wanted(slots: Mapping[str, Any]) -> dict[str, Any]:
    return {name: slots[name] for name in CRITERIA if name in slots}


def remembered(turn: Turn) -> Mapping[str, Any]:
    """The criteria of the last search; empty before the first."""
    wanted = turn.conversation.slots.get("search")
    return wanted if isinstance(wanted, dict) else {}


def criteria_of(wanted: Mapping[str, Any]) -> Criteria:
    """What the user wants, as the store searches it."""
    period = wanted.get("date") or {}
    status = wanted.get("status", "")
    least, most = wanted.get("amount_min"), wanted.get("amount_max")
    return Criteria(
        date_from=date.fromisoformat(period["from"]) if period else None,
        date_to=date.fromisoformat(period["to"]) if period else None,
        amount_min=None if least is None else _yuan(least),
        amount_max=None if most is None else _yuan(most),
        seller=wanted.get("seller"),
        kinds=_kinds(wanted.get("kind", ())),
        tax_states=tuple(state.value for state in _TAX.get(status, ())),
        reimbursement_states=tuple(state.value for state in _REIMBURSEMENT.get(status, ())),
    )


def _kinds(words: Any) -> tuple[str, ...]:
    """All kinds that answer to the user's words: to every one of them (数电专票), else to any (专票和普票)."""
    wanted = frozenset(words)
    if not wanted:
        return ()
    every = tuple(kind.value for kind in Kind if wanted <= user_kinds(kind))
    return every or tuple(kind.value for kind in Kind if wanted & user_kinds(kind)) or ("none",)


def _yuan(value: Any) -> Decimal:
    return Decimal(str(value)).quantize(Decimal("0.01"))


def _period(first: date, last: date) -> dict[str, str]:
    return {"from": first.isoformat(), "to": last.isoformat()}


def _today(turn: Turn) -> date:
    return turn.now.astimezone(BEIJING).date()
