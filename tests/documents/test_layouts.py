"""PDFs set otherwise than the drawn ones: what issuers and their software do to the same form."""

import io
import math
import re
from collections.abc import Callable
from dataclasses import replace
from random import Random

import cv2
import pytest
from PIL import Image
from reportlab.lib.pdfencrypt import StandardEncryption
from reportlab.pdfgen.canvas import Canvas

from nlu.document.reading import fields_of
from tests.documents.in_process import read
from tests.drawing import Drawn, draw
from tests.drawing.pdf import to_pdf
from tests.drawing.picture import to_picture
from tests.drawing.sheet import GREY, Inlay, Mark, Sheet, Text
from tests.marks import needs_fonts

pytestmark = needs_fonts

KINDS = ("digital_special", "digital_passenger", "vat_e_ordinary", "rail_e")
_WIDE = str.maketrans("0123456789.", "０１２３４５６７８９．")
_MM = 72 / 25.4


def faults(drawn: Drawn, data: bytes) -> list[object]:
    """What was read otherwise than it is printed, and failed checks."""
    (found,) = read(data, "a.pdf").invoices
    got = fields_of(found)
    wrong: list[object] = [
        (name, got[name], value) for name, value in drawn.truth.items() if got[name] != value
    ]
    return wrong + [(name, check.reason) for name, check in found.checks.items() if check.is_failure]


def marked(sheet: Sheet, change: Callable[[Text], list[Mark]], *more: Mark) -> Sheet:
    """The sheet with each text changed, and more on it."""
    marks = [new for mark in sheet.marks for new in (change(mark) if isinstance(mark, Text) else [mark])]
    return Sheet(sheet.width, sheet.height, sheet.style, sheet.paper, [*marks, *more])


def is_value(text: Text) -> bool:
    return text.font not in ("label", "title")


def lower(sheet: Sheet) -> Sheet:
    """Values set in frames of their own, a millimetre lower than their labels."""
    return marked(sheet, lambda text: [replace(text, y=text.y + 1.2) if is_value(text) else text])


def twice(sheet: Sheet) -> Sheet:
    """Bold by a second print two points aside."""
    return marked(
        sheet,
        lambda text: [text, replace(text, x=text.x + 0.7, y=text.y + 0.2)] if is_value(text) else [text],
    )


def lettered_seal(sheet: Sheet) -> Sheet:
    """The letters of the bureau's seal as text, each for itself, through the title."""
    middle, top = sheet.width / 2, 14.0
    letters: list[Mark] = [
        Text(
            middle - 12 * math.cos(math.pi * i / 8),
            top - 6 * math.sin(math.pi * i / 8),
            char,
            2.6,
            anchor="m",
        )
        for i, char in enumerate("全国统一发票监制章")
    ]
    letters.append(Text(middle, top + 3, "国家税务总局", 2.4, anchor="m"))
    letters.append(Text(middle, top + 6.5, "北京市税务局", 2.4, anchor="m"))
    return marked(sheet, lambda text: [text], *letters)


def pale_words(sheet: Sheet) -> Sheet:
    """A pale line of words across the rows, upright, as print servers set it."""
    pale = (225, 225, 225)
    lines = [
        Text(sheet.width / 2, y, "仅供内部报销使用", 7, colour=pale, anchor="m") for y in (30, 52, 75, 108)
    ]
    return marked(sheet, lambda text: [text], *lines)


def turned_words(sheet: Sheet) -> Sheet:
    """A slanted line of words in plain grey."""
    lines = [Text(30 + 60 * i, 35 + 35 * i, "仅供报销使用", 5, colour=GREY, turn=30.0) for i in range(3)]
    return marked(sheet, lambda text: [text], *lines)


def yen_behind(sheet: Sheet) -> Sheet:
    return marked(
        sheet,
        lambda text: [
            replace(text, text=text.text[1:] + text.text[0]) if text.text[:1] in ("¥", "￥") else text
        ],
    )


def short_total(sheet: Sheet) -> Sheet:
    """A total without its last nought, as ¥63.3."""
    return marked(
        sheet,
        lambda text: [
            replace(text, text=text.text.rstrip("0").rstrip(".")) if text.field == "total" else text
        ],
    )


def wide_digits(sheet: Sheet) -> Sheet:
    fields = ("number", "code", "issue_date", "total")
    return marked(
        sheet, lambda text: [replace(text, text=text.text.translate(_WIDE)) if text.field in fields else text]
    )


def year_lost(sheet: Sheet) -> Sheet:
    """A font without the sign for the year."""
    return marked(sheet, lambda text: [replace(text, text=text.text.replace("年", ""))])


def bare_date(sheet: Sheet) -> Sheet:
    """The signs for year, month and day are part of the form, drawn as lines."""
    return marked(
        sheet,
        lambda text: [
            replace(text, text=re.sub(r"(\d+)年(\d+)月(\d+)日", r"\1 \2 \3", text.text))
            if text.field == "issue_date"
            else text
        ],
    )


SETTINGS = (
    lower, twice, lettered_seal, pale_words, turned_words, yen_behind, wide_digits, year_lost, bare_date,
)  # fmt: skip


@pytest.mark.parametrize("setting", SETTINGS, ids=lambda setting: setting.__name__)
@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("coded", [True, False], ids=["qr", "no_qr"])
def test_setting(setting: Callable[[Sheet], Sheet], kind: str, coded: bool) -> None:
    for seed, order in ((500, "visual"), (501, "scrambled")):
        drawn = draw(kind, seed, "AB"[seed % 2])
        sheet = setting(drawn.sheet)
        if not coded:
            sheet.marks = [mark for mark in sheet.marks if not isinstance(mark, Inlay)]
        assert faults(drawn, to_pdf(sheet, order, seed)) == []


def test_total_printed_without_its_last_nought() -> None:
    for seed in (561, 563):
        drawn = draw("digital_ordinary", seed, "B")
        assert faults(drawn, to_pdf(short_total(drawn.sheet))) == []


@pytest.mark.parametrize(
    ("kind", "name", "cut"), [("vat_e_ordinary", "code", 10), ("digital_special", "number", 14)]
)
def test_number_that_goes_on_in_the_next_line(kind: str, name: str, cut: int) -> None:
    """A frame too narrow for it; the QR code, if there is one, has all of it."""
    drawn = draw(kind, 515, "A")

    def torn(text: Text) -> list[Mark]:
        if text.field != name:
            return [text]
        return [
            replace(text, text=text.text[:cut]),
            replace(text, text=text.text[cut:], y=text.y + 2.6, size=2.4),
        ]

    sheet = marked(drawn.sheet, torn)
    assert faults(drawn, to_pdf(sheet)) == []
    sheet.marks = [mark for mark in sheet.marks if not isinstance(mark, Inlay)]
    assert faults(drawn, to_pdf(sheet)) == []


def test_invoice_of_two_pages_has_its_sums_on_the_last() -> None:
    drawn = draw("digital_special", 520, "A")
    sums = ("amount", "tax", "total", "capital")
    names = ("合计", "价税合计（大写）", "（小写）")
    row = next(text.y for text in drawn.sheet.texts() if text.field == "amount")
    part = [
        Text(24, row - 5, "小计", 3.2, "label", gap=6.0),
        Text(155, row - 5, "¥77.00", 3.2, anchor="r"),
        Text(201, row - 5, "¥7.00", 3.2, anchor="r"),
    ]
    first = marked(
        drawn.sheet,
        lambda text: [] if text.field in sums or text.text in names else [text],
        *part,
        Text(165, 26, "共2页 第1页", 2.6, "label"),
    )
    last = marked(drawn.sheet, lambda text: [text], *part, Text(165, 26, "共2页 第2页", 2.6, "label"))
    assert faults(drawn, to_pdf([first, last], "scrambled", 3)) == []


def canvas_of(sheet: Sheet, encrypt: StandardEncryption | None = None) -> tuple[Canvas, io.BytesIO]:
    out = io.BytesIO()
    size = (sheet.width * _MM, sheet.height * _MM)
    return Canvas(out, invariant=1, pageCompression=0, pagesize=size, encrypt=encrypt), out


def test_values_that_are_entries_of_a_form() -> None:
    """A filled form (AcroForm) that nobody flattened: the values are no text of the page."""
    from tests.drawing.pdf import _page

    drawn = draw("digital_special", 512, "A")
    filled = ("number", "total", "amount", "tax", "buyer_tax_id", "seller_tax_id")
    canvas, out = canvas_of(drawn.sheet)
    bare = marked(drawn.sheet, lambda text: [] if text.field in filled else [text])
    bare.marks = [mark for mark in bare.marks if not isinstance(mark, Inlay)]
    _page(canvas, bare, "visual", Random(0))
    for text in drawn.sheet.texts():
        if text.field in filled:
            width = 0.62 * text.size * len(text.text)
            x = text.x - (width if text.anchor == "r" else 0)
            canvas.acroForm.textfield(
                name=text.field, value=text.text.replace("¥", ""), x=x * _MM,
                y=(drawn.sheet.height - text.y - 1) * _MM, width=width * _MM, height=4.4 * _MM,
                fontSize=text.size * _MM, borderWidth=0, fillColor=None, borderColor=None,
            )  # fmt: skip
    canvas.save()
    assert faults(drawn, out.getvalue()) == []


def test_page_set_as_one_object_and_locked_against_changes() -> None:
    from tests.drawing.pdf import _page

    drawn = draw("vat_e_ordinary", 513, "B")
    canvas, out = canvas_of(drawn.sheet, StandardEncryption("", ownerPassword="owner", canModify=0))
    canvas.beginForm("whole")
    _page(canvas, drawn.sheet, "visual", Random(0))
    canvas.endForm()
    canvas.doForm("whole")
    canvas.save()
    assert faults(drawn, out.getvalue()) == []


@pytest.mark.slow
def test_form_whose_labels_are_a_picture() -> None:
    """Only the values are text; the parties are found with OCR, the rest is as exact as the text."""
    drawn = draw("digital_special", 540, "A")
    form = marked(drawn.sheet, lambda text: [] if is_value(text) else [text])
    picture = Image.fromarray(cv2.cvtColor(to_picture(form, 200), cv2.COLOR_BGR2RGB))
    ground = Inlay(0, 0, form.width, form.height, picture, "form")
    values = marked(drawn.sheet, lambda text: [text] if is_value(text) else [])
    values.marks = [ground, *(mark for mark in values.marks if not isinstance(mark, Inlay))]
    assert faults(drawn, to_pdf(values, "scrambled", 1)) == []


def test_fonts_that_do_not_tell_what_their_signs_mean() -> None:
    from tests.drawing.pdf import _page

    drawn = draw("digital_special", 514, "A")
    canvas, out = canvas_of(drawn.sheet)
    _page(canvas, drawn.sheet, "visual", Random(0))
    canvas.save()
    data = re.sub(rb"/ToUnicode \d+ 0 R", lambda found: b" " * len(found.group()), out.getvalue())
    (found,) = read(data, "a.pdf").invoices
    got = fields_of(found)
    for name in ("number", "issue_date", "total", "buyer_tax_id", "seller_tax_id"):
        assert got[name] == drawn.truth[name]
