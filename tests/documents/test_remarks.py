"""What an issuer writes into the remark (备注) is never taken for the invoice's own fields."""

from pathlib import Path

import pytest

from tests.documents.test_layouts import faults, is_value
from tests.drawing import draw
from tests.drawing.pdf import to_pdf
from tests.drawing.sheet import Inlay, Sheet, Text
from tests.marks import needs_fonts

pytestmark = needs_fonts
REMARKS = (Path(__file__).parent / "remarks.txt").read_text(encoding="utf-8").splitlines()


def with_remark(sheet: Sheet, remark: str) -> Sheet:
    """The sheet with another remark: right of its name, under the total."""
    total = next(text.y for text in sheet.texts() if text.field == "total")
    left = next(text.x for text in sheet.texts() if text.text == "备注") + 6
    kept = [
        mark
        for mark in sheet.marks
        if not (isinstance(mark, Text) and is_value(mark) and not mark.field and mark.x > left - 4)
        or not total + 3 < mark.y < total + 20
    ]
    lines = [Text(left, total + 7 + 4 * place, line, 2.7) for place, line in enumerate(remark.split("|"))]
    return Sheet(sheet.width, sheet.height, sheet.style, sheet.paper, [*kept, *lines])


@pytest.mark.parametrize("remark", REMARKS, ids=range(len(REMARKS)))
@pytest.mark.parametrize("kind", ["digital_special", "digital_ordinary", "vat_e_ordinary", "vat_special"])
def test_remark(kind: str, remark: str) -> None:
    drawn = draw(kind, 530, "A")
    sheet = with_remark(drawn.sheet, remark)
    assert faults(drawn, to_pdf(sheet, "visual")) == []
    sheet.marks = [mark for mark in sheet.marks if not isinstance(mark, Inlay)]
    assert faults(drawn, to_pdf(sheet, "scrambled", 1)) == []
