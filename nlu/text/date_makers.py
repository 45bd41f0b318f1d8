"""What each kind of date rule means (日期规则): from the fields that a rule found to a period."""

import re
from collections.abc import Callable, Mapping
from datetime import date

from nlu.text import holidays, periods
from nlu.text.numerals import NumberWords, small
from nlu.text.periods import Period


class Said:
    """The fields that a rule found, as numbers."""

    def __init__(
        self, match: re.Match[str], tables: Mapping[str, Mapping[str, str]], spoken: NumberWords
    ) -> None:
        self._groups = {name.split("__")[0]: said for name, said in match.groupdict().items() if said}
        self._tables = tables
        self._spoken = spoken

    def text(self, name: str) -> str:
        """What a field's word stands for."""
        said = self._groups.get(name, "")
        return self._tables.get(name.rstrip("2"), {}).get(said, said)

    def number(self, name: str) -> int | None:
        """The number of a field; None if it was not said."""
        said = self.text(name)
        if not said:
            return None
        value = small(said) if said != "元" else 1
        value = value if value is not None else self._spoken.value(said)
        if value is None:
            raise ValueError(said)
        return value

    def sure(self, *names: str) -> int:
        """The number of the first of these fields that was said."""
        for name in names:
            if (value := self.number(name)) is not None:
                return value
        raise ValueError(names)

    def year(self, today: date) -> int | None:
        """The year that was said."""
        if (back := self.number("year_back")) is not None:
            return today.year - back
        if self.text("era"):
            return int(self.text("era")) + self.sure("e")
        named = self._tables.get("year_name", {}).get(self._groups.get("y", ""))
        year = int(named) if named else self.number("y") or self.number("yy")
        return None if year is None else year % 100 + 2000

    def part(self) -> tuple[int, int] | None:
        """The part of a month that was said, as days."""
        first, _, last = self.text("part").partition("-")
        return (int(first), int(last)) if last else None

    def span(self, whole: Period) -> Period:
        """That part of a month, or all of it."""
        part = self.part()
        return periods.part_of(whole, *part) if part else whole


Maker = Callable[[Said, date], Period]


def _day(said: Said, today: date) -> Period:
    month, number = said.sure("m", "mm", "month_name"), said.sure("d", "dd")
    return periods.day(today, said.year(today), month, number)


def _days(said: Said, today: date) -> Period:
    month = said.sure("m", "month_name")
    return periods.days(today, said.year(today), month, said.sure("d"), said.sure("d2"))


def _day_to_day(said: Said, today: date) -> Period:
    last = periods.day(today, said.year(today), said.sure("m2", "month_name2"), said.sure("d2"))
    return periods.joined(periods.day(today, None, said.sure("m", "month_name"), said.sure("d")), last)


def _month(said: Said, today: date) -> Period:
    return said.span(periods.month(today, said.year(today), said.sure("m", "mm", "month_name")))


def _months(said: Said, today: date) -> Period:
    first, last = said.sure("m", "month_name"), said.sure("m2", "month_name2")
    return periods.months(today, said.year(today), first, last)


def _side_by_side(said: Said, today: date) -> Period:
    """八九月."""
    first, last = said.sure("m"), said.sure("m2")
    last = last + 10 if first >= 10 > last else last  # 十一二月
    if last != first + 1:
        raise ValueError("not one after the other")
    return periods.months(today, said.year(today), first, last)


def _last_month_named(said: Said, today: date) -> Period:
    """ "Last August": the one before this month."""
    found = periods.month(today, None, said.sure("month_name"))
    current = (found.first.year, found.first.month) == (today.year, today.month)
    return periods.month(today, found.first.year - current, found.first.month)


def _relative_month(said: Said, today: date) -> Period:
    whole = periods.relative_month(today, said.sure("back", "month_back"))
    if (number := said.number("d")) is None:
        return said.span(whole)
    return periods.days(today, whole.first.year, whole.first.month, number, said.number("d2") or number)


def _lone_days(said: Said, today: date) -> Period:
    return periods.lone_days(today, said.sure("d"), said.sure("d2", "d"))


def _open_part(said: Said, today: date) -> Period:
    part = said.part()
    if part is None:
        raise ValueError("no part")
    return periods.open_part(today, *part)


def _year_months(said: Said, today: date) -> Period:
    """The first or last months of a year: 年初, 今年前三个月."""
    first, _, last = (said.text("year_part") or f"1-{said.sure('n')}").partition("-")
    year = said.year(today)
    if year is None:
        year = today.year - (int(first) > today.month)
    return Period(date(year, int(first), 1), periods.month_of(year, int(last))[1], "month")


def _quarter(said: Said, today: date) -> Period:
    return periods.quarter(
        today,
        said.year(today),
        said.sure("q", "quarter_name"),
        said.number("q2") or said.number("quarter_name2"),
    )


def _weeks_back(said: Said) -> int | None:
    back = said.number("week_back")
    return said.number("back") if back is None else back


def _weekday(said: Said, today: date) -> Period:
    return periods.weekday(today, said.sure("weekday"), _weeks_back(said))


def _back(said: Said, today: date) -> Period:
    count = said.number("n")
    return periods.back(today, 1 if count is None else count, said.text("unit"))


def _ago(said: Said, today: date) -> Period:
    count = said.number("n")
    return periods.ago(today, 1 if count is None else count, said.text("unit"))


def _month_named(said: Said, today: date) -> Period:
    if (back := said.number("back")) is not None:
        return periods.relative_month(today, back)
    return periods.month(today, said.year(today), said.sure("m", "month_name"))


def _first_days(said: Said, today: date) -> Period:
    """这个月前十天."""
    return periods.part_of(_month_named(said, today), 1, said.sure("n"))


def _last_days(said: Said, today: date) -> Period:
    """九月的最后三天; without a number the last day alone."""
    whole = _month_named(said, today)
    return periods.part_of(whole, whole.last.day + 1 - (said.number("n") or 1), whole.last.day)


def _relative_quarter(said: Said, today: date) -> Period:
    """上个季度; 上个季度末 is its last month, as 年底 is December."""
    whole = periods.relative_quarter(today, said.sure("back"))
    match said.text("quarter_part"):
        case "first":
            return Period(*periods.month_of(whole.first.year, whole.first.month), "month")
        case "last":
            return Period(*periods.month_of(whole.last.year, whole.last.month), "month")
    return whole


def _holiday(said: Said, today: date) -> Period:
    return holidays.day(today, said.text("holiday"), said.year(today))


MAKERS: Mapping[str, Maker] = {
    "day": _day,
    "day_first": _day,
    "days": _days,
    "day_to_day": _day_to_day,
    "lone_day": _lone_days,
    "relative_day": lambda said, today: periods.days_ago(today, said.sure("day_back")),
    "month": _month,
    "months": _months,
    "side_by_side": _side_by_side,
    "last_month_named": _last_month_named,
    "relative_month": _relative_month,
    "open_part": _open_part,
    "year_months": _year_months,
    "quarter": _quarter,
    "quarters_so_far": lambda said, today: periods.quarter(
        today, said.year(today) or today.year, 1, said.sure("n")
    ),
    "back_two": lambda said, today: periods.back(today, 2, said.text("unit")),
    "relative_quarter": _relative_quarter,
    "half": lambda said, today: periods.half(today, said.year(today), said.sure("half")),
    "year": lambda said, today: periods.whole_year(said.year(today) or today.year),
    "so_far": lambda said, today: periods.so_far(today, said.text("so_far")),
    "first_days": _first_days,
    "last_days": _last_days,
    "holiday": _holiday,
    "holiday_off": lambda said, today: holidays.days_off(today, said.text("holiday"), said.year(today)),
    "holiday_week": lambda said, today: periods.week_with(_holiday(said, today).first),
    "week_of_day": lambda said, today: periods.week_with(_day(said, today).first),
    "week": lambda said, today: periods.week(today, said.sure("back", "week_back")),
    "weekend": lambda said, today: periods.weekend(today, _weeks_back(said)),
    "week_of_month": lambda said, today: periods.week_of(_month(said, today), said.sure("week_name")),
    "week_of_relative_month": lambda said, today: periods.week_of(
        periods.relative_month(today, said.sure("back")), said.sure("week_name")
    ),
    "weekday": _weekday,
    "weekday_before": lambda said, today: periods.weekday(
        today, said.sure("weekday"), None, before_today=True
    ),
    "back": _back,
    "half_back": lambda said, today: periods.back(
        today, *((6, "month") if said.text("unit") == "year" else (15, "day"))
    ),
    "ago": _ago,
}
