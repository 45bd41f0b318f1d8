"""The period that a sentence speaks of (日期, 时间段), as first and last day, both inclusive."""

from collections.abc import Set
from dataclasses import dataclass, replace
from datetime import date, timedelta

from nlu.text import periods
from nlu.text.date_rules import date_rules
from nlu.text.numerals import NumberWords
from nlu.text.periods import Period
from nlu.text.slot_words import SlotWords, alternatives
from nlu.text.triggers import Gate

_WINDOW = 16  # characters before a date in which a word belongs to it
_BETWEEN = 12  # characters between the two ends of a range


@dataclass(frozen=True, slots=True)
class PeriodFound:
    """A period with its place in the text."""

    start: int
    end: int
    period: Period
    others: tuple[tuple[int, int], ...] = ()  # places of further dates, which say nothing else either


class Dates:
    """Finds periods, by the rules and words of the language files."""

    def __init__(self, words: SlotWords, spoken: NumberWords) -> None:
        self.rules = date_rules(words, spoken)
        self._gate = Gate((rule, rule.needs) for rule in self.rules)
        beside = alternatives([*words.items("dates.to"), *words.items("dates.beside")])
        self._to = words.compiled(rf"\s*(?:{beside}\s*)?")
        self._beside = words.compiled(rf"[\s,(]*(?:{words.any_of('dates.apposition')}\s+)?")
        self._deadline_after = words.after("dates.deadline_after")
        self._deadline_before = words.before("dates.deadline_before")
        self._since_after = words.after("dates.since_after")
        self._since_before = words.before("dates.since_before")
        self._past_after = words.after("dates.past_after")
        self._past_before = words.before("dates.past_before")
        self._until_after = words.after("dates.until_after")
        self._until_before = words.before("dates.until_before")
        self._through_after = words.after("dates.through_after")
        self._through_before = words.before("dates.through_before")
        self._not_before = words.before("dates.not_before")
        self._not_after = words.after("dates.not_after")

    @property
    def needed(self) -> frozenset[str]:
        """The pieces of a text that are looked for."""
        return self._gate.needed

    def find(self, text: str, today: date, present: Set[str]) -> PeriodFound | None:
        """The period that folded text speaks of, or None; `present` are the pieces of the text."""
        found = self._parts(text, today, present)
        if not found:
            return None
        whole, others = found[0], found[1:]
        for part in found[1:]:
            if part.start - whole.end > _BETWEEN:
                break
            near = self._beside.fullmatch(text, whole.end, part.start) is not None
            period = _day_named_twice(whole, part) if near else None
            if period is None and self._to.fullmatch(text, whole.end, part.start) is None:
                break
            period = period or periods.joined(whole.period, part.period)
            whole = PeriodFound(whole.start, part.end, period)
            others = others[1:]
        bounded = self._bounded(text, whole, today)
        return replace(bounded, others=tuple((part.start, part.end) for part in others))

    def _parts(self, text: str, today: date, present: Set[str]) -> list[PeriodFound]:
        """What the rules read, the longer before the shorter, without what is denied or a deadline."""
        found = [
            PeriodFound(*each) for rule in self._gate.possible(present) for each in rule.periods(text, today)
        ]
        found.sort(key=lambda each: (each.start - each.end, each.start))
        taken: list[PeriodFound] = []
        for each in found:
            if all(each.end <= other.start or each.start >= other.end for other in taken):
                taken.append(each)
        taken.sort(key=lambda each: each.start)
        return [each for each in taken if not self._is_none(text, each)]

    def _is_none(self, text: str, found: PeriodFound) -> bool:
        """Whether a date is denied (不是8月，是9月) or a deadline (周五前)."""
        before = max(0, found.start - _WINDOW)
        if self._not_after.match(text, found.end) or self._not_before.search(text, before, found.start):
            return True
        if self._until_after.match(text, found.end) or self._until_before.search(text, before, found.start):
            return False
        return (
            self._deadline_after.match(text, found.end) is not None
            or self._deadline_before.search(text, before, found.start) is not None
        )

    def _bounded(self, text: str, found: PeriodFound, today: date) -> PeriodFound:
        """`found` with "since" and "until" around it heard."""
        start, end, period = found.start, found.end, found.period
        before = max(0, start - _WINDOW)
        if period.unit == "holiday" and (
            self._past_after.match(text, end) or self._past_before.search(text, before, start)
        ):
            return PeriodFound(start, end, periods.since(period, today, over=True))
        if (after := self._since_after.match(text, end)) is not None:
            return PeriodFound(start, after.end(), periods.since(period, today))
        if period.ranged:
            return found
        # Before the end of October: October counts.
        eve = period.last if period.unit == "part" else period.first - timedelta(days=1)
        if (after := self._until_after.match(text, end)) is not None:
            return PeriodFound(start, after.end(), periods.until(eve))
        if (after := self._through_after.match(text, end)) is not None:
            return PeriodFound(start, after.end(), periods.until(period.last))
        if self._since_before.search(text, before, start) is not None:
            return PeriodFound(start, end, periods.since(period, today))
        if self._until_before.search(text, before, start) is not None:
            return PeriodFound(start, end, periods.until(eve))
        if self._through_before.search(text, before, start) is not None:
            return PeriodFound(start, end, periods.until(period.last))
        return found


def _day_named_twice(one: PeriodFound, other: PeriodFound) -> Period | None:
    """The day of "Tuesday 17 November", "11月17号周二"; None if two periods stand there."""
    units = {one.period.unit: one.period, other.period.unit: other.period}
    return units["day"] if units.keys() == {"day", "weekday"} else None
