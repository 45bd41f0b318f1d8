"""Search (查询): by month, seller, amount, kind and state, in any mix; page by page."""

import re
import unicodedata
from collections.abc import Mapping
from datetime import date
from decimal import Decimal
from typing import Any

from fapiao.kinds import Kind, user_kinds
from fapiao.status import ReimbursementState, TaxState
from handlers import cards
from handlers.core import Button, Outcome, Reply, Services, Turn
from locales.catalog import BEIJING, Phrase
from storage import invoices
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
_NEXT = re.compile(
    r"下一?页|后一?页|下一批|还有(?:吗|呢)?|继续|更多|next(?: page)?|more|次(?:へ|のページ|ページ)?|もっと|続き",
    re.IGNORECASE,
)
_BACK = re.compile(
    r"上一?页|前一?页|previous(?: page)?|prev|back|前(?:へ|のページ|ページ)|戻る", re.IGNORECASE
)
_PLACES = {
    "一": 1, "二": 2, "三": 3, "四": 4, "五": 5, "first": 1, "second": 2, "third": 3, "fourth": 4, "fifth": 5,
    "1st": 1, "2nd": 2, "3rd": 3, "4th": 4, "5th": 5, "last": -1,
}  # fmt: skip
_PICK = re.compile(
    r"(?:(?:看看?|打开|查|要|就|是)?第\s?([一二三四五1-5])\s?(?:张|个|条|份|笔|番目)?(?:的|吧|呢|怎么样)?|([1-5])\s?(?:番目|つ目|枚目)(?:の(?:発票|もの)?)?|"
    r"最后(?:一)?(?:张|个)|最後の|(?:the |show (?:me )?(?:the )?|open (?:the )?)?(first|second|third|fourth|fifth|1st|2nd|3rd|4th|5th|last)(?: one)?|"
    r"([1-5]))[。.!！?？\s]*",
    re.IGNORECASE,
)
# "那上个月的呢", "and the one from Didi?", "先月のは?", "不是8月,是9月"
_GOES_ON = re.compile(
    r"^(?:那么?|那就|还有|再看|换成|改成|改为|不是.{1,12}[,，]?\s*是|and\b|what about|how about|not .{1,20}[,]? (?:but )?|じゃあ|では|それと)|"
    r"(?:呢|のは|は)\s*[?？]?$|^.{1,12}(?:じゃなくて|ではなく)",
    re.IGNORECASE,
)
_INSTEAD = re.compile(
    r"^不是.{1,12}?[,，\s]\s*是|^not .{1,20}?,? (?:but |i (?:meant?|mean) )|^.{1,12}?(?:じゃなくて|ではなくて?)[、,]?",
    re.IGNORECASE,
)
_LONGEST_ELLIPSIS = 40


def has_criteria(slots: Mapping[str, Any]) -> bool:
    """Whether a sentence names anything to search by."""
    return any(name in slots for name in CRITERIA)


async def search(turn: Turn, services: Services) -> Outcome:
    """List what meets the criteria of the sentence, or ask for some."""
    if turn.viewer.employee_id is None:
        return cards.unbound(turn)
    slots = dict(turn.understanding.slots) if turn.understanding is not None else {}
    if turn.message.action is not None and not has_criteria(slots):
        return turn.ask(
            "search.ask",
            Button("search.this_month", "find:this_month"),
            Button("search.last_month", "find:last_month"),
            Button("search.unreimbursed", "find:unreimbursed"),
            Button("button.cancel", "cancel"),
            awaiting="search",
        )
    return await _listed(turn, services, _wanted(slots), 0)


async def one_or_list(turn: Turn, services: Services) -> Outcome:
    """The card where the criteria meet exactly one invoice, else the list."""
    slots = dict(turn.understanding.slots) if turn.understanding is not None else {}
    wanted = _wanted(slots)
    page = await services.store.read(invoices.search, turn.viewer, criteria_of(wanted), limit=2)
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
    wanted = dict(_remembered(turn))
    for name in ("amount_min", "amount_max") if turn.argument == "amount" else (turn.argument,):
        wanted.pop(name, None)
    return await _listed(turn, services, wanted, 0)


async def next_page(turn: Turn, services: Services) -> Outcome:
    """Button `search_next`, or the word."""
    return await _turned(turn, services, PAGE)


async def previous_page(turn: Turn, services: Services) -> Outcome:
    """Button `search_prev`, or the word."""
    return await _turned(turn, services, -PAGE)


async def criteria_given(turn: Turn, services: Services) -> Outcome | None:
    """Awaited `search`: anything to search by answers."""
    slots = turn.understanding.slots if turn.understanding is not None else {}
    if "invoice_number" in slots or not has_criteria(slots):
        return None
    return await _listed(turn, services, _wanted(dict(slots)), 0)


async def goes_on(turn: Turn, services: Services) -> Outcome | None:
    """A short sentence that goes on with the last search: a page, a place in the list, another month."""
    text = unicodedata.normalize("NFKC", turn.message.text).strip()
    if len(text) > _LONGEST_ELLIPSIS or turn.viewer.employee_id is None:
        return None
    shown = turn.conversation.slots.get("shown")
    if isinstance(shown, list) and shown:
        if _NEXT.fullmatch(text):
            return await next_page(turn, services)
        if _BACK.fullmatch(text):
            return await previous_page(turn, services)
        place = _place(text, len(shown))
        if place is not None and not (
            text.isdigit() and turn.conversation.awaiting is None and len(shown) < int(text)
        ):
            return await cards.by_id(turn, services, int(shown[place]))
    slots = turn.understanding.slots if turn.understanding is not None else {}
    before = _remembered(turn)
    if not before or "invoice_number" in slots or not _GOES_ON.search(text):
        return None
    said = dict(slots)
    if (instead := _INSTEAD.match(text)) is not None:
        said = dict(services.understander.understand(text[instead.end() :], today=_today(turn)).slots)
    if not has_criteria(said):
        return None
    wanted = dict(before)
    if "amount_min" in said or "amount_max" in said:
        wanted.pop("amount_min", None)
        wanted.pop("amount_max", None)
    return await _listed(turn, services, {**wanted, **_wanted(said)}, 0)


async def _turned(turn: Turn, services: Services, by: int) -> Outcome:
    if turn.viewer.employee_id is None:
        return cards.unbound(turn)
    if "search" not in turn.conversation.slots:
        return await search(turn, services)
    offset = int(turn.conversation.slots.get("offset", 0)) + by
    return await _listed(turn, services, _remembered(turn), max(0, offset))


async def _listed(turn: Turn, services: Services, wanted: Mapping[str, Any], offset: int) -> Outcome:
    if wanted.get("status") == "issuing":
        return turn.say("search.issuing", Button("button.human", "human"))
    page = await services.store.read(
        invoices.search, turn.viewer, criteria_of(wanted), offset=offset, limit=PAGE
    )
    if not page.count and (named := _seller_alike(wanted, services)) is not None:
        alike = {**wanted, "seller": named}
        page = await services.store.read(
            invoices.search, turn.viewer, criteria_of(alike), offset=offset, limit=PAGE
        )
        wanted = alike if page.count else wanted  # what is not found is told in the user's own words
    if page.count and not page.invoices:  # past the end
        return turn.say("search.no_more", Button("button.previous", "search_prev"))
    if not page.count:
        return _nothing(turn, wanted)
    turn = turn.remember(search=dict(wanted), offset=offset, shown=[record.id for record in page.invoices])
    rows = tuple(cards.row(record, place) for place, record in enumerate(page.invoices, start=1))
    buttons = [_button(record, place) for place, record in enumerate(page.invoices, start=1)]
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
    lines: list[Any] = [Phrase("search.head", values), rows]
    if any(record.demo for record in page.invoices):
        lines.insert(0, Phrase("card.demo"))
    return Outcome(turn.settled(), (Reply("search.page", {"lines": tuple(lines)}, tuple(buttons)),))


def _seller_alike(wanted: Mapping[str, Any], services: Services) -> str | None:
    """The known seller that a misspelt or shortened name may mean."""
    seller, known = wanted.get("seller"), services.understander.sellers
    if not isinstance(seller, str) or known is None:
        return None
    return next((name for name, _, _, _ in known.find(seller) if name != seller), None)


def _button(record: InvoiceRecord, place: int) -> Button:
    values = {
        "place": str(place),
        "seller": (record.seller_name or record.number)[:10],
        "total": record.total,
    }
    return Button("search.open", f"open:{record.id}", values)


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
        parts.append(
            Phrase("search.by_day", {"date": first})
            if first == last
            else Phrase("search.by_date", {"from": first, "to": last})
        )
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


def _remembered(turn: Turn) -> Mapping[str, Any]:
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


def _place(text: str, count: int) -> int | None:
    """The place in the list that a sentence picks, from 0; None if it picks none that is there."""
    found = _PICK.fullmatch(text)
    if found is None:
        return None
    said = next((group for group in found.groups() if group), "last").lower()
    place = int(said) if said.isdigit() else _PLACES[said]
    place = count if place == -1 else place
    return place - 1 if 1 <= place <= count else None
