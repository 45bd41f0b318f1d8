"""Invoice numbers and codes (发票号码, 发票代码) in a sentence; nothing personal is taken for one."""

import re
from dataclasses import dataclass

from fapiao.numbers import code_plausible, digital_number_plausible, split_glued
from nlu.text.numerals import spelled_digits

_RUN = re.compile(r"(?<![0-9])\d(?:[ -]{0,2}\d){5,40}(?![0-9])", re.ASCII)
_GROUP = re.compile(r"\d+", re.ASCII)
_LETTER = re.compile(r"[a-z]")
_DAY = re.compile(r"20\d\d-(?:1[0-2]|0?[1-9])-(?:3[01]|[12]\d|0?[1-9])(?!\d)")
_CODE_CUE = re.compile(r"(?:代码|code|コード)\W{0,4}(?:是|为|は|is)?\W{0,3}$")
_NUMBER_CUE = re.compile(r"(?:号码|号|number|no\.?|番号|#)\W{0,4}(?:是|为|は|is)?\W{0,3}$")
_OTHER_CUE = re.compile(
    r"(?:快递|运单|订单|合同|工号|邮编|电话|手机|座机|卡号|身份证|税号|tel|phone|order|tracking|parcel|po|contract|"
    r"staff|tax id|電話|注文|社員|追跡)\W{0,2}(?:单号|号码|号|number|no\.?|id|番号)?\W{0,4}(?:是|为|は|is)?\W{0,3}$"
)
_WINDOW = 16  # characters before a number in which a cue stands
_IDENTITY_WEIGHTS = (7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2)


@dataclass(frozen=True, slots=True)
class NumberFound:
    """A number with its place; `code` where both were glued together or it is a code alone."""

    start: int
    end: int
    number: str | None
    code: str | None = None


def find_numbers(text: str) -> list[NumberFound]:
    """All invoice numbers and codes in folded text, in order."""
    found: list[NumberFound] = []
    if (spelled := spelled_digits(text)) is not None:
        digits, start, end = spelled
        if len(digits) in (8, 20):
            found.append(NumberFound(start, end, digits))
    for run in _RUN.finditer(text):
        if _DAY.match(run.group()):
            continue
        found += _in_run(text, run.start(), run.end())
    return found


def _in_run(text: str, start: int, end: int) -> list[NumberFound]:
    groups = [(start + group.start(), start + group.end()) for group in _GROUP.finditer(text[start:end])]
    whole = "".join(text[left:right] for left, right in groups)
    lengths = [right - left for left, right in groups]
    if len(groups) > 1 and all(length in (8, 10, 12, 20) for length in lengths):
        return [each for left, right in groups for each in _one(text, left, right, text[left:right])]
    if len(groups) > 1 and len(whole) not in (8, 20) and any(length in (8, 20) for length in lengths):
        return [each for left, right in groups for each in _one(text, left, right, text[left:right])]
    return _one(text, start, end, whole)


def _one(text: str, start: int, end: int, digits: str) -> list[NumberFound]:
    before, after = text[max(0, start - _WINDOW) : start], text[end : end + 1]
    if _LETTER.match(before[-1:]) or _LETTER.match(after):
        return []  # a parcel, an order, a version
    if _OTHER_CUE.search(before) and not _NUMBER_CUE.search(
        before.split("发票")[-1] if "发票" in before else ""
    ):
        return []
    match len(digits):
        case 8:
            return [] if _is_landline(text, start) else [NumberFound(start, end, digits)]
        case 20:
            glued = None if digital_number_plausible(digits) else split_glued(digits)
            if glued is not None:
                return [NumberFound(start, end, glued.number, glued.code)]
            return [NumberFound(start, end, digits)]
        case 18:
            glued = None if _is_identity(digits) else split_glued(digits)
            return [] if glued is None else [NumberFound(start, end, glued.number, glued.code)]
        case 10 | 12:
            if _CODE_CUE.search(before) or code_plausible(digits):
                return [NumberFound(start, end, None, digits)]
    return []


def _is_landline(text: str, start: int) -> bool:
    return re.search(r"(?<!\d)0\d{2,3}[ -]?$", text[max(0, start - 6) : start]) is not None


def _is_identity(digits: str) -> bool:
    """Whether 18 digits are an identity number (身份证): a birth date inside, or the right check digit."""
    year, month, day = int(digits[6:10]), int(digits[10:12]), int(digits[12:14])
    born = 1900 <= year <= 2100 and 1 <= month <= 12 and 1 <= day <= 31
    check = (12 - sum(int(d) * w for d, w in zip(digits, _IDENTITY_WEIGHTS, strict=False)) % 11) % 11
    return born or check == int(digits[17])
