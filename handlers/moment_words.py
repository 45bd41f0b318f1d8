"""How times to come are said (将来的时间): the rules of the talk files, with fields, as expressions."""

import re
from collections.abc import Iterator, Mapping
from functools import cache

from locales.strict_yaml import LocaleError
from locales.talk import FILE, Talk, compiled, talk

# In the order in which their words are taken out of a sentence.
RULES = (
    "half_hour", "after", "month_end", "weekly", "monthly", "daily", "day_after_tomorrow", "tomorrow", "next_month_end",
    "this_month_end", "date", "month_date", "weekday", "today", "clock", "tonight",
)  # fmt: skip
_FIELDS = {
    "y": r"20\d\d",
    "m": r"1[0-2]|0?[1-9]",
    "d": r"3[01]|[12]\d|0?[1-9]",
    "minute": r"\d{1,2}",
}
_TABLES = {"weekday": "weekdays", "month": "months", "unit": "units", "part": "parts"}
_FIELD = re.compile(r"\{[a-z]+\}")


class MomentWords:
    """Finds what names a time, by the words of all languages."""

    def __init__(self, said: Talk) -> None:
        self._numbers = said.table("moments.numbers")
        self._tables = {name: said.table(f"moments.{place}") for name, place in _TABLES.items()}
        self._rules: dict[str, list[re.Pattern[str]]] = {
            rule: [each for own in said.each() for each in _compiled(own, rule)] for rule in RULES
        }

    def search(self, rule: str, text: str) -> re.Match[str] | None:
        """The first place in a text that a rule reads, or None."""
        found = [match for pattern in self._rules[rule] if (match := pattern.search(text)) is not None]
        return min(found, key=re.Match.start, default=None)

    def number(self, said: str | None, default: int = 1) -> int:
        """The number of a count or a day."""
        if not said:
            return default
        return int(said) if said.isdigit() else int(self._numbers.get(said, default))

    def value(self, field: str, found: re.Match[str]) -> str:
        """What the word of a field stands for; empty if the field was not said."""
        return self._tables[field].get(found.groupdict().get(field) or "", "")


def _compiled(own: Talk, rule: str) -> Iterator[re.Pattern[str]]:
    count = rf"\d{{1,3}}|{_words(own.table('moments.numbers'))}"
    fields = _FIELDS | {"n": count, "hour": count.replace("{1,3}", "{1,2}")}
    fields |= {name: _words(own.table(f"moments.{place}")) for name, place in _TABLES.items()}

    def field(match: re.Match[str]) -> str:
        name = match[0][1:-1]
        if name not in fields:
            raise LocaleError(f"{FILE}: {match[0]} in moments.{rule} is no field")
        return f"(?P<{name}>{fields[name]})"

    for pattern in own.items(f"moments.{rule}"):
        yield compiled(_FIELD.sub(field, pattern))


def _words(table: Mapping[str, str]) -> str:
    return "|".join(map(re.escape, sorted(table, key=len, reverse=True))) or "(?!)"


@cache
def moment_words() -> MomentWords:
    """The words of our own talk files."""
    return MomentWords(talk())
