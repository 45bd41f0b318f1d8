"""What a search looks for (查询条件): from the words of a user to the criteria of the store, and back to words."""

from collections.abc import Mapping
from datetime import date, timedelta
from decimal import Decimal
from typing import Any

from fapiao.kinds import Kind, user_kinds
from fapiao.status import ReimbursementState, TaxState
from handlers import trades
from handlers.core import Services, Turn
from locales.catalog import Month, Phrase
from storage.records import Criteria

CRITERIA = ("date", "amount_min", "amount_max", "seller", "category", "kind", "status", "owner")
_QUARTER, _YEAR = 3, 12  # months
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


def described(wanted: Mapping[str, Any]) -> Phrase:
    """What was searched, in words, on one line."""
    parts: list[Phrase] = []
    if period := wanted.get("date"):
        first, last = date.fromisoformat(period["from"]), date.fromisoformat(period["to"])
        parts.append(_days(first, last))
    if owner := wanted.get("owner"):
        parts.append(Phrase("search.by_owner", {"name": str(owner["name"])}))
    if seller := wanted.get("seller"):
        parts.append(Phrase("search.by_seller", {"seller": str(seller)}))
    least, most = wanted.get("amount_min"), wanted.get("amount_max")
    if least is not None or most is not None:
        parts.append(_amounts(least, most))
    if trade := wanted.get("category"):
        parts.append(Phrase(f"search.category_{trade}"))
    parts += [Phrase(f"search.kind_{kind}") for kind in wanted.get("kind", ())]
    if status := wanted.get("status"):
        parts.append(Phrase(f"search.status_{status}"))
    if wanted.get("order") == "largest":
        parts.append(Phrase("search.by_largest"))
    whole = parts[0] if parts else Phrase("search.by_all")
    for part in parts[1:]:
        whole = Phrase("search.both", {"one": whole, "other": part})
    return whole


def _days(first: date, last: date) -> Phrase:
    if first == last:
        return Phrase("search.by_day", {"date": first})
    if first.day == 1 and last == _month_end(first):
        return Phrase("search.by_month", {"month": Month(first.year, first.month)})
    months = last.month - first.month + 1
    if first.year == last.year and first.day == 1 and last == _month_end(last):
        if months == _YEAR:
            return Phrase("search.by_year", {"year": str(first.year)})
        if months == _QUARTER and last.month % _QUARTER == 0:
            quarter = str(last.month // _QUARTER)
            return Phrase("search.by_quarter", {"year": str(first.year), "quarter": quarter})
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


def wanted_of(slots: Mapping[str, Any]) -> dict[str, Any]:
    """What the slots of a sentence ask for."""
    wanted = {name: slots[name] for name in CRITERIA if name in slots}
    if "seller" in wanted:
        wanted.pop("category", None)  # it stands in the seller's name
    if wanted.get("kind") == [wanted.get("category")]:
        wanted.pop("kind")  # one word, said of the trade: a ride is no taxi receipt only
    return wanted


def remembered(turn: Turn) -> Mapping[str, Any]:
    """The criteria of the last search; empty before the first."""
    wanted = turn.conversation.slots.get("search")
    return wanted if isinstance(wanted, dict) else {}


def criteria_of(wanted: Mapping[str, Any], services: Services) -> Criteria:
    """What the user wants, as the store searches it."""
    trade = wanted.get("category", "")
    period = wanted.get("date") or {}
    status = wanted.get("status", "")
    least, most = wanted.get("amount_min"), wanted.get("amount_max")
    return Criteria(
        date_from=date.fromisoformat(period["from"]) if period else None,
        date_to=date.fromisoformat(period["to"]) if period else None,
        amount_min=None if least is None else _yuan(least),
        amount_max=None if most is None else _yuan(most),
        seller=wanted.get("seller"),
        owner_id=wanted["owner"]["id"] if "owner" in wanted else None,
        trade_kinds=tuple(kind.value for kind in trades.KINDS.get(trade, ())),
        trade_names=trades.names(trade),
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
