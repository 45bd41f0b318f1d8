"""Amounts of money in figures (小写) and in capital characters (大写)."""

import re
from decimal import ROUND_HALF_UP, Decimal
from enum import StrEnum

from fapiao.text import plain, unspaced

FEN = Decimal("0.01")
LARGEST = Decimal(10) ** 12  # yuan, exclusive; no invoice comes near it


class MoneyReason(StrEnum):
    """Why a text is no amount."""

    EMPTY = "empty"
    NOT_A_NUMBER = "not_a_number"
    APPROXIMATE = "approximate"  # 1.2万: ask for the exact amount
    TOO_PRECISE = "too_precise"  # more than two decimals
    TOO_LARGE = "too_large"
    FOREIGN = "foreign"  # another currency


class MoneyError(ValueError):
    """A text is not an exact amount in yuan."""

    def __init__(self, reason: MoneyReason) -> None:
        super().__init__(reason.value)
        self.reason = reason


_CURRENCY = re.compile(
    r"^(?:CNY|RMB|人民币|[¥´`]|Y(?=[\d\-.]))|(?:元整|圆整|元正|元|圆|块钱|块|CNY|RMB|YUAN)$", re.IGNORECASE
)
_FOREIGN = re.compile(r"USD|EUR|HKD|JPY|GBP|[$€£]|美元|欧元|港币|港元|日元|英镑", re.IGNORECASE)
_APPROXIMATE = re.compile(r"[\d.]+(?:万|千|百|[kKwW])(?:多|余|左右)?$|多$|左右$|^约")
_FIGURES = re.compile(r"(?:\d{1,3}(?:,\d{3})+|\d+)?(?:\.\d*)?", re.ASCII)
_MASKED = re.compile(r"\*{1,12}|-{1,6}|免税|不征税|免征增值税")


def parse_money(text: str) -> Decimal:
    """Return the exact amount in `text` as Decimal yuan with two decimals; negative for red ones.

    Understands ¥1,234.50, ￥ 57, 57元, CNY 620.00, -¥3.00, (3.00), full-width forms and ¥ misread as Y or ´.
    Raises MoneyError; 1.2万 is refused as approximate.
    """
    packed = unspaced(text).replace("，", ",").replace("。", ".")
    if not packed:
        raise MoneyError(MoneyReason.EMPTY)
    if len(packed) > 64:
        raise MoneyError(MoneyReason.NOT_A_NUMBER)
    if _FOREIGN.search(packed):
        raise MoneyError(MoneyReason.FOREIGN)
    negative = False
    if packed[0] == "(" and packed[-1] == ")":
        packed, negative = packed[1:-1], True
    for _ in range(4):  # sign and currency stand in either order
        bare = _CURRENCY.sub("", packed)
        if bare[:1] in ("-", "+", "负"):
            negative ^= bare[0] != "+"
            bare = bare[1:]
        if bare == packed:
            break
        packed = bare
    if _APPROXIMATE.search(packed):
        raise MoneyError(MoneyReason.APPROXIMATE)
    if not re.search(r"[0-9]", packed) or not _FIGURES.fullmatch(packed):
        raise MoneyError(MoneyReason.NOT_A_NUMBER)
    whole, _, decimals = packed.replace(",", "").partition(".")
    if len(whole.lstrip("0")) > 12:
        raise MoneyError(MoneyReason.TOO_LARGE)
    if len(decimals.rstrip("0")) > 2:
        raise MoneyError(MoneyReason.TOO_PRECISE)
    amount = Decimal(f"{whole or 0}.{decimals[:2] or 0}").quantize(FEN)
    return -amount if negative and amount else amount


def parse_tax(text: str) -> Decimal:
    """Return a printed tax amount (税额); ***, --, 免税 and 不征税 count as 0.00 (verified).

    Raises MoneyError.
    """
    return Decimal("0.00") if _MASKED.fullmatch(unspaced(text)) else parse_money(text)


def money_text(amount: Decimal) -> str:
    """Return the amount as stored and printed by `piaoda read`: two decimals, no grouping."""
    return format(round_fen(amount), "f")


def round_fen(amount: Decimal) -> Decimal:
    """Round to the fen (分), halves away from zero, as invoices do."""
    return amount.quantize(FEN, rounding=ROUND_HALF_UP)


_LOOKALIKE_DIGITS = str.maketrans("OoQDIl|!SsZzBGq", "000011115522869")


def may_read_as(text: str, amount: Decimal) -> bool:
    """True if OCR may have made `text` out of `amount`: O/0, l/1, S/5, B/8, and lost or swapped , and .

    Only for choosing between readings; equality of amounts is exact.
    """
    printed = plain(text).translate(_LOOKALIKE_DIGITS)
    digits = re.sub(r"[^0-9]", "", printed).lstrip("0")
    wanted = re.sub(r"[^0-9]", "", money_text(amount)).lstrip("0")
    if ("-" in printed) != (amount < 0):
        return False
    return bool(digits) and (digits == wanted or (amount == int(amount) and digits + "00" == wanted))


_DIGITS = "零壹贰叁肆伍陆柒捌玖"
_DIGIT_VALUE = {character: value for value, character in enumerate(_DIGITS)}
_UNITS = {"拾": 10, "佰": 100, "仟": 1000}
# Everyday, traditional and misread characters (圆/园/囗, 捌/扒, 佰/伯, 陆/六) brought to the printed ones.
_VARIANTS = str.maketrans(
    "〇一二三四五六七八九弌貳弍两參叄叁陸扒十百千伯仔萬億元園园圓囗口块毛正",
    "零壹贰叁肆伍陆柒捌玖壹贰贰贰叁叁叁陆捌拾佰仟佰仟万亿圆圆圆圆圆圆圆角整",
)
_PREFIX = re.compile(r"^(?:价税合计)?(?:\(大写\))?(?:人民币)?[:⊗ⓧⓍ⒳⨂×xX✕☒⊕@]*")


def parse_capitals(text: str) -> Decimal:
    """Return the value of a capital amount (大写金额) in yuan. Raises MoneyError.

    圆 and 元, 整 and 正, missing or extra 零 and usual OCR confusions are accepted (seen on samples);
    anything that is not a well-formed amount is refused rather than guessed.
    """
    packed = unspaced(text)
    negative = False
    for _ in range(2):
        packed = _PREFIX.sub("", packed, count=1)
        for mark in ("(负数)", "负数", "(负)", "负"):
            if packed.startswith(mark):
                packed, negative = packed[len(mark) :], True
                break
    packed = packed.translate(_VARIANTS)
    if not packed:
        raise MoneyError(MoneyReason.EMPTY)
    if len(packed) > 60:
        raise MoneyError(MoneyReason.TOO_LARGE)
    amount = _capital_value(packed)
    if _bare(capitals(amount)) != _bare(packed):
        raise MoneyError(MoneyReason.NOT_A_NUMBER)
    return -amount if negative and amount else amount


def _bare(text: str) -> str:
    """Drop what may be printed or not: 零, the end mark, 壹 before a leading 拾, 圆 before bare 角."""
    bare = text.replace("零", "").removesuffix("整").removeprefix("圆")
    return "壹" + bare if bare.startswith("拾") else bare


def _capital_value(text: str) -> Decimal:
    whole, mark, rest = text.removesuffix("整").partition("圆")
    if not mark:
        whole, rest = "", whole
    jiao_text, jiao_mark, fen_text = rest.partition("角")
    if not jiao_mark:
        jiao_text, fen_text = "", rest
    jiao = _one_digit(jiao_text) if jiao_mark else 0
    fen = _one_digit(fen_text.removesuffix("分")) if fen_text.endswith("分") else 0
    if fen_text and not fen_text.endswith("分"):
        raise MoneyError(MoneyReason.NOT_A_NUMBER)
    if not (whole or jiao_mark or fen_text):
        raise MoneyError(MoneyReason.NOT_A_NUMBER)
    return Decimal(_whole_value(whole) * 100 + jiao * 10 + fen).scaleb(-2)


def _one_digit(text: str) -> int:
    digit = text.lstrip("零")
    if not digit and text:
        return 0
    if len(digit) != 1 or digit not in _DIGIT_VALUE:
        raise MoneyError(MoneyReason.NOT_A_NUMBER)
    return _DIGIT_VALUE[digit]


def _whole_value(text: str) -> int:
    value = 0
    for mark, factor in (("亿", 10**8), ("万", 10**4)):
        head, found, tail = text.partition(mark)
        if found:
            value += _section_value(head) * factor
            text = tail
    return value + _section_value(text)


def _section_value(text: str) -> int:
    value, digit = 0, 0
    for character in text:
        if character in _UNITS:
            value += (digit or 1) * _UNITS[character]
            digit = 0
        elif character in _DIGIT_VALUE and digit == 0:
            digit = _DIGIT_VALUE[character]
        else:
            raise MoneyError(MoneyReason.NOT_A_NUMBER)
    return value + digit


def capitals(amount: Decimal) -> str:
    """Return the amount in capital characters as invoices print it: 捌拾玖圆玖角整, （负数）伍圆整.

    Raises MoneyError from one trillion yuan up.
    """
    fen = int(round_fen(abs(amount)) * 100)
    if fen >= LARGEST * 100:
        raise MoneyError(MoneyReason.TOO_LARGE)
    sign = "（负数）" if amount < 0 and fen else ""
    whole, jiao, rest = fen // 100, fen // 10 % 10, fen % 10
    if not fen:
        return "零圆整"
    text = _whole_text(whole) + "圆" if whole else ""
    if jiao:
        text += _DIGITS[jiao] + "角"
    elif rest and whole:
        text += "零"
    return sign + text + (_DIGITS[rest] + "分" if rest else "整")


def _whole_text(whole: int) -> str:
    text, gap = "", False
    for factor, mark in ((10**8, "亿"), (10**4, "万"), (1, "")):
        section = whole // factor % 10**4
        if not section:
            gap = bool(text)
            continue
        if text and (gap or section < 1000):
            text += "零"
        text += _section_text(section) + mark
        gap = False
    return text


def _section_text(section: int) -> str:
    text, gap = "", False
    for unit, mark in ((1000, "仟"), (100, "佰"), (10, "拾"), (1, "")):
        digit = section // unit % 10
        if digit:
            text += ("零" if gap and text else "") + _DIGITS[digit] + mark
        gap = not digit
    return text
