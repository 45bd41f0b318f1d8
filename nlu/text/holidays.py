"""Holidays (节假日) as periods: the festival day, and the days off around it."""

from dataclasses import dataclass
from datetime import date
from functools import cache
from pathlib import Path

from locales.strict_yaml import load
from nlu.text.periods import Period

FILE = Path(__file__).with_name("holidays.yaml")
_FIXED_YEARS = range(2000, 2100)


@dataclass(frozen=True, slots=True)
class Calendar:
    """Name of a holiday → its days, and its days off, year after year."""

    days: dict[str, tuple[Period, ...]]
    off: dict[str, tuple[Period, ...]]
    long: frozenset[str]


@cache
def calendar() -> Calendar:
    """The holidays of the table beside this file."""
    table = load(FILE)
    days = {
        name: tuple(_between(f"{year}-{span.replace('/', f'/{year}-')}") for year in _FIXED_YEARS)
        for name, span in table["fixed"].items()
    }
    days |= {name: tuple(map(_between, spans)) for name, spans in table["days"].items()}
    off = {name: tuple(map(_between, spans)) for name, spans in table["off"].items()}
    return Calendar(days, off, frozenset(table["long"]))


def day(today: date, name: str, year: int | None) -> Period:
    """What the name alone says: the festival day, of long holidays the days off; ValueError if unknown."""
    known = calendar()
    return (
        days_off(today, name, year) if name in known.long else _latest(known.days.get(name, ()), today, year)
    )


def days_off(today: date, name: str, year: int | None) -> Period:
    """The days off of a holiday, the latest that have begun if no year is said; the day itself if none are known."""
    known = calendar()
    try:
        return _latest(known.off.get(name, ()), today, year)
    except ValueError:
        return _latest(known.days.get(name, ()), today, year)


def _latest(found: tuple[Period, ...], today: date, year: int | None) -> Period:
    for period in reversed(found):
        if period.last.year == year if year is not None else period.first <= today:
            return period
    raise ValueError("no such year")


def _between(span: str) -> Period:
    first, _, last = str(span).partition("/")
    return Period(date.fromisoformat(first), date.fromisoformat(last or first), "holiday")
