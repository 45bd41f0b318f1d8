"""Amounts of money in a sentence (金额): exact, at least, at most, between, about."""

import re
from dataclasses import dataclass
from decimal import Decimal

from nlu.text import numerals

_FIGURE = r"(?:\d{1,3}(?:,\d{3})+|\d{1,8})(?:\.\d{1,2})?"
_WORDS = rf"(?:(?:{numerals.ENGLISH_WORDS})(?:[ -](?:and )?)?)+"
_HAN = f"[{numerals.CHINESE}]{{1,9}}"
_UNIT = r"(?:块钱|块|元|圆|人民币|rmb|cny|yuan|kuai|bucks|円)"
_SCALE = r"(?:万|千|百|[kw](?![a-z]))"
# One amount: currency, figures or numerals, scale, a vague tail, unit, and what is left of it (三十八块五).
_ONE = re.compile(
    rf"(?P<sign>[¥$]|rmb|cny)?\s?(?:(?P<figure>(?<![\d.,])(?:{_FIGURE}))(?![\d])|(?P<han>{_HAN})|\b(?P<words>{_WORDS})(?<=\w)\b)"
    rf"\s?(?P<scale>{_SCALE})?(?P<vague>多|余|来|几)?\s?(?P<unit>{_UNIT})?"
    rf"(?:(?P<rest>(?<=[块元])[\d一二三四五六七八九]{{1,2}})(?:毛|角)?(?![\d个张天月日号年份]))?"
)
_MORE_BEFORE = re.compile(
    r"(?:超过|大于|高于|多于|不低于|不少于|至少|最少|起码|over|above|more than|bigger than|larger than|greater than|higher than|at least|exceeding|exceeds?|from|>=?|最低)\s*(?:the )?$"
)
_LESS_BEFORE = re.compile(
    r"(?:不到|不超过|不足|小于|低于|少于|最多|至多|under|below|less than|smaller than|lower than|at most|up to|no more than|within|<=?)\s*$"
)
_ABOUT_BEFORE = re.compile(
    r"(?:大概|大约|约|差不多|大致|about|around|approx(?:imately)?\.?|roughly|~|circa|およそ|约|だいたい)\s*(?:是|在)?\s*$"
)
_MORE_AFTER = re.compile(
    r"\s*(?:(?:块钱?|元|yuan|rmb|円)?\s*(?:以上|及以上|往上|(?<!一)起(?!来)|\+|or more|and (?:up|above|over)|plus\b|より(?:高|大|多)い?|を?(?:超|こ)(?:える|えた|す)|超))"
)
_LESS_AFTER = re.compile(
    r"\s*(?:(?:块钱?|元|yuan|rmb|円)?\s*(?:以下|以内|之内|及以下|往下|or less|and (?:below|under)|未满|未満|より(?:安|低|少|小)さ?い?|を?下回る))"
)
_ABOUT_AFTER = re.compile(
    r"\s*(?:(?:块钱?|元|yuan|rmb|円)?\s*(?:左右|上下|前后|or so|ish\b|くらい|ぐらい|ほど|前後))"
)
_RANGE = re.compile(r"\s*(?:到|至|-|~|から|to|and|和|与|ー)\s*(?:¥\s?)?")
_BETWEEN = re.compile(r"(?:between|from|介于|在)\s*(?:¥\s?)?$")
# A bare number is money only beside such words.
_MONEY_BEFORE = re.compile(
    r"(?:金额|价税合计|合计|总额|总价|价格|面额|票面|amount|total|sum|price|for|金額|合计|值)(?:应该)?\s*(?:是|为|of|is|:|は|が)?\s*$"
)
_MONEY_AFTER = re.compile(r"\s*(?:的?那张|的?那笔|的?那个|的?那份|的那|的发票|的票|ちょうど|の分)")
_NO_MONEY = re.compile(
    r"\s*(?:张|張|份|个(?!$)|天|月|日|号|年|周|季|联|次|点|分(?:钟)?|人|%|折|位|页|件|枚|本|条|笔|名|岁|楼|层|路|星|mb|kb|gb|days?\b|weeks?\b|"
    r"months?\b|years?\b|invoices?\b|fapiaos?\b|times?\b|stars?\b|copies|pages?\b|people|slips?|tickets?|receipts?|つ|回|番|第|st\b|nd\b|rd\b|th\b|:|/)"
)
_MONEY_LIMIT = Decimal(10_000_000_000)


@dataclass(frozen=True, slots=True)
class AmountFound:
    """An amount or a range, in yuan; None where it is open on that side."""

    start: int
    end: int
    least: Decimal | None
    most: Decimal | None


@dataclass(frozen=True, slots=True)
class _One:
    start: int
    end: int
    value: Decimal
    explicit: bool  # with a currency
    marked: bool  # with separators, decimals or a scale
    step: Decimal | None = None  # of "500多"


def find_amount(text: str) -> AmountFound | None:
    """The first amount in folded text that is money, or None."""
    ones = [one for match in _ONE.finditer(text) if (one := _value(match)) is not None]
    for place, one in enumerate(ones):
        following = ones[place + 1] if place + 1 < len(ones) else None
        if following is not None and (ranged := _range(text, one, following)) is not None:
            return ranged
        if (found := _alone(text, one)) is not None:
            return found
    return None


def _value(match: re.Match[str]) -> _One | None:
    figure, han, words, scale = match["figure"], match["han"], match["words"], match["scale"]
    if figure is not None:
        if figure[0] == "0" and figure[1:2].isdigit():
            return None  # a dialling code, a number with zeros in front
        value = numerals.figure(figure)
    elif han is not None:
        parsed = numerals.chinese(han)
        if parsed is None:
            return None
        value = Decimal(parsed)
    else:
        spoken = numerals.english(words or "")
        if spoken is None:
            return None
        value = Decimal(spoken)
    factor = {"万": 10_000, "w": 10_000, "千": 1000, "k": 1000, "百": 100}.get(scale or "", 1)
    value *= factor
    if match["rest"]:
        tail = numerals.small(match["rest"]) or 0
        value += Decimal(tail) / (10 if tail < 10 else 100)
    step = _step(value, factor) if value and match["vague"] in ("多", "余", "来") else None
    if match["vague"] == "几" or (
        han is not None
        and han.endswith("十")
        and match["vague"] is None
        and match.string[: match.start()].endswith("几")
    ):
        return None  # a few dozen is no amount
    vague_money = step is not None and value >= 100  # "500多的"
    explicit = match["sign"] is not None or match["unit"] is not None
    marked = (
        vague_money
        or bool(figure and ("," in figure or "." in figure))
        or scale is not None
        or (bool(han) and value >= 100)
    )
    end = match.start() + len(match.group().rstrip())
    return _One(match.start(), end, value, explicit, marked or (bool(words) and value >= 100), step)


def _step(value: Decimal, factor: int) -> Decimal:
    """ "500多" goes to 600, "30多" to 40, "1万多" to 2万."""
    step = Decimal(factor)
    while value % (step * 10) == 0:
        step *= 10
    return step


def _range(text: str, one: _One, other: _One) -> AmountFound | None:
    if _RANGE.fullmatch(text[one.end : other.start]) is None:
        return None
    if _NO_MONEY.match(text, other.end) is not None and not other.explicit:
        return None
    led = _BETWEEN.search(text, max(0, one.start - 9), one.start) is not None
    if not (one.explicit or other.explicit or led or (one.value >= 10 and other.value > one.value)):
        return None
    least, most = one.value, other.value
    if least > most or most >= _MONEY_LIMIT:
        return None
    return AmountFound(one.start, other.end, least, most)


def _alone(text: str, one: _One) -> AmountFound | None:
    if one.value >= _MONEY_LIMIT or one.value <= 0:
        return None
    before = text[max(0, one.start - 16) : one.start]
    more, less = _MORE_AFTER.match(text, one.end), _LESS_AFTER.match(text, one.end)
    about = _ABOUT_AFTER.match(text, one.end)
    if not one.explicit and _NO_MONEY.match(text, one.end) is not None:
        return None
    bounded = more or less or about
    end = bounded.end() if bounded else one.end
    if more or (_MORE_BEFORE.search(before) and not less and not about):
        return AmountFound(one.start, end, one.value, None)
    if less or (_LESS_BEFORE.search(before) and not about):
        return AmountFound(one.start, end, None, one.value)
    if about or _ABOUT_BEFORE.search(before):
        tenth = one.value / 10
        return AmountFound(one.start, end, one.value - tenth, one.value + tenth)
    if not (one.explicit or one.marked or _MONEY_BEFORE.search(before) or _MONEY_AFTER.match(text, one.end)):
        return None
    if one.step is not None:
        return AmountFound(one.start, end, one.value, one.value + one.step)
    return AmountFound(one.start, end, one.value, one.value)
