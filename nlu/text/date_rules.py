"""Rules that read dates (日期规则): patterns of the language files, with fields, as regular expressions.

A pattern may name fields in braces: `{m}` is a month in figures or numerals, `{d}` a day, `{y}` a year, `{n}` a
count, `{q}` a quarter, `{to}` what stands between two ends; every word list of the language's `dates.words` is a
field too (`{month_name}`). A field that stands twice is `{m2}` the second time.
"""

import re
from collections import Counter
from collections.abc import Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass
from datetime import date

from locales.strict_yaml import LocaleError
from nlu.text.date_makers import MAKERS, Said
from nlu.text.expressions import Expression
from nlu.text.numerals import NumberWords
from nlu.text.periods import Period
from nlu.text.slot_words import FILE, SlotWords, alternatives
from nlu.text.triggers import Triggers, needs

_M = "1[0-2]|0?[1-9]|十[一二]?|[一二三四五六七八九]"
_D = "3[01]|[12]\\d|0?[1-9]|三十一?|二十[一二三四五六七八九]?|十[一二三四五六七八九]?|[一二三四五六七八九]"
_FIELDS = {
    "y": r"20\d\d",
    "yy": r"20\d\d|[0-3]\d",
    "m": _M,
    "mm": "1[0-2]|0[1-9]",
    "d": _D,
    "dd": r"3[01]|[12]\d|0[1-9]",
    "q": "[1-4一二三四]",
    "e": r"\d{1,3}|元",
}
_TO = "to"
_FIELD = re.compile(r"\{[a-z_]+2?\}")
_AGAIN = re.compile(r"\(\?P=\w+\)")
_NAMED = re.compile(r"\(\?P<\w+>")
# Dates in figures, which all languages share.
_FIGURES: Mapping[str, tuple[str, ...]] = {
    "day": (
        r"(?<![\d.]){y}\s?[-/.年]\s?{m}\s?[-/.月]\s?{d}(?!\d)[日号]?",
        r"(?<![\d.-]){y} {mm} {dd}(?![\d.-])",
        r"(?<!\d){y}{mm}{dd}(?!\d)",
        r"(?<!\d,)(?<![\d./-]){m}/{d}(?![\d/])",
        r"(?<![\d/]){m}/{d}/{y}(?!\d)",
    ),
    "day_first": (r"(?<![\d/.])(?P<d>3[01]|2\d|1[3-9])[/.]{m}[/.]{y}(?!\d)",),
    "days": (r"(?<!\d,)(?<![\d./-]){m}[/.]{d}\s?[-~到至]\s?(?P=m)[/.]{d2}(?![\d/])",),
    "day_to_day": (r"(?<!\d,)(?<![\d./-]){m}\.{d}\s?[-~到至]\s?{m2}\.{d2}(?![\d.])",),
    "month": (
        r"(?<!\d,)(?<![\d./-]){y}[-/.]{m}(?![\d./-])",
        r"(?<![\d/]){mm}/{y}(?![\d/])",
        r"(?<!\d,)(?<![\d.-]){y}{mm}(?![\d.,-])",
    ),
}


@dataclass(frozen=True, slots=True)
class Rule:
    """A pattern, what it needs, and what a match of it means."""

    pattern: Expression
    needs: tuple[Triggers, ...]
    means: str  # which of MAKERS makes a period of a match
    tables: Mapping[str, Mapping[str, str]]
    spoken: NumberWords

    def periods(self, text: str, today: date) -> Iterator[tuple[int, int, Period]]:
        """(start, end, period) of everything in folded text that the rule reads."""
        for match in self.pattern.finditer(text):
            with suppress(ValueError, OverflowError):  # no such day, no such year
                yield (
                    match.start(),
                    match.end(),
                    MAKERS[self.means](Said(match, self.tables, self.spoken), today),
                )


def date_rules(words: SlotWords, spoken: NumberWords) -> list[Rule]:
    """The rules of all languages, and those of dates in figures."""
    shared = {**_FIELDS, "n": rf"\d{{1,3}}|[一二三四五六七八九十两]{{1,3}}|{spoken.any}"}
    shared[_TO] = rf"\s*{words.any_of('dates.to')}\s*"
    rules = [
        _rule(pattern, shared, means, {}, spoken) for means, each in _FIGURES.items() for pattern in each
    ]
    for own in words.each():
        tables = {name: own.table(f"dates.words.{name}") for name in own.names("dates.words")}
        fields = shared | {
            name: alternatives([re.escape(word) for word in table]) for name, table in tables.items()
        }
        fields["y"] = "|".join((_FIELDS["y"], fields.get("year_name", "(?!)")))
        for means in own.names("dates.rules"):
            if means not in MAKERS:
                raise LocaleError(f"{FILE}: no kind of date rule is called {means!r}")
            patterns = own.items(f"dates.rules.{means}")
            rules += [_rule(pattern, fields, means, tables, spoken) for pattern in patterns]
    return rules


def _rule(
    pattern: str,
    fields: Mapping[str, str],
    means: str,
    tables: Mapping[str, Mapping[str, str]],
    spoken: NumberWords,
) -> Rule:
    said: Counter[str] = Counter()

    def field(match: re.Match[str]) -> str:
        name = match[0][1:-1]
        expression = fields.get(name, fields.get(name.rstrip("2")))
        if expression is None:
            raise LocaleError(f"{FILE}: {match[0]} in {pattern!r} is no field")
        if name == _TO:
            return expression
        said[name] += 1  # a name may stand once in an expression, a field in several branches
        return f"(?P<{name}{'' if said[name] == 1 else f'__{said[name]}'}>{expression})"

    whole = _FIELD.sub(field, pattern)
    try:
        compiled = Expression(whole, re.ASCII)
    except re.error as error:
        raise LocaleError(f"{FILE}: {error} in {pattern!r}") from error
    plain = _NAMED.sub("(?:", _AGAIN.sub("", whole)).replace(r"\d", "[0123456789]")
    return Rule(compiled, needs(plain), means, tables, spoken)
