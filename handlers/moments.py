"""The times that a sentence names (时间), for reminders: "月底", every Friday at three, in two hours, on the 25th."""

import re
import unicodedata
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta

from handlers.moment_words import RULES, moment_words
from locales.catalog import BEIJING

_MORNING = time(9, 0)
_LATE = time(17, 0)  # "today" without a clock
_EVENING = time(20, 0)
_UNITS = {
    "minute": timedelta(minutes=1),
    "hour": timedelta(hours=1),
    "day": timedelta(days=1),
    "week": timedelta(days=7),
}


@dataclass(frozen=True, slots=True)
class When:
    """A time to be reminded at (aware), and how it repeats."""

    at: datetime
    repeat: str | None = None  # daily | weekly | monthly | month_end


def find_when(text: str, now: datetime) -> When | None:
    """The time a sentence names, always in the future; None if it names none. Beijing time."""
    said = unicodedata.normalize("NFKC", text).casefold()
    local = now.astimezone(BEIJING)
    clock = _clock(said)
    moment = clock or _MORNING
    words = moment_words()
    if words.search("half_hour", said):
        return When(local + timedelta(minutes=30))
    if (after := words.search("after", said)) is not None:
        at = local + words.number(after["n"]) * _UNITS[words.value("unit", after)]
        in_days = at.time() == local.time()
        return When(datetime.combine(at.date(), clock, BEIJING) if clock and in_days else at)
    if words.search("month_end", said):
        return When(_coming_month_end(local, moment), "month_end")
    if (weekly := words.search("weekly", said)) is not None:
        return When(_coming_weekday(local, int(words.value("weekday", weekly) or 0), moment), "weekly")
    if (monthly := words.search("monthly", said)) is not None:
        day = words.number(monthly.groupdict().get("n"))
        return When(_coming_day(local, min(day, 28), moment), "monthly")
    if words.search("daily", said):
        return When(_coming(local.date(), local, moment), "daily")
    day_named = _day(said, local)
    if day_named is not None:
        if clock is None and day_named == local.date():
            moment = _EVENING if words.search("tonight", said) or local.time() >= _LATE else _LATE
        at = datetime.combine(day_named, moment, BEIJING)
        return When(at if at > now else at + timedelta(days=1))
    return When(_coming(local.date(), local, clock)) if clock is not None else None


def moved(text: str, at: datetime, now: datetime) -> datetime | None:
    """A time with the clock or the day that a text names instead; None if it names neither, or what is past."""
    said, before = unicodedata.normalize("NFKC", text).casefold(), at.astimezone(BEIJING)
    clock, day = _clock(said), _day(said, now.astimezone(BEIJING))
    if clock is None and day is None:
        return None
    changed = datetime.combine(day or before.date(), clock or before.time(), BEIJING)
    return changed if changed > now else None


def _day(said: str, local: datetime) -> date | None:
    words, today = moment_words(), local.date()
    if words.search("day_after_tomorrow", said):
        return today + timedelta(days=2)
    if words.search("tomorrow", said):
        return today + timedelta(days=1)
    if words.search("next_month_end", said):
        return month_end(month_end(today) + timedelta(days=1))
    if words.search("this_month_end", said):
        return month_end(today)
    if (found := words.search("date", said)) is not None and (named := _dated(found, today)) is not None:
        return named
    if (found := words.search("month_date", said)) is not None:
        return _coming_date(int(words.value("month", found)), int(found["d"]), today)
    if (found := words.search("weekday", said)) is not None:
        weekday = int(words.value("weekday", found))
        monday = today - timedelta(days=today.weekday())
        if found.groupdict().get("next"):
            return monday + timedelta(days=7 + weekday)
        ahead = (weekday - today.weekday()) % 7
        return today + timedelta(days=ahead or 7)
    return today if words.search("today", said) else None


def _dated(found: re.Match[str], today: date) -> date | None:
    said = found.groupdict()
    try:
        if said.get("m"):
            if not said["y"]:
                return _coming_date(int(said["m"]), int(said["d"]), today)
            return date(int(said["y"]), int(said["m"]), int(said["d"]))
        day = int(said["d"])
        first = today.replace(day=1) if day > today.day else month_end(today) + timedelta(days=1)
        return first.replace(day=min(day, month_end(first).day))
    except ValueError:
        return None


def _coming_date(month: int, day: int, today: date) -> date | None:
    """The next such day; None if no year has it."""
    for year in range(today.year, today.year + 9):
        try:
            named = date(year, month, day)
        except ValueError:
            continue
        if named >= today:
            return named
    return None


def _clock(said: str) -> time | None:
    words = moment_words()
    found = words.search("clock", said)
    if found is None:
        return None
    parts = found.groupdict()
    if parts.get("noon"):
        return time(12, 0)
    hour, part = words.number(parts["hour"]), words.value("part", found)
    minute = 30 if parts.get("half") else int(parts["minute"] or 0)
    if part in ("evening", "pm") and hour < 12:
        hour += 12
    if part == "am" and hour == 12:
        hour = 0
    if part in ("", "noon") and 1 <= hour <= 6:
        hour += 12  # nobody wants to be reminded at three in the night
    return time(hour, minute) if hour < 24 and minute < 60 else None


def _coming(day: date, now: datetime, moment: time) -> datetime:
    at = datetime.combine(day, moment, BEIJING)
    return at if at > now else at + timedelta(days=1)


def _coming_weekday(now: datetime, weekday: int, moment: time) -> datetime:
    at = datetime.combine(now.date() + timedelta(days=(weekday - now.weekday()) % 7), moment, BEIJING)
    return at if at > now else at + timedelta(days=7)


def _coming_day(now: datetime, day: int, moment: time) -> datetime:
    at = datetime.combine(now.date().replace(day=day), moment, BEIJING)
    if at > now:
        return at
    return datetime.combine((month_end(now.date()) + timedelta(days=1)).replace(day=day), moment, BEIJING)


def _coming_month_end(now: datetime, moment: time) -> datetime:
    at = datetime.combine(month_end(now.date()), moment, BEIJING)
    if at > now:
        return at
    return datetime.combine(month_end(at.date() + timedelta(days=1)), moment, BEIJING)


def month_end(day: date) -> date:
    """The last day of a month."""
    return (day.replace(day=28) + timedelta(days=4)).replace(day=1) - timedelta(days=1)


def without_time(text: str) -> str:
    """The sentence without the words that name its time."""
    plain = unicodedata.normalize("NFKC", text)
    said = plain.casefold()
    if len(said) != len(plain):
        plain = said
    words = moment_words()
    for rule in RULES:
        while (found := words.search(rule, said)) is not None and found.end() > found.start():
            plain = f"{plain[: found.start()]} {plain[found.end() :]}"
            said = f"{said[: found.start()]} {said[found.end() :]}"
    return " ".join(plain.split())
