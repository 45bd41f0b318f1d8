"""Lists of what users say (说法), as the language files keep them: words separated by |, all languages together."""

from functools import lru_cache
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from locales.catalog import Catalog


def says(catalog: "Catalog", key: str, text: str) -> bool:
    """Whether a sentence holds one of the words that stand under a key."""
    said = text.casefold()
    return any(word in said for word in words(catalog, key))


@lru_cache(maxsize=64)
def words(catalog: "Catalog", key: str) -> frozenset[str]:
    """The words that stand under a key."""
    lines = (catalog.text(key, language) for language in catalog.languages)
    return frozenset(word.strip().casefold() for line in lines for word in line.split("|")) - {""}
