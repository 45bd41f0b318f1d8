"""Questions for a figure (多少钱): what it all comes to, by seller, by month, or which is the largest."""

import re
import unicodedata
from collections.abc import Sequence
from dataclasses import replace
from functools import cache

from handlers import cards, ellipsis, search
from handlers.core import Outcome, Services, Turn
from handlers.criteria import has_criteria, remembered, wanted_of
from locales.talk import words

_LONGEST = 80
_MAY_ASK = frozenset({"invoice.search", "invoice.status", "out_of_scope"})
_SURE = 0.4


async def asked(turn: Turn, services: Services) -> Outcome | None:
    """The answer to a question for a figure, of what it names or of the last search; None for anything else."""
    text, understanding = unicodedata.normalize("NFKC", turn.message.text).strip(), turn.understanding
    if (
        len(text) > _LONGEST
        or understanding is None
        or {"invoice_number", "email"} & set(understanding.slots)
    ):
        return None
    asking = _words()
    split = next((by for by in ("month", "seller") if asking[f"by_{by}"].search(text)), None)
    largest = asking["largest"].search(text) is not None
    if split is None and not largest and asking["sum"].search(text) is None:
        return None
    rest = text
    for pattern in asking.values():
        rest = pattern.sub(" ", rest)
    sure = understanding.intent == "invoice.search" and understanding.confidence >= _SURE
    if turn.viewer.employee_id is None:
        return cards.unbound(turn) if sure else None
    turn = replace(turn, message=replace(turn.message, text=rest))
    said, pieces = await search.completed(turn, services, understanding.slots)
    if split is None and not (sure or _may_be(turn, said, pieces)):
        return None
    wanted = wanted_of(said)
    if not wanted or ellipsis.is_marked(text):
        wanted = search.merged(remembered(turn), said)
    wanted.pop("order", None)
    if largest and split is None:
        wanted.pop("show", None)
        wanted["order"] = "largest"
    else:
        wanted["show"] = split or "seller"
    return await search.listed(turn, services, wanted, 0, pieces)


async def split(turn: Turn, services: Services) -> Outcome:
    """Button `sums:seller` or `sums:month`: what the last search comes to, split so."""
    if turn.viewer.employee_id is None:
        return cards.unbound(turn)
    wanted = {**remembered(turn), "show": "month" if turn.argument == "month" else "seller"}
    return await search.listed(turn, services, wanted, 0)


def _may_be(turn: Turn, said: dict[str, object], pieces: Sequence[str]) -> bool:
    """Whether words of a figure ask for one of invoices, though the sentence as a whole may mean something else."""
    understanding = turn.understanding
    if understanding is None or (understanding.action == "answer" and understanding.intent not in _MAY_ASK):
        return False
    return has_criteria(said) or (not pieces and bool(remembered(turn)))


@cache
def _words() -> dict[str, re.Pattern[str]]:
    """What users say, of all languages together; the longest first, so that nothing of it is left."""
    found = {}
    for name in ("by_month", "by_seller", "largest", "sum"):
        ordered = sorted(words(f"figures.{name}"), key=lambda word: (-len(word), word))
        each = (rf"\b{re.escape(word)}\b" if word.isascii() else re.escape(word) for word in ordered)
        found[name] = re.compile("|".join(each), re.IGNORECASE)
    return found
