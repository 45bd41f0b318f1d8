"""Files whose pages lie elsewhere than the simplest ones do: moved, turned, several papers on one page."""

import io

import pypdfium2 as pdfium
import pypdfium2.raw as raw
import pytest

from nlu.document.reading import fields_of
from tests.documents.in_process import read
from tests.drawing import Drawn, draw
from tests.drawing.fonts import missing
from tests.drawing.pdf import to_pdf
from tests.drawing.sheet import stacked

pytestmark = pytest.mark.skipif(bool(missing()), reason=f"fonts are not installed: {', '.join(missing())}")

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
