"""Dates and periods in a sentence (日期, 时间段) as first and last day, both inclusive.

A month or day without a year is the latest one that is not in the future; "以后" and "since" end today.
"""

import re
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, timedelta

from nlu.text import numerals

_N = r"(\d{1,3}|[一二三四五六七八九十两]{1,3})"
_M = r"(1[0-2]|0?[1-9]|十[一二]?|[一二三四五六七八九])"
_D = r"(3[01]|[12]\d|0?[1-9]|三十一?|二十[一二三四五六七八九]?|十[一二三四五六七八九]?|[一二三四五六七八九])"
_Y = r"(20\d{2}|(?<!\d)[12]\d(?=年))"
_REL_YEAR = r"(去年|前年|今年|本年|昨年|一昨年|last year|this year)"
_WEEKDAYS = {c: n for n, s in enumerate(("一月", "二火", "三水", "四木", "五金", "六土", "日天")) for c in s}
_EN_DAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
_EN_MONTHS = ("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec")
_EM = (
    r"(january|february|march|april|may|june|july|august|september|october|november|december|"
    r"jan|feb|mar|apr|jun|jul|aug|sept|sep|oct|nov|dec)\b\.?"
)
_ED = r"(3[01]|[12]\d|0?[1-9])(?:st|nd|rd|th)?\b"
_WD = r"(mon|tues|wednes|thurs|fri|satur|sun)day\b"


@dataclass(frozen=True, slots=True)
class Period:
    """A period with its place; `open_year`: the year was guessed; `unit`: what a lone second part repeats."""

    start: int
    end: int
    first: date
    last: date
    open_year: bool = False
    unit: str = ""


_Maker = Callable[[re.Match[str], date], tuple[date, date, bool, str] | None]


def find_period(text: str, today: date) -> Period | None:
    """The period that folded text speaks of, or None."""
    found = _units(text, today)
    if not found:
        return None
    return _limited(text, _joined(text, found), today)


def _units(text: str, today: date) -> list[Period]:
    taken: list[Period] = []
    for pattern, make in _RULES:
        for match in pattern.finditer(text):
            if any(match.start() < other.end and other.start < match.end() for other in taken):
                continue
            try:
                made = make(match, today)
            except ValueError:  # no such day
                continue
            if made is not None and not _is_deadline(text, match.end()):
                taken.append(Period(match.start(), match.end(), *made))
    return sorted(taken, key=lambda period: period.start)


_DEADLINE = re.compile(r"(?:之?前(?!的)|before|まで(?:に)|内(?!容)|了(?!的))")
_TO = re.compile(r"\s*(?:到|至|-|~|から|to|until|till?|through|thru|and|&|和|与|跟|及|、|,|\s|と|ー)\s*")
_SINCE = re.compile(r"\s*(?:以后|之后|以来|以降|起(?!来)|开始|至今|到现在|から|onwards?|till now|until now)")
_SINCE_BEFORE = re.compile(r"(?:since|after|自|从)\s*$")
_UNTIL_AFTER = re.compile(r"\s*(?:以前的|之前的|以前(?=的?[票发])|以前開|より前)")
_FIRST_DAY = date(2000, 1, 1)


def _is_deadline(text: str, end: int) -> bool:
    return _DEADLINE.match(text, end) is not None and not text[end:].startswith(("前后", "了解"))


def _joined(text: str, found: list[Period]) -> Period:
    whole = found[0]
    for part in found[1:]:
        between = text[whole.end : part.start]
        if len(between) > 12 or _TO.fullmatch(between or " ") is None:
            break
        first, last = whole.first, part.last
        if part.open_year and not whole.open_year:
            # "2025年8月到10月": the year is said once.
            moved = _with_year(part, first.year)
            last = moved if moved >= first else _with_year(part, first.year + 1)
        if last < first and whole.open_year:
            first = first.replace(year=first.year - 1) if (first.month, first.day) != (2, 29) else first
        if last < first:
            first, last = min(first, part.first), max(whole.last, last)
        whole = Period(whole.start, part.end, first, last, whole.open_year, part.unit)
    return whole


def _with_year(part: Period, year: int) -> date:
    if part.unit == "month":
        return _month(year, part.last.month)[1]
    return part.last.replace(year=year)


def _limited(text: str, period: Period, today: date) -> Period:
    after = _SINCE.match(text, period.end)
    before = _SINCE_BEFORE.search(text, max(0, period.start - 8), period.start)
    if after is not None and not _TO.fullmatch(text[period.end : period.end + 1] or "x"):
        return Period(period.start, after.end(), period.first, max(today, period.first))
    if after is not None or (before is not None and period.first == period.last != today):
        end = after.end() if after is not None else period.end
        return Period(period.start, end, period.first, max(today, period.first))
    if before is not None and before.group().startswith(("since", "after")):
        return Period(period.start, period.end, period.first, max(today, period.first))
    if (until := _UNTIL_AFTER.match(text, period.end)) is not None:
        return Period(period.start, until.end(), _FIRST_DAY, period.first - timedelta(days=1))
    return period


def _month(year: int, month: int) -> tuple[date, date]:
    first = date(year, month, 1)
    following = date(year + month // 12, month % 12 + 1, 1)
    return first, following - timedelta(days=1)


def _months_back(today: date, count: int) -> date:
    place = today.year * 12 + today.month - 1 - count
    year, month = divmod(place, 12)
    return min(
        date(year, month + 1, min(today.day, 28)), date(year, month + 1, 1) + timedelta(days=today.day - 1)
    )


def _number(text: str) -> int:
    value = numerals.small(text)
    if value is None:
        raise ValueError(text)
    return value


def _year(text: str | None, today: date) -> int | None:
    if not text:
        return None
    back = {"去年": 1, "昨年": 1, "last year": 1, "前年": 2, "一昨年": 2}
    if text.isdigit():
        return int(text) if len(text) == 4 else 2000 + int(text)
    return today.year - back.get(text, 0)


def _one_month(year: int | None, month: int, today: date) -> tuple[date, date, bool, str]:
    guessed = year is None
    if year is None:
        year = today.year if month <= today.month else today.year - 1
    return *_month(year, month), guessed, "month"


def _one_day(year: int | None, month: int, day: int, today: date) -> tuple[date, date, bool, str]:
    guessed = year is None
    if year is None:
        year = today.year
        if (month, day) > (today.month, today.day):
            year -= 1
    return date(year, month, day), date(year, month, day), guessed, "day"


_THIRDS = {
    "上旬": (1, 10), "中旬": (11, 20), "下旬": (21, 31), "初": (1, 10), "中": (11, 20), "底": (21, 31), "末": (21, 31),
    "early": (1, 10), "mid": (11, 20), "late": (21, 31), "头": (1, 10), "尾": (21, 31),
}  # fmt: skip


def _third(first: date, last: date, part: str | None) -> tuple[date, date]:
    if not part:
        return first, last
    low, high = _THIRDS[part]
    return first.replace(day=low), first.replace(day=min(high, last.day))


def _quarter(year: int | None, quarter: int, today: date) -> tuple[date, date, bool, str]:
    guessed = year is None
    if year is None:
        year = today.year if (quarter - 1) * 3 < today.month else today.year - 1
    return _month(year, quarter * 3 - 2)[0], _month(year, quarter * 3)[1], guessed, "quarter"


def _half(year: int | None, second: bool, today: date) -> tuple[date, date, bool, str]:
    guessed = year is None
    if year is None:
        year = today.year if not second or today.month > 6 else today.year - 1
    low, high = (7, 12) if second else (1, 6)
    return date(year, low, 1), _month(year, high)[1], guessed, "half"


def _week(today: date, back: int) -> tuple[date, date, bool, str]:
    monday = today - timedelta(days=today.weekday() + 7 * back)
    return monday, monday + timedelta(days=6), False, "week"


def _day(day: date) -> tuple[date, date, bool, str]:
    return day, day, False, "day"


def _weekday(today: date, weekday: int, back: int | None) -> tuple[date, date, bool, str]:
    if back is None:
        return _day(today - timedelta(days=(today.weekday() - weekday) % 7))
    return _day(_week(today, back)[0] + timedelta(days=weekday))


def _back(today: date, count: int, unit: str) -> tuple[date, date, bool, str]:
    if unit in ("天", "日", "日间", "日間", "day"):
        return today - timedelta(days=count), today, False, "back"
    if unit in ("周", "星期", "礼拜", "週間", "周间", "week"):
        return today - timedelta(days=7 * count), today, False, "back"
    if unit in ("年", "年间", "year"):
        return _months_back(today, 12 * count), today, False, "back"
    return _months_back(today, count), today, False, "back"


def _relative_month(today: date, back: int) -> tuple[date, date]:
    place = today.year * 12 + today.month - 1 - back
    return _month(place // 12, place % 12 + 1)


def _zh_month(match: re.Match[str], today: date) -> tuple[date, date, bool, str] | None:
    year = _year(match[1] or match[2], today)
    first, last, guessed, unit = _one_month(year, _number(match[3]), today)
    return *_third(first, last, match[4]), guessed, unit if not match[4] else "part"


def _lone_day(match: re.Match[str], today: date) -> tuple[date, date, bool, str]:
    day = _number(match[1])
    first, _ = _relative_month(today, 0 if day <= today.day else 1)
    return _day(first.replace(day=day))


def _en_month(match: re.Match[str], today: date) -> tuple[date, date, bool, str] | None:
    part, name, year, relative = match[1], match[2], match[3], match[4]
    if name == "may" and not (part or year or relative or _leads_to_month(match)):
        return None
    month = _EN_MONTHS.index(name[:3]) + 1
    said = _year(year or (relative and relative.replace("of ", "")), today)
    if match.string[: match.start()].rstrip().endswith("last") and said is None and not part:
        said = today.year - 1 if month >= today.month else today.year
    first, last, guessed, unit = _one_month(said, month, today)
    return *_third(first, last, part), guessed, unit


_LEADS = re.compile(r"(?:in|of|from|since|until|till|til|to|for|during|last|this|and|through|by|-|,|&)\s*$")


def _leads_to_month(match: re.Match[str]) -> bool:
    before = match.string[max(0, match.start() - 9) : match.start()]
    return _LEADS.search(before) is not None or match.string[match.end() :].lstrip().startswith(
        ("invoice", "fapiao")
    )


def _rule(pattern: str, make: _Maker) -> tuple[re.Pattern[str], _Maker]:
    return re.compile(pattern), make


_BACK_WORDS = {"上上": 2, "上": 1, "这": 0, "本": 0, "前": 1, "先先": 2, "先": 1, "先々": 2, "今": 0, "当": 0}

_RULES: tuple[tuple[re.Pattern[str], _Maker], ...] = (
    # Days in figures.
    _rule(
        r"(?<!\d)(20\d{2})\s?[-/.年]\s?(1[0-2]|0?[1-9])\s?[-/.月]\s?(3[01]|[12]\d|0?[1-9])(?!\d)[日号]?",
        lambda m, t: _one_day(int(m[1]), int(m[2]), int(m[3]), t),
    ),
    _rule(
        r"(?<!\d)(20[12]\d)(1[0-2]|0[1-9])(3[01]|[12]\d|0[1-9])(?!\d)",
        lambda m, t: (
            _one_day(int(m[1]), int(m[2]), int(m[3]), t)
            if date(int(m[1]), int(m[2]), int(m[3])) <= t
            else None
        ),
    ),
    _rule(
        rf"(?:{_Y}年|{_REL_YEAR}(?:的|の)?)?\s?{_M}月\s?{_D}(?:[日号]|(?![\d个張张份块元,.]))",
        lambda m, t: _one_day(_year(m[1] or m[2], t), _number(m[3]), _number(m[4]), t),
    ),
    _rule(
        r"令和(\d{1,2})年",
        lambda m, t: (date(2018 + int(m[1]), 1, 1), date(2018 + int(m[1]), 12, 31), False, "year"),
    ),
    _rule(
        rf"{_ED} (?:of )?{_EM}(?:,? (20\d\d))?",
        lambda m, t: _one_day(_year(m[3], t), _EN_MONTHS.index(m[2][:3]) + 1, int(m[1]), t),
    ),
    _rule(
        rf"\b{_EM} {_ED}(?:,? (20\d\d))?",
        lambda m, t: _one_day(_year(m[3], t), _EN_MONTHS.index(m[1][:3]) + 1, int(m[2]), t),
    ),
    _rule(
        r"(?<![\d.,/-])(1[0-2]|0?[1-9])/(3[01]|[12]\d|0?[1-9])(?![\d/])",
        lambda m, t: _one_day(None, int(m[1]), int(m[2]), t),
    ),
    # Days by name.
    _rule(r"大前天", lambda m, t: _day(t - timedelta(days=3))),
    _rule(
        r"(?<!大)前天|前日|一昨日|おととい|(?:the )?day before yesterday",
        lambda m, t: _day(t - timedelta(days=2)),
    ),
    _rule(r"昨[天日晚]|yesterday(?:'s)?|きのう", lambda m, t: _day(t - timedelta(days=1))),
    _rule(r"今[天日晚早](?!后)|today(?:'s)?|きょう", lambda m, t: _day(t)),
    _rule(
        r"(上上|上|这|本|先先|先々|先|今)(?:个)?(?:周|星期|礼拜|週)(?:の)?([一二三四五六日天]|[月火水木金土](?=曜))(?:曜日?)?",
        lambda m, t: _weekday(t, _WEEKDAYS[m[2]], _BACK_WORDS[m[1]]),
    ),
    _rule(
        r"(?<![上这本个])(?:周|星期|礼拜)([一二三四五六日天])",
        lambda m, t: _weekday(t, _WEEKDAYS[m[1]], None),
    ),
    _rule(r"([月火水木金土日])曜日?", lambda m, t: _weekday(t, _WEEKDAYS[m[1]], None)),
    _rule(rf"last {_WD}", lambda m, t: _last_weekday(t, _EN_DAYS.index(m[1][:3]))),
    _rule(rf"this {_WD}", lambda m, t: _weekday(t, _EN_DAYS.index(m[1][:3]), 0)),
    _rule(rf"\b(?:on )?{_WD}(?:'s)?", lambda m, t: _weekday(t, _EN_DAYS.index(m[1][:3]), None)),
    # So many back from today.
    _rule(
        rf"(?:最近|近|过去|過去|这|直近|この|ここ)(?:的)?\s?{_N}\s?(?:个|か|ヶ|ケ|カ|箇)?(天|日間|日间|日|周|週間|周间|星期|礼拜|月間?|月间?|年间?|年間?)(?:间|間)?(?:内|以内|里)?",
        lambda m, t: _back(t, _number(m[1]), m[2]),
    ),
    _rule(
        r"(?:最近|近|过去)(?:的)?半(?:个)?(年|月)",
        lambda m, t: _back(t, 6, "月") if m[1] == "年" else _back(t, 15, "天"),
    ),
    _rule(r"(?:最近|近|过去)(?:的)?(?:一|这)?(?:个)?(周|星期|礼拜|月|年)", lambda m, t: _back(t, 1, m[1])),
    _rule(
        r"\b(?:the )?(?:last|past|previous) (\d{1,3}|a|one|two|three|four|five|six|seven|ten|twelve|thirty|couple of) (day|week|month|year)s?",
        lambda m, t: _back(t, _english_count(m[1]), m[2]),
    ),
    # Weeks.
    _rule(r"上上(?:个)?(?:周|星期|礼拜)|先[先々]週|week before last", lambda m, t: _week(t, 2)),
    _rule(r"上(?:个|一)?(?:周|星期|礼拜)|先週|先周|\blast week(?:'s)?", lambda m, t: _week(t, 1)),
    _rule(
        r"(?:这|本)(?:个|一)?(?:周|星期|礼拜)(?!末)|今週|今周|\bthis week(?:'s)?", lambda m, t: _week(t, 0)
    ),
    # Months.
    _rule(
        rf"(?:{_Y}年|{_REL_YEAR}(?:的|の)?)?\s?(?<!\d){_M}月(?:份|分)?(?:的)?(上旬|中旬|下旬|初|底|末|头)?(?!\d|间|間)",
        _zh_month,
    ),
    _rule(
        r"(?<![\d.,])(20\d\d)[-/.](1[0-2]|0[1-9])(?![\d-])", lambda m, t: _one_month(int(m[1]), int(m[2]), t)
    ),
    _rule(
        r"(上上|上|这|本|先先|先々|先|今|当|前)(?:个|一)?月(?:份|分)?(?:的)?(上旬|中旬|下旬|初|底|末)?",
        lambda m, t: (*_third(*_relative_month(t, _BACK_WORDS[m[1]]), m[2]), False, "relmonth"),
    ),
    _rule(r"month before last", lambda m, t: (*_relative_month(t, 2), False, "relmonth")),
    _rule(
        r"\b(early |mid[ -]?|late )?(?:last|previous) month(?:'s)?",
        lambda m, t: (*_third(*_relative_month(t, 1), (m[1] or "").strip(" -") or None), False, "relmonth"),
    ),
    _rule(r"\bthis month(?:'s)?", lambda m, t: (*_relative_month(t, 0), False, "relmonth")),
    _rule(
        rf"\b(early|mid|late)?(?:[ -](?=\w))?\b{_EM}(?:'s)?(?:,? (?:of )?(20\d\d)| ((?:of )?(?:last|this) year))?",
        _en_month,
    ),
    # Quarters and halves.
    _rule(
        rf"(?:{_Y}年?|{_REL_YEAR}(?:的|の)?)?\s?(?:第)?([一二三四1-4])(?:个)?(?:季度|季|四半期)",
        lambda m, t: _quarter(_year(m[1] or m[2], t), _number(m[3]), t),
    ),
    _rule(
        rf"(?:{_Y}年?|{_REL_YEAR}(?:的|の)?)?\s?\bq([1-4])\b(?:,? (?:of )?(20\d\d|last year|this year))?",
        lambda m, t: _quarter(_year(m[1] or m[2] or m[4], t), int(m[3]), t),
    ),
    _rule(
        r"\b(first|second|third|fourth|1st|2nd|3rd|4th|last|this) quarter(?: of (20\d\d|last year|this year))?",
        lambda m, t: _en_quarter(m, t),
    ),
    _rule(
        r"(上|本|这|今|先|前)(?:个|一)?(?:季度|四半期)",
        lambda m, t: _relative_quarter(t, 1 if m[1] in "上先前" else 0),
    ),
    _rule(
        rf"(?:{_Y}年|{_REL_YEAR}(?:的|の)?)?\s?([上下])半(?:年|期)",
        lambda m, t: _half(_year(m[1] or m[2], t), m[3] == "下", t),
    ),
    _rule(
        r"\b(first|second) half (?:of (?:the )?(20\d\d|last year|this year|year))?",
        lambda m, t: _half(_year(m[2] if m[2] != "year" else None, t), m[1] == "second", t),
    ),
    _rule(r"\bh([12])\b(?: (20\d\d))?", lambda m, t: _half(_year(m[2], t), m[1] == "2", t)),
    # Years and lone days.
    _rule(
        rf"{_REL_YEAR}(?:一年|整年|全年)?",
        lambda m, t: (
            date(_year(m[1], t) or t.year, 1, 1),
            date(_year(m[1], t) or t.year, 12, 31),
            False,
            "year",
        ),
    ),
    _rule(
        r"(?<!\d)(20\d\d)年(?:度|全年)?(?!\d|[一二三四五六七八九十]{1,2}月)",
        lambda m, t: (date(int(m[1]), 1, 1), date(int(m[1]), 12, 31), False, "year"),
    ),
    _rule(
        r"\b(?:in|of|for|during|from|year) (20[12]\d)\b",
        lambda m, t: (date(int(m[1]), 1, 1), date(int(m[1]), 12, 31), False, "year"),
    ),
    _rule(
        r"(?<![\d.,月第])(3[01]|[12]\d|[1-9]|二?十[一二三四五六七八九]|二十)号(?![楼线仓库口门馆院厅机码])",
        _lone_day,
    ),
)


def _english_count(text: str) -> int:
    if text.isdigit():
        return int(text)
    return {"a": 1, "couple of": 2}.get(text) or {
        "one": 1,
        "two": 2,
        "three": 3,
        "four": 4,
        "five": 5,
        "six": 6,
        "seven": 7,
        "ten": 10,
        "twelve": 12,
        "thirty": 30,
    }.get(text, 1)


def _last_weekday(today: date, weekday: int) -> tuple[date, date, bool, str]:
    back = (today.weekday() - weekday) % 7 or 7
    return _day(today - timedelta(days=back))


def _relative_quarter(today: date, back: int) -> tuple[date, date, bool, str]:
    place = today.year * 4 + (today.month - 1) // 3 - back
    return _quarter(place // 4, place % 4 + 1, today)


def _en_quarter(match: re.Match[str], today: date) -> tuple[date, date, bool, str]:
    if match[1] in ("last", "this"):
        return _relative_quarter(today, match[1] == "last")
    order = {"first": 1, "1st": 1, "second": 2, "2nd": 2, "third": 3, "3rd": 3, "fourth": 4, "4th": 4}
    return _quarter(_year(match[2], today), order[match[1]], today)
