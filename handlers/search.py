"""Search (查询): by month, seller, amount, kind and state, in any mix; page by page."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import date
from typing import Any

from handlers import cards, sums, trades
from handlers.core import Button, Outcome, Reply, Services, Turn
from handlers.criteria import CRITERIA, criteria_of, described, has_criteria, remembered, wanted_of
from handlers.leftover import bare, leftover, names
from locales.catalog import BEIJING, Phrase
from locales.talk import words
from storage import pages, people
from storage.records import Employee, InvoiceRecord, Page

_NOBODY = "search.everyone"  # words that narrow nothing: the whole company, which one
_SHORTEST, _LONGEST = 2, 20  # characters of a colleague's name
PAGE = 5  # invoices a page: a phone screen
# "星巴克的发票", "invoices from Northwind", "ツバメの発票": what is named so is meant as a seller.
_OF_SELLER = (
    r"{0}(?:(?:开|开具)?的?(?:发票|發票|票)|の(?:発票|領収書|インボイス))|"
    r"(?:from|by|of) (?:the )?{0}\b|\b{0} (?:invoice|receipt)"
)


async def search(turn: Turn, services: Services) -> Outcome:
    """List what meets the criteria of the sentence, or ask for some."""
    if turn.viewer.employee_id is None:
        return cards.unbound(turn)
    slots = dict(turn.understanding.slots) if turn.understanding is not None else {}
    if turn.message.action is not None and not has_criteria(slots):
        return ask(turn, "search.ask")
    unused: tuple[str, ...] = ()
    if turn.message.action is None:
        slots, pieces = await completed(turn, services, slots)
        unused = tuple(piece for piece in pieces if _is_a_name(piece, turn.message.text))
    return await listed(turn, services, wanted_of(slots), 0, unused)


async def completed(
    turn: Turn, services: Services, slots: Mapping[str, Any]
) -> tuple[dict[str, Any], tuple[str, ...]]:
    """The slots with what the rest of the sentence names: a seller or a colleague; and what names neither."""
    said = dict(slots)
    if str(said.get("seller", "")).casefold() in words(_NOBODY):
        del said["seller"]  # 全公司: our own company sells nothing to itself
    if "seller" in said:
        return said, ()
    pieces = leftover(turn, services)
    seller = await seller_among(turn, services, names(pieces, services), said)
    if seller is not None:
        return {**said, "seller": seller}, ()
    unknown = []
    for piece in pieces:
        owner = await _owner(turn, services, piece) if turn.viewer.sees_all else None
        if owner is None:
            unknown.append(piece)
        else:
            said["owner"] = {"id": owner.id, "name": owner.name}
    small = words(_NOBODY)
    return said, tuple(piece for piece in unknown if piece.casefold() not in small)


async def _owner(turn: Turn, services: Services, name: str) -> Employee | None:
    """The one colleague that a name means; None where it means none, or several."""
    found = await services.store.read(people.named, name) if _SHORTEST <= len(name) <= _LONGEST else []
    return found[0] if len(found) == 1 else None


def _is_a_name(piece: str, text: str) -> bool:
    return re.search(_OF_SELLER.format(re.escape(piece)), text, re.IGNORECASE) is not None


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
    wanted = wanted_of(slots)
    page = await services.store.read(pages.page, turn.viewer, criteria_of(wanted, services), limit=2)
    if page.count == 1:
        return await cards.show(turn, services, page.invoices[0])
    return await listed(turn, services, wanted, 0)


async def find(turn: Turn, services: Services) -> Outcome:
    """Buttons `find:…`: a ready-made search, or the last one without one of its criteria."""
    if turn.viewer.employee_id is None:
        return cards.unbound(turn)
    today = _today(turn)
    match turn.argument:
        case "this_month":
            return await listed(turn, services, {"date": _period(today.replace(day=1), today)}, 0)
        case "last_month":
            last = date.fromordinal(today.replace(day=1).toordinal() - 1)
            return await listed(turn, services, {"date": _period(last.replace(day=1), last)}, 0)
        case "unreimbursed":
            return await listed(turn, services, {"status": "unreimbursed"}, 0)
        case "list":
            return await details(turn, services)
        case "habit" if isinstance(usual := turn.conversation.slots.get("habit"), dict):
            return await listed(turn, services, usual, 0)
    wanted = dict(remembered(turn))
    for name in ("amount_min", "amount_max") if turn.argument == "amount" else (turn.argument,):
        wanted.pop(name, None)
    return await listed(turn, services, wanted, 0)


async def details(turn: Turn, services: Services) -> Outcome:
    """The invoices behind the last figure, one by one."""
    plain = {name: value for name, value in remembered(turn).items() if name != "show"}
    return await listed(turn, services, plain, 0)


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
    return await listed(turn, services, merged(before, said), 0)


def merged(before: Mapping[str, Any], said: Mapping[str, Any]) -> dict[str, Any]:
    """The criteria of a search with others in their place: one amount for another, a trade for a seller."""
    wanted, new = dict(before), wanted_of(said)
    for one_of in (("amount_min", "amount_max"), ("seller", "category")):
        if set(one_of) & set(new):
            wanted = {name: value for name, value in wanted.items() if name not in one_of}
    return {**wanted, **new}


async def seller_among(
    turn: Turn, services: Services, named: Sequence[str], said: Mapping[str, Any]
) -> str | None:
    """The first of these words that stands in the name of a seller of one's own invoices, best within `said`."""
    for wanted in (wanted_of(said), {}) if has_criteria(said) else ({},):
        for name in named:
            criteria = criteria_of({**wanted, "seller": name}, services)
            if (await services.store.read(pages.page, turn.viewer, criteria, limit=1)).count:
                return name
    return None


async def criteria_given(turn: Turn, services: Services) -> Outcome | None:
    """Awaited `search`: anything to search by answers."""
    slots = turn.understanding.slots if turn.understanding is not None else {}
    if "invoice_number" in slots or not has_criteria(slots):
        return None
    return await listed(turn, services, wanted_of(dict(slots)), 0)


async def _turned(turn: Turn, services: Services, by: int) -> Outcome:
    if turn.viewer.employee_id is None:
        return cards.unbound(turn)
    if "search" not in turn.conversation.slots:
        return await search(turn, services)
    offset = int(turn.conversation.slots.get("offset", 0)) + by
    return await listed(turn, services, remembered(turn), max(0, offset))


async def listed(
    turn: Turn, services: Services, wanted: Mapping[str, Any], offset: int, unused: Sequence[str] = ()
) -> Outcome:
    """What is wanted: a page of it, or what it comes to (`show`); `unused` words named nothing that we know."""
    if wanted.get("status") == "issuing":
        return turn.say("search.issuing", Button("button.human", "human"))
    page = await _page(turn, services, wanted, offset)
    if not page.count and (named := _seller_alike(wanted, services)) is not None:
        alike = {**wanted, "seller": named}
        page = await _page(turn, services, alike, offset)
        wanted = alike if page.count else wanted  # what is not found is told in the user's own words
    if not page.count and (trade := _trade_meant(wanted, services)) is not None:
        wanted = {name: value for name, value in wanted.items() if name != "seller"} | {"category": trade}
        page = await _page(turn, services, wanted, offset)
    if page.count and not page.invoices:  # past the end
        paged = int(turn.conversation.slots.get("offset", 0)) > 0
        return turn.say("search.no_more", *((Button("button.previous", "search_prev"),) if paged else ()))
    if not page.count:
        return _nothing(turn, wanted, unused)
    turn = turn.remember(search=dict(wanted), offset=offset, shown=[record.id for record in page.invoices])
    if "show" in wanted:
        return await sums.summed(turn, services, wanted, page, unused)
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
        "from": str(offset + 1),
        "to": str(offset + len(page.invoices)),
    }
    head = "search.head" if page.count > len(page.invoices) else "search.head_all"
    lines = (*sums.before(page, unused), Phrase(head, values), *rows, *sums.counted(page.tally))
    return Outcome(turn.settled(), (Reply("search.page", {"lines": lines}, tuple(buttons)),))


async def _page(turn: Turn, services: Services, wanted: Mapping[str, Any], offset: int) -> Page:
    order: pages.Order = "largest" if wanted.get("order") == "largest" else "newest"
    looked_for = criteria_of(wanted, services)
    return await services.store.read(
        pages.page, turn.viewer, looked_for, offset=offset, limit=PAGE, order=order
    )


def _seller_alike(wanted: Mapping[str, Any], services: Services) -> str | None:
    """The known seller that a misspelt or shortened name may mean."""
    seller, known = wanted.get("seller"), services.understander.sellers
    if not isinstance(seller, str) or known is None:
        return None
    return next((name for name, _, _, _ in known.find(seller) if name != seller), None)


def _trade_meant(wanted: Mapping[str, Any], services: Services) -> str | None:
    """The trade that was taken for the name of a seller, because of the small words around it."""
    seller = wanted.get("seller")
    return trades.of_name(services.catalog, bare(seller)) if isinstance(seller, str) else None


def button(record: InvoiceRecord, place: int) -> Button:
    """The button that opens an invoice of a list; the list itself says the rest."""
    total = Phrase("verdict.unread") if record.total is None else record.total
    return Button("search.open", f"open:{record.id}", {"place": str(place), "total": total})


def _nothing(turn: Turn, wanted: Mapping[str, Any], unused: Sequence[str]) -> Outcome:
    """Say what was searched, and offer to leave one criterion out at a time."""
    asked = [name for name in CRITERIA if name in wanted]
    names = list(dict.fromkeys("amount" if name.startswith("amount") else name for name in asked))
    buttons = [Button(f"search.without_{name}", f"find:{name}") for name in names] if len(names) > 1 else []
    outcome = turn.remember(search=dict(wanted), offset=0, shown=None).say(
        "search.nothing", *buttons, Button("button.submit", "submit"), what=described(wanted)
    )
    return outcome if not unused else replace(outcome, replies=(sums.unused_reply(unused), *outcome.replies))


def _period(first: date, last: date) -> dict[str, str]:
    return {"from": first.isoformat(), "to": last.isoformat()}


def _today(turn: Turn) -> date:
    return turn.now.astimezone(BEIJING).date()
