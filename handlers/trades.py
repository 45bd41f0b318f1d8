"""Trades (行业类别): meals, hotels, taxis …, as users sort their spending, told by kind and by the seller's name.

An invoice does not say what trade it is of. Some kinds do (火车票, 过路费); for all others the name of the seller
is looked at, and an answer that counts by trade says so.
"""

from collections.abc import Mapping
from functools import cache
from typing import TYPE_CHECKING

from fapiao.kinds import Kind
from locales.talk import talk

if TYPE_CHECKING:
    from locales.catalog import Catalog

# Kinds that are of one trade, whoever sold them. The names are those of the `category` slot.
KINDS: Mapping[str, tuple[Kind, ...]] = {
    "taxi": (Kind.TAXI,),
    "train": (Kind.RAIL_E, Kind.RAIL_PAPER),
    "flight": (Kind.AIR_E, Kind.AIR_PAPER),
    "toll": (Kind.VAT_E_TOLL, Kind.TOLL_PAPER),
    "transport": (Kind.BUS, Kind.SHIP),
}
_SHORTEST_FOREIGN = 5  # a shorter foreign word stands inside other ones by chance (inn, gas, shop)


def of_word(word: str) -> tuple[str, ...]:
    """All words of the trade that a word names, in any language; () for a word that names none."""
    said = word.casefold()
    return next((words for words in _all().values() if said in words), ())


def of_name(catalog: "Catalog", word: str) -> str | None:
    """The trade that is a category of its own and that a word names, or None."""
    said = word.casefold()
    found = (trade for trade, words in _all().items() if said in words)
    return next((trade for trade in found if catalog.has(f"search.category_{trade}")), None)


def names(trade: str) -> tuple[str, ...]:
    """What to look for in the names of sellers of a trade."""
    words = _all().get(trade, ())
    return tuple(word for word in words if not word.isascii() or len(word) >= _SHORTEST_FOREIGN)


@cache
def _all() -> dict[str, tuple[str, ...]]:
    return {trade: tuple(word.casefold() for word in said) for trade, said in talk().lists("trades").items()}
