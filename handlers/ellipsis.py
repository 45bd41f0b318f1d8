"""Short sentences that go on with what was said before (省略): a page, a place in the list, another month."""

import re
import unicodedata
from collections.abc import Mapping
from dataclasses import replace
from functools import cache
from typing import Any

from handlers import cards, criteria, search, verdict
from handlers.core import Outcome, Services, Turn
from handlers.leftover import leftover, names
from locales.catalog import BEIJING
from locales.talk import Talk, compiled, talk

_TELLING = frozenset({"date", "amount_min", "amount_max", "seller"})  # a search also on their own
_LONGEST = 40
_LAST = "-1"


class _Words:
    """The words of ellipses in all languages."""

    def __init__(self, said: Talk) -> None:
        self.next, self.back = said.pattern("ellipsis.next"), said.pattern("ellipsis.back")
        self.places = said.table("ellipsis.places")
        self.pick = compiled(rf"(?:{said.any_of('ellipsis.pick')}|([1-5]))[。.!！?？\s]*")
        # The same inside a sentence that says more: "第三个报销了没", "is the second one paid?", "2番目は本物?"
        self.picked = said.pattern("ellipsis.picked")
        self.of_reminders = said.pattern("ellipsis.of_reminders")
        # "那上个月的呢", "and the one from Didi?", "先月のは?", "不是8月,是9月"
        self.goes_on = said.pattern("ellipsis.goes_on")
        self.instead = said.pattern("ellipsis.instead")
        self.a_thing = said.pattern("ellipsis.a_thing")


@cache
def _words() -> _Words:
    return _Words(talk())


async def goes_on(turn: Turn, services: Services) -> Outcome | None:
    """The answer to a short sentence that goes on with the last list or search; None for any other."""
    text = unicodedata.normalize("NFKC", turn.message.text).strip()
    if len(text) > _LONGEST or turn.viewer.employee_id is None:
        return None
    slots = turn.understanding.slots if turn.understanding is not None else {}
    return await _in_list(turn, services, text) or await _in_search(turn, services, text, slots)


def with_pick(turn: Turn) -> Turn:
    """The turn, where its sentence names a place in the list shown last, with that invoice as the one spoken of."""
    picked = _picked(turn)
    return turn if picked is None else turn.remember(invoice=picked)


async def open_picked(turn: Turn, services: Services) -> Outcome | None:
    """The card of the invoice whose place in the list a sentence names; None where it names none."""
    picked = None if turn.viewer.employee_id is None else _picked(turn)
    return None if picked is None else await cards.by_id(turn, services, picked)


def _picked(turn: Turn) -> int | None:
    shown, text = turn.conversation.slots.get("shown"), turn.message.text
    if not isinstance(shown, list) or not shown or len(text) > _LONGEST or _words().of_reminders.search(text):
        return None
    place = place_in(text, len(shown))
    return None if place is None else int(shown[place])


def is_marked(text: str) -> bool:
    """Whether a sentence says that it goes on with what was said before (那…呢, what about …, じゃあ)."""
    return _words().goes_on.search(text) is not None


def place_in(text: str, count: int) -> int | None:
    """The place in a list of so many, from 0, that a sentence names; None if it names none that is there."""
    found = _words().picked.search(unicodedata.normalize("NFKC", text))
    return None if found is None else _place(found, count)


async def _in_list(turn: Turn, services: Services, text: str) -> Outcome | None:
    """A page of the list, or one that stands in it; also of the invoices that came in one message."""
    shown = turn.conversation.slots.get("shown") or turn.conversation.slots.get("filings")
    found = _words().pick.fullmatch(text)
    if not shown and "show" in criteria.remembered(turn):
        # A figure was told, and no list yet: which one it is can be said once it is seen.
        counted_on = found is not None or _words().next.fullmatch(text) is not None
        return await search.details(turn, services) if counted_on and not text.isdigit() else None
    if not isinstance(shown, list) or not shown:
        # A digit alone may be meant for the menu.
        return search.ask(turn, "search.no_list") if found is not None and not text.isdigit() else None
    if "shown" in turn.conversation.slots and _words().next.fullmatch(text):
        return await search.next_page(turn, services)
    if "shown" in turn.conversation.slots and _words().back.fullmatch(text):
        return await search.previous_page(turn, services)
    if found is None:
        return None
    if (place := _place(found, len(shown))) is None:
        return None if text.isdigit() else turn.say("search.no_such", count=len(shown))
    if "shown" in turn.conversation.slots:
        return await cards.by_id(turn, services, int(shown[place]))
    return await verdict.again(replace(turn, argument=str(shown[place])), services)


async def _in_search(turn: Turn, services: Services, text: str, slots: Mapping[str, Any]) -> Outcome | None:
    """Criteria on their own: they change the last search, or make a first one."""
    if "invoice_number" in slots:
        return None
    said, before = dict(slots), criteria.remembered(turn)
    instead = _words().instead.match(text)
    if instead is not None:
        meant = text[instead.end() :].strip()
        turn = replace(turn, message=replace(turn.message, text=meant))
        today = turn.now.astimezone(BEIJING).date()
        said = dict(services.understander.understand(meant, today=today).slots)
    pieces = leftover(turn, services)
    marked = instead is not None or is_marked(text)
    whole = (
        not marked and _words().a_thing.search(text) is not None
    )  # a wish of its own, not the rest of another
    if whole and turn.understanding is not None and turn.understanding.action == "answer":
        return None
    if pieces:
        # "那餐饮的": no criterion that is understood, but it may stand in the name of a seller.
        named = names(pieces, services) if marked or (whole and criteria.has_criteria(said)) else ()
        seller = await search.seller_among(turn, services, named, said)
        if seller is None:
            return None
        said["seller"] = seller
    if not criteria.has_criteria(said):
        return None
    if whole:
        return await search.changed(turn, services, {}, said)
    if not marked and not (before or _TELLING & set(said)):
        return None  # a word that may mean anything
    return await search.changed(turn, services, before, said)


def _place(found: re.Match[str], count: int) -> int | None:
    """The place in the list that was picked, from 0; None if it is not there."""
    said = next((group for group in found.groups() if group), "").lower()
    place = int(said if said.isdigit() else _words().places.get(said, _LAST))
    place = count if place == int(_LAST) else place
    return place - 1 if 1 <= place <= count else None
