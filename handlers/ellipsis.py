"""Short sentences that go on with what was said before (省略): a page, a place in the list, another month."""

import re
import unicodedata
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from handlers import cards, criteria, search, verdict
from handlers.core import Outcome, Services, Turn
from handlers.leftover import leftover, names
from locales.catalog import BEIJING

_NEXT = re.compile(
    r"下一?页|后一?页|下一批|翻页|往下|还有(?:吗|呢|没有?)?|继续|更多|next(?: page)?|(?:show )?more|"
    r"次(?:へ|のページ|ページ)?|もっと(?:見せて)?|続き",
    re.IGNORECASE,
)
_BACK = re.compile(
    r"上一?页|前一?页|往回|previous(?: page)?|prev|back|(?:go )?back|前(?:へ|のページ|ページ)|戻る",
    re.IGNORECASE,
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
# The same inside a sentence that says more: "第三个报销了没", "is the second one paid?", "2番目は本物?"
_PICKED = re.compile(
    r"第\s?([一二三四五1-5])\s?(?:张|个|条|份|笔)|([1-5])\s?(?:番目|つ目|枚目)|最后一?[张个]|最後の(?:発票|もの|1枚|一枚)|"
    r"\b(first|second|third|fourth|fifth|1st|2nd|3rd|4th|5th|last) (?:one|invoice|reminder)\b",
    re.IGNORECASE,
)
_OF_REMINDERS = re.compile(r"提醒|reminder|リマインダ", re.IGNORECASE)
# "那上个月的呢", "and the one from Didi?", "先月のは?", "不是8月,是9月"
_GOES_ON = re.compile(
    r"^(?:那么?|那就|还有|再看|换成|改成|改为|不是.{1,12}[,，]?\s*是|and\b|what about|how about|"
    r"(?:no, ?)?not .{1,20}[,]? (?:but )?|じゃあ|では|それと)|"
    r"(?:呢|のは|は)\s*[?？]?$|^.{1,12}(?:じゃなくて|ではなく)",
    re.IGNORECASE,
)
_INSTEAD = re.compile(
    r"^(?:不对[,，]?|错了[,，]?)?不是.{1,12}?[,，\s]\s*(?:而?是|要)|^(?:no,? )?not .{1,20}?(?:, ?| but | i (?:meant?|mean) )(?:but )?|"
    r"^(?:いえ、|いや、)?.{1,12}?(?:じゃなくて|ではなくて?)[、,]?",
    re.IGNORECASE,
)
_A_THING = re.compile(r"发票|發票|的票|発票|領収書|invoice|fapiao|receipt", re.IGNORECASE)
_TELLING = frozenset({"date", "amount_min", "amount_max", "seller"})  # a search also on their own
_LONGEST = 40


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
    if not isinstance(shown, list) or not shown or len(text) > _LONGEST or _OF_REMINDERS.search(text):
        return None
    place = place_in(text, len(shown))
    return None if place is None else int(shown[place])


def is_marked(text: str) -> bool:
    """Whether a sentence says that it goes on with what was said before (那…呢, what about …, じゃあ)."""
    return _GOES_ON.search(text) is not None


def place_in(text: str, count: int) -> int | None:
    """The place in a list of so many, from 0, that a sentence names; None if it names none that is there."""
    found = _PICKED.search(unicodedata.normalize("NFKC", text))
    return None if found is None else _place(found, count)


async def _in_list(turn: Turn, services: Services, text: str) -> Outcome | None:
    """A page of the list, or one that stands in it; also of the invoices that came in one message."""
    shown = turn.conversation.slots.get("shown") or turn.conversation.slots.get("filings")
    found = _PICK.fullmatch(text)
    if not isinstance(shown, list) or not shown:
        # A digit alone may be meant for the menu.
        return search.ask(turn, "search.no_list") if found is not None and not text.isdigit() else None
    if "shown" in turn.conversation.slots and _NEXT.fullmatch(text):
        return await search.next_page(turn, services)
    if "shown" in turn.conversation.slots and _BACK.fullmatch(text):
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
    instead = _INSTEAD.match(text)
    if instead is not None:
        meant = text[instead.end() :].strip()
        turn = replace(turn, message=replace(turn.message, text=meant))
        today = turn.now.astimezone(BEIJING).date()
        said = dict(services.understander.understand(meant, today=today).slots)
    pieces = leftover(turn, services)
    marked = instead is not None or is_marked(text)
    whole = not marked and _A_THING.search(text) is not None  # a wish of its own, not the rest of another
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
    said = next((group for group in found.groups() if group), "last").lower()
    place = int(said) if said.isdigit() else _PLACES[said]
    place = count if place == -1 else place
    return place - 1 if 1 <= place <= count else None
