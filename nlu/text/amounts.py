"""Amounts of money in a sentence (金额): exact, at least, at most, between, about."""

import re
from dataclasses import dataclass
from decimal import Decimal

from nlu.text import numerals
from nlu.text.slot_words import SlotWords

_FIGURE = r"(?:\d{1,3}(?:,\d{3})+|\d{1,8})(?:\.\d{1,3})?"
_MIXED = r"\d{1,3}[kw]\d(?![a-z])|\d{1,5}(?:\.\d{1,4})?[万千百](?:(?:[零]?(?:\d{1,4}|[一二三四五六七八九])[千百十]?){1,3})?"
_HAN = (
    f"(?:[一二三四五六七八]、(?=[二三四五六七八九][十百千万]))?[{numerals.CHINESE}]{{1,12}}"
    "(?:点[零〇一二三四五六七八九]{1,3})?"
)
_YEAR = re.compile(r"(?:19|20)\d\d")
_LARGEST = Decimal(10_000_000_000)
_BARE_LEAST = 10  # a bare number under that is a count, whatever stands before it
_NEAR = 24  # characters between the two ends of "over 500 but under 1000"
_WINDOW = 28
_PLACES = {"万": 10_000, "千": 1000, "百": 100, "十": 10}


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
    most: Decimal | None = None  # of "500多" and 三五百
    digit: bool = False  # one digit that may share the scale of what follows: 2-3k
    scale: Decimal = Decimal(1)


class Amounts:
    """Finds amounts, by the words of the language files."""

    def __init__(self, words: SlotWords, spoken: numerals.NumberWords) -> None:
        self._spoken = spoken
        self._scales = {word: Decimal(value) for word, value in words.table("amounts.scales").items()}
        scale, unit = words.any_of("amounts.scales"), words.any_of("amounts.units")
        some, sign = words.any_of("amounts.some_more"), words.any_of("amounts.signs")
        pair = words.any_of("numerals.pair")
        self._one = words.compiled(
            rf"(?:(?P<sign>{sign})\s?|(?<![a-z\d])(?<!\d[.,]))"
            rf"(?:(?P<mixed>{_MIXED})(?![\d.])|(?P<figure>{_FIGURE})(?!\d)(?:(?P<half>{words.any_of('numerals.half')})(?= {spoken.scale}))?"
            rf"|(?P<round>{words.any_of('amounts.round')})|(?P<han>{_HAN})|\b{pair}(?P<pair>{spoken.scale})\b|\b(?P<words>{spoken.phrase})\b)"
            rf"(?:[ -]?(?P<scale>{scale})(?![a-hj-z\d]))?(?P<vague>{some})?\s?(?P<unit>{unit})?(?P<few>{some})?"
            r"(?:(?P<rest>(?<=[块元])零?[\d一二三四五六七八九]{1,2})(?P<tenth>[毛角])?(?:(?P<cents>[\d一二三四五六七八九])分?)?(?![\d个张天月日号年份万千百]))?"
        )
        money = rf"\s*{unit}?\s*"
        self._more_before = words.before("amounts.more_before")
        self._less_before = words.before("amounts.less_before")
        self._about_before = words.before("amounts.about_before")
        self._more_after = words.after("amounts.more_after", money)
        self._less_after = words.after("amounts.less_after", money)
        self._about_after = words.after("amounts.about_after", money)
        self._than = words.before("amounts.than")
        self._than_less = words.after("amounts.than_less", money)
        self._than_more = words.after("amounts.than_more", money)
        self._range = words.compiled(rf"{money}{words.any_of('amounts.to')}\s*(?:{sign}\s?)?")
        self._range_after = words.after("amounts.range_after", money)
        self._range_before = words.before("amounts.range_before", rf"\s*(?:{sign}\s?)?")
        self._money_before = words.before("amounts.money_before")
        self._maybe_before = words.before("amounts.maybe_before")
        self._money_after = words.after("amounts.money_after")
        self._counted = words.after("amounts.counted")
        self._no_before = words.before("amounts.no_before")
        self._few = words.before("amounts.few", r"\s?")
        self._figures = words.compiled(rf"[\d一二三四五六七八九十百千万两壹贰叁肆伍陆柒捌玖]|{spoken.any}")

    def find(self, text: str, *, beside: bool = False) -> AmountFound | None:
        """The first amount in folded text that is money, or None.

        `beside` other criteria a bare number at the end is one: "Pinewood Conference Centre, 640".
        """
        if self._figures.search(text) is None:
            return None
        ones = [one for match in self._one.finditer(text) if (one := self._value(match)) is not None]
        for place, one in enumerate(ones):
            following = ones[place + 1] if place + 1 < len(ones) else None
            if following is not None and (ranged := self._between(text, one, following)) is not None:
                return ranged
            found = self._alone(text, one)
            if found is None:
                continue
            if following is not None and following.start - found.end <= _NEAR:
                return _both_ends(found, self._alone(text, following)) or found
            return found
        if beside and ones and ones[-1].value >= _BARE_LEAST and self._ends(text, ones[-1]):
            return AmountFound(ones[-1].start, ones[-1].end, ones[-1].value, ones[-1].value)
        return None

    def _ends(self, text: str, one: _One) -> bool:
        """Whether a bare number in figures stands by itself at the end, and is no year."""
        said = text[one.start : one.end]
        before = text[max(0, one.start - _WINDOW) : one.start]
        return (
            said.isdigit()
            and _YEAR.fullmatch(said) is None
            and text[one.end :].strip(" .?!,的\x00") == ""
            and before[-1:] in (" ", ",", "\x00", "、")
            and self._no_before.search(before) is None
        )

    def _value(self, match: re.Match[str]) -> _One | None:
        figure, han, mixed = match["figure"], match["han"], match["mixed"]
        most: Decimal | None = None
        explicit = match["sign"] is not None or match["unit"] is not None
        scale = self._scales.get(match["scale"] or "", Decimal(1))
        before = match.string[max(0, match.start() - _WINDOW) : match.start()]
        if figure is not None:
            if figure[0] == "0" and figure[1:2].isdigit():
                return None  # a dialling code, a number with zeros in front
            value = numerals.figure(figure) + (Decimal("0.5") if match["half"] else 0)
        elif mixed is not None:
            parsed = numerals.mixed(mixed)
            if parsed is None:
                return None
            value = parsed
        elif han is not None:
            ends = _han(han.replace("、", ""), explicit or self._more_before.search(before) is not None)
            if ends is None or (han[0] in _PLACES and self._few.search(before)):
                return None
            value, most = ends
        elif match["round"] is not None or match["pair"] is not None:
            value = Decimal(
                2 * self._spoken.scales[match["pair"]] if match["pair"] else _PLACES[match["round"][0]]
            )
            value, most = value - value / 10, value + value / 10
        else:
            spoken = self._spoken.value(match["words"])
            if spoken is None or self._few.search(before):
                return None
            value = Decimal(spoken)
        value *= scale
        if match["rest"]:
            value += _cents(match["rest"], match["cents"], tenths=match["tenth"] is not None)
        if most is None and value and (match["vague"] or match["few"]):
            most = value + _step(value, scale)
        end = match.start() + len(match.group().rstrip())
        many = value >= 100
        marked = bool(figure and ("," in figure or "." in figure)) or mixed is not None or scale != 1
        marked = marked or (many and (most is not None or han is not None or match["words"] is not None))
        marked = marked or match["round"] is not None or match["pair"] is not None
        digit = scale == 1 and not explicit and value < 10
        place = scale if figure is not None else Decimal(10) ** (len(str(int(value))) - 1)
        return _One(match.start(), end, value, explicit, marked, most, digit, place)

    def _between(self, text: str, one: _One, other: _One) -> AmountFound | None:
        if self._range.fullmatch(text, one.end, other.start) is None:
            return None
        if not other.explicit and self._counted.match(text, other.end) is not None:
            return None
        least, most = one.value, other.most or other.value
        if one.digit and other.scale > 1 and one.value < other.value / other.scale:
            least *= other.scale  # 2-3k, 三到五百
        led = self._range_before.search(text, max(0, one.start - _WINDOW), one.start) is not None
        led = led or self._range_after.match(text, other.end) is not None
        if not (one.explicit or other.explicit or led or (least >= _BARE_LEAST and most > least)):
            return None
        if least > most or most >= _LARGEST or least < 0:
            return None
        following = self._range_after.match(text, other.end)
        return AmountFound(one.start, following.end() if following else other.end, least, most)

    def _alone(self, text: str, one: _One) -> AmountFound | None:
        if one.value >= _LARGEST or one.value <= 0:
            return None
        before = text[max(0, one.start - _WINDOW) : one.start]
        if self._no_before.search(before):
            return None
        separated = one.value >= 1000 and "," in text[one.start : one.end]  # over 1,200 special invoices
        if not (one.explicit or separated) and self._counted.match(text, one.end) is not None:
            return None
        sure = one.explicit or one.marked or self._money_before.search(before) is not None
        if not sure and one.value < _BARE_LEAST:
            return None
        bound, end = self._bound(text, before, one)
        sure = sure or self._money_after.match(text, one.end) is not None
        if not (sure or bound or self._maybe_before.search(before)):
            return None
        if bound == "least" or (one.most is not None and self._than.search(before)):
            return AmountFound(one.start, end, one.value, None)
        if bound == "most":
            return AmountFound(one.start, end, None, one.most or one.value)
        if one.most is not None:
            return AmountFound(one.start, end, one.value, one.most)
        if bound == "about":
            tenth = one.value / 10
            return AmountFound(one.start, end, one.value - tenth, one.value + tenth)
        if not sure and _YEAR.fullmatch(text, one.start, one.end):
            return None
        return AmountFound(one.start, end, one.value, one.value)

    def _bound(self, text: str, before: str, one: _One) -> tuple[str, int]:
        """What the words around an amount make of it, and where they end. What stands behind wins."""
        for name, pattern in (
            ("least", self._more_after),
            ("most", self._less_after),
            ("about", self._about_after),
        ):
            if (found := pattern.match(text, one.end)) is not None:
                return name, found.end()
        if self._than.search(before):
            for name, pattern in (("most", self._than_less), ("least", self._than_more)):
                if (found := pattern.match(text, one.end)) is not None:
                    return name, found.end()
        # "不超过" ends with "超过", "no less than" with "less than": what begins first is what is meant.
        ways = (("least", self._more_before), ("most", self._less_before), ("about", self._about_before))
        led = [
            (found.start(), name) for name, pattern in ways if (found := pattern.search(before)) is not None
        ]
        return (min(led)[1] if led else ""), one.end


def _both_ends(one: AmountFound, other: AmountFound | None) -> AmountFound | None:
    """ "Over 500 but under 1000": one amount that is open above and one that is open below."""
    if other is None:
        return None
    least, most = (one.least, other.most) if one.most is None else (other.least, one.most)
    open_ends = (one.least is None) + (one.most is None) + (other.least is None) + (other.most is None)
    if least is None or most is None or open_ends != 2 or least > most:
        return None
    return AmountFound(one.start, other.end, least, most)


def _han(said: str, explicit: bool) -> tuple[Decimal, Decimal | None] | None:
    whole, _, decimals = said.partition("点")
    if (
        whole[0] in _PLACES
        and whole[0] != "十"
        and (not explicit or (len(whole) > 1 and whole[1] in _PLACES))
    ):
        return None  # 千五百円 is an amount; 百 in 百货, 千万 and 万一 are not
    if not decimals and (ends := numerals.spread(whole)) is not None:
        return Decimal(ends[0]), Decimal(ends[1])
    parsed = numerals.chinese(whole)
    if parsed is None:
        return None
    tail = "".join(str(numerals.DIGITS[char]) for char in decimals)
    return Decimal(f"{parsed}.{tail}" if tail else parsed), None


def _cents(said: str, cents: str | None, *, tenths: bool) -> Decimal:
    """What is said behind 块 or 元: 三十八块五, 12块5毛8, 8元50, 三块零五, 三块零五毛."""
    tail = numerals.small(said.removeprefix("零")) or 0
    if said[0] == "零" and not tenths:
        return Decimal(tail) / 100
    value = Decimal(tail) / (10 if tail < 10 else 100)
    return value + Decimal(numerals.small(cents) or 0) / 100 if cents else value


def _step(value: Decimal, scale: Decimal) -> Decimal:
    """ "500多" goes to 600, "30多" to 40, "1万多" to 2万."""
    step = scale
    while value % (step * 10) == 0:
        step *= 10
    return step
