"""Number, code, issue date and check code (发票号码, 发票代码, 开票日期, 校验码) on a page's rows."""

import re
from collections.abc import Iterator
from datetime import date

from fapiao.dates import parse_date
from fapiao.kinds import Kind
from fapiao.numbers import code_plausible, digital_number_plausible, near_miss
from nlu.document.evidence import Evidence
from nlu.document.labels import Label, Labelled, runs
from nlu.document.page import Piece

# What OCR makes of digits; a repair costs score, never silence.
_LOOKALIKES = str.maketrans("OoQDIl|!ZzSsBGqg", "0000111122558699")
_DIGITISH = re.compile(r"[0-9OoQDIl|!ZzSsBGqg]{6,}")
REPAIRED = 0.85  # factor on the score of a value that needed a look-alike repaired

_CODE_LENGTHS = (10, 12)


def digit_runs(text: str, *, repair: bool) -> Iterator[tuple[str, float, int, int]]:
    """Yield runs of six digits or more with a score factor and their place in `text`."""
    for found in (_DIGITISH if repair else re.compile(r"\d{6,}")).finditer(text):
        run = found.group()
        clean = run.translate(_LOOKALIKES)
        if clean.isdigit() and sum(char.isdigit() for char in run) >= 0.7 * len(run):
            yield clean, 1.0 if clean == run else REPAIRED, found.start(), found.end()


def read_identity(found: Labelled, evidence: Evidence, *, repair: bool) -> None:
    """Put number, code, date and check code of the page into `evidence`."""
    _numbers(found, evidence, repair)
    _codes(found, evidence, repair)
    _unlabelled(found, evidence, repair)
    _dates(found, evidence, repair)
    _check_codes(found, evidence, repair)
    if evidence.first("number") is None and evidence.digital_number is not None:
        evidence.add("number", evidence.digital_number, 0.97, text=evidence.digital_number)


def _values(found: Labelled, label: Label) -> Iterator[Piece]:
    right = found.right_of(label, gap=3.0) or found.level_with(label)
    if right is not None:
        yield right
    below = found.below(label)
    if below is not None:
        yield below


def _numbers(found: Labelled, evidence: Evidence, repair: bool) -> None:
    for label in found.named("digital_number", "number"):
        lengths = (10,) if "票据" in label.piece.text else (8, 20)  # 财政票据
        if not repair and _torn(found, evidence, label, "number", 20):
            continue
        for piece in _values(found, label):
            run = next((run for run in digit_runs(piece.text, repair=repair) if len(run[0]) in lengths), None)
            if run is None:
                continue
            digits, factor, start, end = run
            place = Piece(piece.row, piece.start + start, piece.start + end)
            if label.name == "digital_number" and len(digits) == 20:
                # On the paper form it stands beside the 8-digit number, which then is the number.
                evidence.digital_number = evidence.digital_number or digits
                break
            evidence.add("number", digits, place.score * factor, text=digits, box=found.box(place))
            break


def _codes(found: Labelled, evidence: Evidence, repair: bool) -> None:
    for label in found.named("code"):
        lengths = (8,) if "票据" in label.piece.text else _CODE_LENGTHS
        if not repair and _torn(found, evidence, label, "code", 12):
            continue
        for piece in _values(found, label):
            run = next((run for run in digit_runs(piece.text, repair=repair) if len(run[0]) in lengths), None)
            if run is None:
                continue
            digits, factor, start, end = run
            place = Piece(piece.row, piece.start + start, piece.start + end)
            evidence.add("code", digits, place.score * factor, text=digits, box=found.box(place))
            break


def _torn(found: Labelled, evidence: Evidence, label: Label, name: str, length: int) -> bool:
    """A value whose frame was too narrow for it goes on in the next line, under its beginning."""
    first, after = found.right_of(label, gap=3.0), label.index + 1
    if first is None or not re.fullmatch(r"\d{4,19}", first.text) or after >= len(found.page.rows):
        return False
    row, size = found.page.rows[after], first.row.height
    if row.middle - first.middle > 1.6 * size:
        return False
    if any(one.index == after and label.piece.x0 - size < one.piece.x1 < first.x1 for one in found.labels):
        return False  # the next line has a label of its own
    under = next((i for i, glyph in enumerate(row.glyphs) if abs(glyph.x0 - first.x0) < 0.6 * size), None)
    rest = None if under is None else re.compile(r"\d+").match(row.text, under)
    digits = first.text + rest.group() if rest else ""
    if len(digits) != length or not (code_plausible if name == "code" else digital_number_plausible)(digits):
        return False
    evidence.add(name, digits, 0.95 * first.score, text=digits, box=found.box(first))
    return True


_NO = re.compile(r"(?:N[o0°º]|№|Nℴ)[.:·]?([0-9OIlSB]{8})(?![0-9])")


def _unlabelled(found: Labelled, evidence: Evidence, repair: bool) -> None:
    """Numbers by their form alone: the 20 digits of a digital invoice, the large code and number of a paper
    one, which stand in the head."""
    page = found.page
    if not page.rows:
        return
    reach = page.rows[0].y0 + 0.4 * (page.rows[-1].y1 - page.rows[0].y0)
    labelled = {label.index for label in found.named("machine_number", "check_code", "ticket_number", "bank")}
    odd: list[tuple[Piece, str, float]] = []
    for index, row in enumerate(page.rows):
        if row.middle > reach:
            break
        named = _NO.search(row.text)
        if named:
            digits = named.group(1).translate(_LOOKALIKES)
            place = Piece(row, named.start(1), named.end(1))
            evidence.add("number", digits, place.score, text=digits, box=found.box(place))
        if index in labelled:
            continue
        for piece in runs(row, gap=0.9):
            for digits, factor, start, end in digit_runs(piece.text, repair=repair):
                place = Piece(row, piece.start + start, piece.start + end)
                whole = end - start == len(piece.text)
                name, score = _by_form(digits, whole=whole), place.score * factor * 0.97
                if name is not None:
                    evidence.add(name, digits, score, text=digits, box=found.box(place), labelled=False)
                elif whole and len(digits) in _CODE_LENGTHS:
                    odd.append((place, digits, score))
    codes = [one.value for one in evidence.values.get("code", ())]
    for place, digits, score in odd:  # no code, but what is printed twice may have been altered in one place
        if any(near_miss(digits, code) for code in codes):
            evidence.add("code", digits, score, text=digits, box=found.box(place), labelled=False)


def _by_form(digits: str, *, whole: bool) -> str | None:
    if len(digits) == 20 and digital_number_plausible(digits):
        return "number"
    if not whole:
        return None
    if len(digits) in _CODE_LENGTHS and code_plausible(digits):
        return "code"
    return "number" if len(digits) == 8 and parse_date(digits) is None else None


_DATE = re.compile(
    r"(\d{4}|\d{2})[年午牛\-/.—](\d{1,2})[月用\-/.—](\d{2}(?=\d{2}:\d{2})|\d{1,2}(?!\d))"
)  # 2020-03-18 10:21 stands in a row without its space
_TIGHT_DATE = re.compile(r"(?<!\d)(20\d{2})年?([01]\d)月?([0-3]\d)(?!\d)")  # a font may lack one of the signs


def printed_date(text: str, *, repair: bool) -> tuple[date | None, float]:
    """Return the date in compact text and a score factor."""
    clean, factor = text, 1.0
    if repair and not _DATE.search(clean):
        clean = re.sub(r"[OoQDIl|!ZzSsBGqg]", lambda m: m.group().translate(_LOOKALIKES), text)
        factor = REPAIRED
    for pattern in (_DATE, _TIGHT_DATE):
        match = pattern.search(clean)
        if match:
            year = int(match.group(1)) + (2000 if len(match.group(1)) == 2 else 0)
            try:
                day = date(year, int(match.group(2)), int(match.group(3)))
            except ValueError:
                continue
            if 1994 <= day.year <= 2099:
                return day, factor
    return None, 0.0


def _dates(found: Labelled, evidence: Evidence, repair: bool) -> None:
    for label in found.named("date"):
        for piece in _values(found, label):
            day, factor = printed_date(piece.text, repair=repair)
            if day is not None:
                score = piece.score * factor
                evidence.add("issue_date", day, score, text=piece.text, box=found.box(piece))
                break
    if evidence.first("issue_date") is None and found.page.rows:
        _date_in_head(found, evidence)


def _date_in_head(found: Labelled, evidence: Evidence) -> None:
    """Where its label was not recognised: the one date above the parties."""
    rows = found.page.rows
    reach = rows[0].y0 + 0.35 * (rows[-1].y1 - rows[0].y0)
    ends = [label.index for label in found.named("tax_id", "buyer_tax_id", "item")]
    dated = [
        (Piece(row, match.start(), match.end()), printed_date(match.group(), repair=False)[0])
        for row in rows[: min(ends, default=len(rows))]
        if row.middle < reach
        for match in re.finditer(r"20\d{2}年\d{1,2}月\d{1,2}", row.text)
    ]
    if len(dated) == 1 and dated[0][1] is not None:
        piece, day = dated[0]
        box = found.box(piece)
        evidence.add("issue_date", day, 0.97 * piece.score, text=piece.text, box=box, labelled=False)


def any_date(found: Labelled, evidence: Evidence, kind: Kind | None, *, repair: bool) -> None:
    """Where no label names the date (taxi, ticket): the one date that stands on the paper."""
    if evidence.first("issue_date") is not None:
        return
    seen: dict[date, Piece] = {}
    for row in found.page.rows:
        for match in _DATE.finditer(row.text):
            day, _ = printed_date(match.group(), repair=False)
            if day is not None:
                seen.setdefault(day, Piece(row, match.start(), match.end()))
    days = sorted(seen)
    if kind is Kind.RAIL_PAPER and days:  # the day of travel; a voucher may name the day of printing too
        days = [min(seen, key=lambda day: seen[day].y0)]
    if len(days) == 1:
        piece = seen[days[0]]
        evidence.add(
            "issue_date", days[0], 0.95 * piece.score, text=piece.text, box=found.box(piece), labelled=False
        )


def _check_codes(found: Labelled, evidence: Evidence, repair: bool) -> None:
    page_text = found.page.text
    for label in found.named("check_code"):
        right = found.right_of(label, gap=6.0)
        for piece in (right, found.below(label)):
            if piece is None:
                continue
            text = piece.text.translate(_LOOKALIKES) if repair else piece.text
            match = re.match(r"\D{0,3}(\d{20})(?!\d)", text)
            if match is None and re.search(r"区.链|票据", page_text):
                match = re.match(r"[:]?([0-9A-Fa-f]{5,6})(?![0-9A-Za-z])", piece.text)
            if match is None and "验证" in label.piece.text:
                match = re.match(r"\D{0,3}(\d{4})(?!\d)", text)
            if match is None:
                continue
            factor = 1.0 if match.group(1) in piece.text else REPAIRED
            score = piece.score * factor
            evidence.add("check_code", match.group(1), score, text=match.group(1), box=found.box(piece))
            break
