"""The times that a sentence names (时间), for reminders: "月底", every Friday at three, in two hours, on the 25th."""

import re
import unicodedata
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta

from locales.catalog import BEIJING

_MORNING = time(9, 0)
_LATE = time(17, 0)  # "today" without a clock
_EVENING = time(20, 0)
_TONIGHT = re.compile(r"今晚|今夜|tonight|this evening")
_DAYS = {c: n for n, s in enumerate(("一月", "二火", "三水", "四木", "五金", "六土", "日天")) for c in s}
_EN_DAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
_HAN = {
    "一": 1,
    "二": 2,
    "两": 2,
    "三": 3,
    "四": 4,
    "五": 5,
    "六": 6,
    "七": 7,
    "八": 8,
    "九": 9,
    "十": 10,
    "十一": 11,
    "十二": 12,
    "a": 1,
    "an": 1,
    "one": 1,
    "two": 2,
    "three": 3,
    "four": 4,
    "five": 5,
    "six": 6,
    "ten": 10,
}
_COUNT = r"(\d{1,3}|十[一二]?|[一二两三四五六七八九])"
_CLOCK = re.compile(
    r"(?P<part>早上|上午|中午|下午|晚上|傍晚|午前|午後|夜|朝)?(?:の)?\s?(?P<hour>\d{1,2}|十[一二]?|[一二两三四五六七八九])(?:[点點时時]|:(?=\d))\s?(?:(?P<half>半)|(?P<minute>\d{1,2}))?分?"
    r"|\b(?:at )?(?P<h2>\d{1,2})(?::(?P<m2>\d{2}))?\s?(?P<ap>am|pm)\b|\bat (?P<h3>\d{1,2})(?::(?P<m3>\d{2}))?\b|(?P<noon>中午|noon|正午)"
)
_WEEKLY = re.compile(
    r"每(?:个)?(?:周|星期|礼拜)([一二三四五六日天])|毎週([月火水木金土日])|every (mon|tue|wed|thu|fri|sat|sun)(?!th)\w*|(?:每周|毎週|every week|weekly)"
)
_MONTH_END = re.compile(
    r"(?:每(?:个)?月|毎月|every )\s?(?:月?底|月末|末|month[- ]?end|end of (?:the )?month)|(?:at )?the end of (?:every|each) month"
)
_MONTHLY = re.compile(
    rf"(?:每(?:个)?月|毎月)(?:的|の)?\s?{_COUNT}[号日]|every month on the (\d{{1,2}})|on the (\d{{1,2}})(?:st|nd|rd|th)? (?:of )?(?:every|each) month|每(?:个)?月|毎月|every month|monthly"
)
_DAILY = re.compile(r"每天|毎日|every ?day|daily")
_END = re.compile(r"(?:这个月|本月|今月)?(?:月底|月末)|(?:the )?end of (?:the|this) month|month[- ]?end")
_NEXT_END = re.compile(r"下个?月底|来月末|end of next month")
_AFTER = re.compile(
    rf"{_COUNT}\s?(?:个)?(分钟|小时|天|周|分|時間|日|週間|minutes?|hours?|days?|weeks?)(?:之?后|後|以后)|in (\d{{1,3}}|an?|one|two|three|four|five|six|ten) (minutes?|hours?|days?|weeks?)"
)
_HALF_HOUR = re.compile(r"半(?:个)?小?时(?:之?后|後|以后)|in half an hour|30分後")
_EN_MONTHS = ("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec")
_EN_MONTH = r"(jan|feb|mar|apr|may|jun|jul|aug|sep|oct|nov|dec)[a-z]{0,6}\b\.?"
_EN_DATE = re.compile(
    rf"\b{_EN_MONTH} (3[01]|[12]\d|0?[1-9])(?:st|nd|rd|th)?\b|\b(3[01]|[12]\d|0?[1-9])(?:st|nd|rd|th)? (?:of )?{_EN_MONTH}"
)
_TOMORROW = re.compile(r"明天|明日|tomorrow|あした|あす")
_LATER = re.compile(r"后天|明後日|day after tomorrow|あさって")
_TODAY = re.compile(r"今天|今晚|今日|今夜|today|tonight|this evening")
_NEXT_WEEKDAY = re.compile(
    r"(下个?|这个?|本|来|今)?(?:周|星期|礼拜|週)(?:の)?([一二三四五六日天月火水木金土])(?:曜日?)?|([月火水木金土日])曜日?|(next |this |on )?\b(mon|tue|wed|thu|fri|sat|sun)(?:s|nes|rs|ur)?(?:day)?\b"
)
_DATE = re.compile(
    r"(?:(20\d\d)[年/-])?(1[0-2]|0?[1-9])[月/-](3[01]|[12]\d|0?[1-9])[日号]?|(?<!\d)(3[01]|[12]\d|[1-9])[号日](?!間)|(?:on )?the (\d{1,2})(?:st|nd|rd|th)\b"
)


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
    if _HALF_HOUR.search(said):
        return When(local + timedelta(minutes=30))
    if (after := _AFTER.search(said)) is not None:
        at = local + _span(after[1] or after[3], after[2] or after[4])
        in_days = at.time() == local.time()
        return When(datetime.combine(at.date(), clock, BEIJING) if clock and in_days else at)
    if _MONTH_END.search(said):
        return When(_coming_month_end(local, moment), "month_end")
    if (weekly := _WEEKLY.search(said)) is not None:
        return When(_coming_weekday(local, _weekday(weekly[1] or weekly[2], weekly[3]), moment), "weekly")
    if (monthly := _MONTHLY.search(said)) is not None:
        day = _number(next((group for group in monthly.groups() if group), "1"))
        return When(_coming_day(local, min(day, 28), moment), "monthly")
    if _DAILY.search(said):
        return When(_coming(local.date(), local, moment), "daily")
    day_named = _day(said, local)
    if day_named is not None:
        if clock is None and day_named == local.date():
            moment = _EVENING if _TONIGHT.search(said) or local.time() >= _LATE else _LATE
        at = datetime.combine(day_named, moment, BEIJING)
        return When(at if at > now else at + timedelta(days=1))
    return When(_coming(local.date(), local, clock)) if clock is not None else None


def _day(said: str, local: datetime) -> date | None:
    today = local.date()
    if _LATER.search(said):
        return today + timedelta(days=2)
    if _TOMORROW.search(said):
        return today + timedelta(days=1)
    if _NEXT_END.search(said):
        return month_end(month_end(today) + timedelta(days=1))
    if _END.search(said):
        return month_end(today)
    if (found := _DATE.search(said)) is not None and (named := _dated(found, today)) is not None:
        return named
    if (english := _EN_DATE.search(said)) is not None:
        month = _EN_MONTHS.index(english[1] or english[4]) + 1
        return _coming_date(month, int(english[2] or english[3]), today)
    if (week := _NEXT_WEEKDAY.search(said)) is not None:
        weekday = _weekday(week[2] or week[3], week[5])
        monday = today - timedelta(days=today.weekday())
        if (week[1] or "").startswith(("下", "来")):
            return monday + timedelta(days=7 + weekday)
        ahead = (weekday - today.weekday()) % 7
        return today + timedelta(days=ahead or 7)
    return today if _TODAY.search(said) else None


def _dated(found: re.Match[str], today: date) -> date | None:
    try:
        if found[2]:
            year = int(found[1]) if found[1] else today.year
            if not found[1]:
                return _coming_date(int(found[2]), int(found[3]), today)
            return date(year, int(found[2]), int(found[3]))
        day = int(found[4] or found[5])
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
    found = _CLOCK.search(said)
    if found is None:
        return None
    if found["noon"]:
        return time(12, 0)
    hour = _number(found["hour"] or found["h2"] or found["h3"])
    minute = 30 if found["half"] else int(found["minute"] or found["m2"] or found["m3"] or 0)
    late = found["part"] in ("下午", "晚上", "傍晚", "午後", "夜") or found["ap"] == "pm"
    if late and hour < 12:
        hour += 12
    if found["ap"] == "am" and hour == 12:
        hour = 0
    if found["part"] is None and found["ap"] is None and 1 <= hour <= 6:
        hour += 12  # nobody wants to be reminded at three in the night
    return time(hour, minute) if hour < 24 and minute < 60 else None


def _number(text: str) -> int:
    return int(text) if text.isdigit() else _HAN.get(text, 1)


def _weekday(chinese: str | None, english: str | None) -> int:
    if chinese:
        return _DAYS[chinese]
    return _EN_DAYS.index(english) if english else 0


def _span(count: str, unit: str) -> timedelta:
    number = _number(count)
    if unit.startswith(("分", "minute")):
        return timedelta(minutes=number)
    if unit.startswith(("小时", "時間", "hour")):
        return timedelta(hours=number)
    return timedelta(days=number * (7 if unit.startswith(("周", "週", "week")) else 1))


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
    for pattern in _NAMES_TIME:
        while (found := pattern.search(said)) is not None and found.end() > found.start():
            plain = f"{plain[: found.start()]} {plain[found.end() :]}"
            said = f"{said[: found.start()]} {said[found.end() :]}"
    return " ".join(plain.split())


_NAMES_TIME = (
    _HALF_HOUR, _AFTER, _MONTH_END, _WEEKLY, _MONTHLY, _DAILY, _LATER, _TOMORROW, _NEXT_END, _END, _DATE, _EN_DATE,
    _NEXT_WEEKDAY, _TODAY, _CLOCK,
)  # fmt: skip
