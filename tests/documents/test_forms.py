"""Files whose pages lie elsewhere than the simplest ones do: moved, turned, several papers on one page."""

import io
import re
import zipfile
from collections.abc import Callable
from dataclasses import replace
from random import Random

import pypdfium2 as pdfium
import pypdfium2.raw as raw
import pytest
from reportlab.pdfgen.canvas import Canvas

from nlu.document.reading import MONEY, fields_of
from tests.documents.hostile import zipped
from tests.documents.in_process import read
from tests.documents.test_layouts import canvas_of
from tests.drawing import Drawn, draw
from tests.drawing.digital import digital_sheet
from tests.drawing.facts import add_up, qr_text
from tests.drawing.pdf import _page, to_pdf
from tests.drawing.sheet import Inlay, Sheet, stacked
from tests.drawing.vat import vat_sheet
from tests.marks import needs_fonts

pytestmark = needs_fonts

FORMS = {"digital_ordinary": digital_sheet, "vat_e_ordinary": vat_sheet}
MM = 72 / 25.4
KINDS = (("digital_special", "A"), ("vat_e_ordinary", "B"), ("rail_e", "C"))


def moved(data: bytes, across: float, up: float, turn: int) -> bytes:
    """The PDF with the corner of its pages elsewhere than at the origin, shown turned."""
    document = pdfium.PdfDocument(data)
    for page in document:
        width, height = page.get_size()
        for part in page.get_objects():
            raw.FPDFPageObj_Transform(part.raw, 1, 0, 0, 1, across, up)
        page.gen_content()
        page.set_mediabox(across, up, width + across, height + up)
        page.set_rotation(turn)
        page.close()
    out = io.BytesIO()
    document.save(out)
    document.close()
    return out.getvalue()


def reversed_by(kind: str, seed: int, layout: str) -> Drawn:
    """A red-letter invoice (红字发票): every amount negative, the blue one in the remark."""
    facts = draw(kind, seed, layout).facts
    facts.items = [
        replace(line, quantity=f"-{line.quantity}", amount=-line.amount, tax=-line.tax)
        for line in facts.items
    ]
    add_up(facts)
    digital = kind.startswith("digital")
    facts.remark = (
        "被红冲蓝字数电发票号码：24112000000012345678 红字发票信息确认单编号：1101062411000012"
        if digital
        else "对应正数发票代码:011002100111号码:12345678"
    )
    assert facts.amount is not None
    facts.qr = qr_text("32" if digital else "10", facts, facts.total if digital else facts.amount)
    return Drawn(kind, seed, layout, facts, FORMS[kind](facts, layout, Random(seed)))


def wrong(data: bytes, drawn: list[Drawn], name: str = "invoice.pdf") -> list[object]:
    """What was read otherwise than it is printed, and failed checks."""
    reading = read(data, name)
    assert len(reading.invoices) == len(drawn), reading
    faults: list[object] = []
    for paper in drawn:
        found = next(each for each in reading.invoices if each.invoice.number == paper.truth["number"])
        got = fields_of(found)
        faults += [(name, got[name], value) for name, value in paper.truth.items() if got[name] != value]
        faults += [check for check, verdict in found.checks.items() if verdict.is_failure]
    return faults


@pytest.mark.parametrize(("kind", "layout"), KINDS)
@pytest.mark.parametrize("turn", [0, 90, 180, 270])
def test_page_lies_elsewhere_and_is_shown_turned(kind: str, layout: str, turn: int) -> None:
    drawn = draw(kind, 40, layout)
    assert wrong(moved(drawn.pdf("visual"), -60, 200, turn), [drawn]) == []


@pytest.mark.parametrize("kind", ["digital_ordinary", "vat_e_ordinary", "rail_e"])
def test_several_papers_on_one_page_and_on_several(kind: str) -> None:
    drawn = [draw(kind, seed, "A") for seed in (50, 51)]
    assert wrong(to_pdf(stacked([paper.sheet for paper in drawn])), drawn) == []
    assert wrong(to_pdf([paper.sheet for paper in drawn]), drawn) == []


@pytest.mark.parametrize(("kind", "layout"), [("digital_ordinary", "A"), ("vat_e_ordinary", "B")])
def test_red_letter_invoice_names_the_blue_one_in_its_remark(kind: str, layout: str) -> None:
    drawn = reversed_by(kind, 70, layout)
    assert drawn.truth["total"].startswith("-")  # type: ignore[union-attr]
    assert wrong(drawn.pdf("visual"), [drawn]) == []


def test_invisible_text_is_exact_unless_it_lies_over_a_scan() -> None:
    drawn = draw("digital_special", 91, "A")
    document = pdfium.PdfDocument(drawn.pdf("visual"))
    for part in document[0].get_objects(filter=[raw.FPDF_PAGEOBJ_TEXT]):
        raw.FPDFTextObj_SetTextRenderMode(part.raw, raw.FPDF_TEXTRENDERMODE_INVISIBLE)
    document[0].gen_content()
    out = io.BytesIO()
    document.save(out)
    assert wrong(out.getvalue(), [drawn]) == []


def test_entries_of_the_file_add_what_the_page_lacks() -> None:
    drawn = draw("digital_special", 92, "B")
    sheet = drawn.sheet.changed("seller_tax_id", "")
    data = to_pdf(sheet)
    entries = (
        f"/InvoiceNumber ({drawn.truth['number']}) /SellerIdNum ({drawn.truth['seller_tax_id']}) /Author"
    )
    assert wrong(data.replace(b"/Author", entries.encode(), 1), [drawn]) == []
    other = entries.replace(drawn.truth["number"] or "", "25112000000012345678")
    reading = read(data.replace(b"/Author", other.encode(), 1), "invoice.pdf")
    assert reading.invoices[0].invoice.seller_tax_id is None


def test_a_zip_of_files_as_they_are_is_read_file_by_file() -> None:
    drawn = [draw("digital_ordinary", seed) for seed in (1, 2, 3)]
    files = {f"{place}.pdf": one.pdf() for place, one in enumerate(drawn)}
    reading = read(zipped(files, zipfile.ZIP_STORED), "all.zip")  # the first bytes show a PDF as well
    assert [one.invoice.number for one in reading.invoices] == [one.truth["number"] for one in drawn]
    assert [member.name for member in reading.members] == list(files)


@pytest.mark.slow
def test_ofd_that_draws_its_letters_is_looked_at() -> None:
    drawn = draw("rail_e", 61, "B")
    assert wrong(drawn.ofd("shapes"), [drawn], "ticket.ofd") == []


def printed(sheet: Sheet, before: Callable[[Canvas], None] = lambda canvas: None) -> bytes:
    """The sheet as a PDF whose text anybody may change before it is compressed."""
    canvas, out = canvas_of(sheet)
    before(canvas)
    _page(canvas, sheet, "visual", Random(0))
    canvas.save()
    return out.getvalue()


@pytest.mark.parametrize("angle", [90, 180, 270])
@pytest.mark.parametrize(("kind", "layout"), KINDS)
def test_text_set_along_the_other_side_of_the_paper(kind: str, layout: str, angle: int) -> None:
    """As printed onto paper that lies the other way, shown as it is or turned upright."""
    drawn = draw(kind, 41, layout)
    width, height = drawn.sheet.width * MM, drawn.sheet.height * MM
    corner = {90: (height, 0.0), 180: (width, height), 270: (0.0, width)}[angle]

    def turn(canvas: Canvas) -> None:
        canvas.setPageSize((height, width) if angle != 180 else (width, height))
        canvas.translate(*corner)
        canvas.rotate(angle)

    data = printed(drawn.sheet, turn)
    assert wrong(data, [drawn]) == []
    assert wrong(moved(data, 0, 0, angle), [drawn]) == []


def test_entries_of_a_form_that_no_writer_has_drawn() -> None:
    drawn = draw("digital_special", 512, "A")
    filled = {
        text.field: text for text in drawn.sheet.texts() if text.field in (*MONEY, "number", "issue_date")
    }
    bare = drawn.sheet
    for name in filled:
        bare = bare.changed(str(name), " ")
    bare.marks = [mark for mark in bare.marks if not isinstance(mark, Inlay)]

    def fill(canvas: Canvas) -> None:
        for name, text in filled.items():
            width = 0.62 * text.size * len(text.text)
            left = text.x - (width if text.anchor == "r" else 0)
            place = (left * MM, (bare.height - text.y - 1) * MM)
            canvas.acroForm.textfield(
                name=name, value="DAY" if name == "issue_date" else text.text.lstrip("¥￥"), x=place[0], y=place[1],
                width=width * MM, height=4.4 * MM, borderWidth=0, fillColor=None, borderColor=None,
            )  # fmt: skip

    data = re.sub(rb"/AP <<.*?>>", b"", printed(bare, fill), flags=re.DOTALL)
    day = filled["issue_date"].text.encode("utf-16-be").hex()
    assert wrong(data.replace(b"/V (DAY)", f"/V <FEFF{day}>".encode()), [drawn]) == []


@pytest.mark.slow
def test_ticket_whose_fonts_do_not_tell_what_their_signs_mean() -> None:
    """Its QR code tells number, day and fare; the buyer is looked for on the page."""
    drawn = draw("rail_e", 900, "C")
    data = re.sub(rb"/ToUnicode \d+ 0 R", b"", printed(drawn.sheet))
    assert wrong(data, [drawn]) == []
