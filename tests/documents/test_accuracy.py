"""Drawn invoices are read exactly from files, rightly or not at all from pictures, and alterations are caught."""

import pytest

from fapiao.checks import CheckState
from nlu.document.reading import Found, fields_of
from tests.documents.in_process import read
from tests.drawing import (
    KINDS,
    OFD_FORMS,
    ORDERS,
    OTHERS,
    Drawn,
    alter,
    degrade,
    draw,
    draw_other,
    encoded,
    together,
)
from tests.drawing.pdf import to_pdf
from tests.marks import needs_fonts

pytestmark = needs_fonts

ELECTRONIC = [kind for kind in KINDS if kind.startswith(("digital_", "vat_e_")) and "paper" not in kind]
IN_XML = ["digital_special", "digital_ordinary", "digital_toll", "digital_passenger"]
WITHOUT = {"metadata": ("kind", "seller_name", "buyer_name", "check_code", "total")}  # what that layer lacks


def one(data: bytes, name: str) -> Found:
    """The only invoice of a document."""
    reading = read(data, name)
    assert len(reading.invoices) == 1, reading
    return reading.invoices[0]


def wrong_fields(
    found: Found, drawn: Drawn, *, without: tuple[str, ...] = ()
) -> dict[str, tuple[object, object]]:
    """Field → (read, true) where they differ."""
    got = fields_of(found)
    return {
        name: (got[name], value)
        for name, value in drawn.truth.items()
        if name not in without and got[name] != value
    }


def in_doubt(found: Found) -> bool:
    """True if a check failed or the reader says that it is not sure."""
    return found.confidence < 0.9 or any(verdict.is_failure for verdict in found.checks.values())


@pytest.mark.parametrize("kind", KINDS)
def test_pdf_is_read_exactly(kind: str) -> None:
    for seed, layout in ((5, "A"), (6, "D")):
        drawn = draw(kind, seed, layout)
        for order in ORDERS[seed % 2 :: 2]:
            found = one(drawn.pdf(order), "invoice.pdf")
            assert wrong_fields(found, drawn) == {}, (seed, layout, order)
            assert not in_doubt(found) or kind == "used_car"


@pytest.mark.parametrize("kind", ELECTRONIC)
def test_every_layer_of_an_ofd_is_read_exactly(kind: str) -> None:
    drawn = draw(kind, 7, "C")
    for form in OFD_FORMS:
        if form == "attachment" and not drawn.facts.code:
            continue
        found = one(drawn.ofd(form), "invoice.ofd")
        assert wrong_fields(found, drawn, without=WITHOUT.get(form, ())) == {}, form


@pytest.mark.parametrize("kind", IN_XML)
def test_xml_is_read_exactly(kind: str) -> None:
    for seed in (8, 9):
        drawn = draw(kind, seed, "A")
        assert wrong_fields(one(drawn.xml(), "invoice.xml"), drawn) == {}


def test_embedded_xbrl_gives_what_the_face_lacks() -> None:
    drawn = draw("rail_e", 3, "B")
    found = one(drawn.pdf(xbrl=True), "ticket.pdf")
    assert wrong_fields(found, drawn) == {}
    assert found.invoice.amount is not None
    assert found.sources["number"] == "xml"


@pytest.mark.parametrize("kind", ["digital_special", "vat_e_ordinary", "vat_special", "rail_e"])
def test_one_altered_digit_is_caught(kind: str) -> None:
    drawn = draw(kind, 11, "B")
    for seed in range(4):
        sheet, name = alter(drawn, seed)
        found = one(to_pdf(sheet), "invoice.pdf")
        failed = [check for check, verdict in found.checks.items() if verdict.state is CheckState.FAILED]
        assert failed, name


def test_a_code_altered_into_none_is_caught_by_its_other_print() -> None:
    drawn = draw("vat_special", 11, "B")
    code = drawn.truth["code"]
    assert code is not None
    found = one(to_pdf(drawn.sheet.changed("code", f"9{code[1:]}")), "invoice.pdf")
    assert found.invoice.code == code
    assert found.checks["qr_code"].state is CheckState.FAILED


@pytest.mark.slow
@pytest.mark.parametrize(
    ("kind", "grade"),
    [
        ("digital_ordinary", "mild"),
        ("vat_special", "clean"),
        ("vat_e_ordinary", "rot90"),
        ("vat_roll", "wechat"),
        ("rail_e", "hard"),
        ("digital_special", "hard"),
    ],
)
def test_picture_is_read_rightly_or_not_at_all(kind: str, grade: str) -> None:
    drawn = draw(kind, 13, "A")
    found = one(encoded(degrade(drawn.picture(), grade, 13)), "photo.png")
    wrong = wrong_fields(found, drawn)
    assert [name for name, pair in wrong.items() if pair[0] is not None] == []
    if grade != "hard":
        assert {"number", "issue_date", "total"}.isdisjoint(wrong)


@pytest.mark.slow
def test_three_papers_in_one_photo_are_three_invoices() -> None:
    papers = [draw(kind, 30, "B") for kind in ("vat_roll", "taxi", "rail_paper")]
    photo = degrade(together([paper.picture(150) for paper in papers]), "mild", 1)
    reading = read(encoded(photo), "photo.png")
    assert [found.invoice.number for found in reading.invoices] == [paper.truth["number"] for paper in papers]


@pytest.mark.slow
@pytest.mark.parametrize("name", OTHERS)
def test_what_is_no_invoice_gives_none(name: str) -> None:
    picture, _ = draw_other(name, 2)
    reading = read(encoded(picture), "photo.png")
    assert reading.invoices == ()
    assert reading.refusal is not None
