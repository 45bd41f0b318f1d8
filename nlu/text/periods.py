"""Periods of the calendar (时间段): what a month, a quarter, "two weeks ago" is, as first and last day.

A month or day without a year is the latest one that is not in the future.
"""

from dataclasses import dataclass
from datetime import date, timedelta

_FIRST_DAY = date(2000, 1, 1)  # nothing is older


@dataclass(frozen=True, slots=True)
class Period:
    """First and last day, both inclusive; what was left open and may be filled by what stands beside it."""

    first: date
    last: date
    unit: str
    open_year: bool = False
    open_month: bool = False  # "the 15th"
    open_week: bool = False  # "Friday"
    ranged: bool = False  # both ends were said


def day(today: date, year: int | None, month: int, number: int) -> Period:
    """A day of a month."""
    open_year = year is None
    if year is None:
        year = today.year - ((month, number) > (today.month, today.day))
    one = date(year, month, number)
    return Period(one, one, "day", open_year)


def days(today: date, year: int | None, month: int, number: int, last: int) -> Period:
    """Some days of one month; a last one that it does not have is its last."""
    found = day(today, year, month, number)
    end = found.first.replace(day=min(last, month_of(found.first.year, month)[1].day))
    if end < found.first:
        raise ValueError("days run backwards")
    return Period(found.first, end, "day", found.open_year, ranged=last != number)


def month_of(year: int, month: int) -> tuple[date, date]:
    """First and last day of a month."""
    following = date(year + month // 12, month % 12 + 1, 1)
    return date(year, month, 1), following - timedelta(days=1)


def month(today: date, year: int | None, number: int) -> Period:
    """A whole month."""
    open_year = year is None
    if year is None:
        year = today.year - (number > today.month)
    return Period(*month_of(year, number), "month", open_year)


def months(today: date, year: int | None, first: int, last: int) -> Period:
    """Months one after the other, over the end of a year too."""
    end = month(today, year if year is None or last >= first else year + 1, last)
    begin = end.last.year - (last < first)
    return Period(month_of(begin, first)[0], end.last, "month", year is None, ranged=True)


def relative_month(today: date, back: int) -> Period:
    """A whole month, so many before this one."""
    year, number = divmod(today.year * 12 + today.month - 1 - back, 12)
    return Period(*month_of(year, number + 1), "month")


def part_of(whole: Period, first: int, last: int) -> Period:
    """Some days of a month: its first ten, its end."""
    begin = whole.first.replace(day=first)
    return Period(begin, whole.first.replace(day=min(last, whole.last.day)), "part", whole.open_year)


def open_part(today: date, first: int, last: int) -> Period:
    """ "The beginning of the month": of this one, or of the last while it has not begun."""
    return part_of(relative_month(today, 0 if first <= today.day else 1), first, last)


def lone_days(today: date, first: int, last: int) -> Period:
    """ "The 15th", "the 1st to the 10th": of this month, or of the last that has come so far."""
    if first > last:
        raise ValueError("ends before it begins")
    for back in range(12):
        whole = relative_month(today, back)
        if last <= whole.last.day and (back or first <= today.day):
            begin, end = whole.first.replace(day=first), whole.first.replace(day=last)
            return Period(begin, end, "day", open_year=True, open_month=True, ranged=first != last)
    raise ValueError("no such day")


def quarter(today: date, year: int | None, first: int, last: int | None = None) -> Period:
    """A quarter, or several one after the other."""
    last = last or first
    if not 1 <= first <= last <= 4:
        raise ValueError("no such quarter")
    open_year = year is None
    if year is None:
        year = today.year - ((first - 1) * 3 >= today.month)
    return Period(date(year, first * 3 - 2, 1), month_of(year, last * 3)[1], "quarter", open_year)


def relative_quarter(today: date, back: int) -> Period:
    """A quarter, so many before this one."""
    year, number = divmod(today.year * 4 + (today.month - 1) // 3 - back, 4)
    return quarter(today, year, number + 1)


def half(today: date, year: int | None, number: int) -> Period:
    """The first or second half of a year."""
    open_year = year is None
    if year is None:
        year = today.year - (number == 2 and today.month <= 6)
    low = 1 if number == 1 else 7
    return Period(date(year, low, 1), month_of(year, low + 5)[1], "half", open_year)


def whole_year(year: int) -> Period:
    """A calendar year, which is the fiscal year in China."""
    return Period(date(year, 1, 1), date(year, 12, 31), "year")


def so_far(today: date, unit: str) -> Period:
    """The year, quarter, month or week up to today."""
    begin = {
        "year": date(today.year, 1, 1),
        "quarter": relative_quarter(today, 0).first,
        "month": today.replace(day=1),
        "week": week(today, 0).first,
    }[unit]
    return Period(begin, today, "back")


def week(today: date, back: int) -> Period:
    """Monday to Sunday, so many weeks before this one."""
    monday = today - timedelta(days=today.weekday() + 7 * back)
    return Period(monday, monday + timedelta(days=6), "week")


def week_with(one: date) -> Period:
    """Monday to Sunday of the week in which a day is."""
    return week(one, 0)


def weekend(today: date, back: int | None) -> Period:
    """Saturday and Sunday of a week; without a week the latest that has begun."""
    if back is None:
        back = 0 if today.weekday() >= 5 else 1
    saturday = week(today, back).first + timedelta(days=5)
    return Period(saturday, saturday + timedelta(days=1), "weekend")


def week_of(whole: Period, number: int) -> Period:
    """The first to fourth week of a month by days (1-7, 8-14 …); the fifth is its last seven days."""
    first = whole.last.day - 6 if number == 5 else 7 * number - 6
    return part_of(whole, first, first + 6)


def weekday(today: date, number: int, back: int | None, *, before_today: bool = False) -> Period:
    """A day of a week; without a week the latest, today among them unless `before_today`."""
    if back is not None:
        one = week(today, back).first + timedelta(days=number)
    else:
        ago = (today.weekday() - number) % 7
        one = today - timedelta(days=7 if before_today and not ago else ago)
    return Period(one, one, "weekday", open_week=back is None)


def days_ago(today: date, back: int) -> Period:
    """One day, so many before today."""
    one = today - timedelta(days=back)
    return Period(one, one, "day")


def back(today: date, count: int, unit: str) -> Period:
    """From so many days, weeks, months or years ago up to today."""
    match unit:
        case "day":
            first = today - timedelta(days=count)
        case "week":
            first = today - timedelta(days=7 * count)
        case "fortnight":
            first = today - timedelta(days=14 * count)
        case "quarter":
            first = _months_back(today, 3 * count)
        case "year":
            first = _months_back(today, 12 * count)
        case _:
            first = _months_back(today, count)
    return Period(first, today, "back")


def ago(today: date, count: int, unit: str) -> Period:
    """The day, week, month or year that was so many ago."""
    match unit:
        case "day":
            return days_ago(today, count)
        case "week":
            return week(today, count)
        case "fortnight":
            return week(today, 2 * count)
        case "quarter":
            return relative_quarter(today, count)
        case "year":
            return whole_year(today.year - count)
        case _:
            return relative_month(today, count)


def since(period: Period, today: date, *, over: bool = False) -> Period:
    """From the beginning of a period up to today; from behind it if it must be `over`."""
    first = period.last + timedelta(days=1) if over else period.first
    return Period(first, max(today, first), "back")


def until(last: date) -> Period:
    """Everything up to a day."""
    return Period(_FIRST_DAY, last, "until")


def _months_back(today: date, count: int) -> date:
    year, number = divmod(today.year * 12 + today.month - 1 - count, 12)
    first, last = month_of(year, number + 1)
    return first.replace(day=min(today.day, last.day))


def joined(one: Period, other: Period) -> Period:
    """One period from two with "to" between them; what the one leaves open the other tells."""
    if other.open_month and not one.open_month:
        # "8月1号到15号": the month is said once.
        last = one.last.replace(day=min(other.last.day, month_of(one.last.year, one.last.month)[1].day))
        other = Period(last, last, "day", one.open_year)
    elif other.open_week and one.unit == "weekday":
        last = one.first + timedelta(days=(other.last.weekday() - one.first.weekday()) % 7)
        other = Period(last, last, "weekday")
    elif one.open_week and other.unit == "weekday":
        # "Monday to Wednesday last week".
        first = other.last - timedelta(days=(other.last.weekday() - one.first.weekday()) % 7)
        one = Period(first, first, "weekday")
    elif other.open_year and not one.open_year:
        # "2025年8月到10月": the year is said once.
        moved = _in_year(other, one.first.year)
        other = moved if moved.last >= one.first else _in_year(other, one.first.year + 1)
    elif one.open_year and not other.open_year and other.unit in ("day", "month", "quarter", "part"):
        # "August to October 2025".
        moved = _in_year(one, other.last.year)
        one = moved if moved.first <= other.last else _in_year(one, other.last.year - 1)
    first, last = one.first, other.last
    if last < first and one.open_year:
        first = _in_year(one, first.year - 1).first
    if last < first:
        first, last = min(one.first, other.first), max(one.last, other.last)
    return Period(first, last, other.unit, one.open_year, ranged=True)


def _in_year(period: Period, year: int) -> Period:
    whole = period.unit == "month"
    last = month_of(year, period.last.month)[1] if whole else _same_day(period.last, year)
    return Period(_same_day(period.first, year - (period.last.year - period.first.year)), last, period.unit)


def _same_day(one: date, year: int) -> date:
    return one.replace(year=year, day=28) if (one.month, one.day) == (2, 29) else one.replace(year=year)
