"""The generator itself: the same seed draws the same paper, and what it prints is valid."""

import pytest

from fapiao.numbers import digital_number_plausible
from fapiao.qr import parse_qr
from fapiao.tax_id import TaxIdState, parse_tax_id
from tests.drawing import GRADES, KINDS, degrade, draw
from tests.marks import needs_fonts

pytestmark = needs_fonts


@pytest.mark.parametrize("layout", ["A", "E", "F"])
@pytest.mark.parametrize("kind", KINDS)
def test_a_seed_draws_one_paper_and_its_numbers_are_valid(kind: str, layout: str) -> None:
    drawn, again = draw(kind, 3, layout), draw(kind, 3, layout)
    assert drawn.truth == again.truth
    assert drawn.pdf("visual") == again.pdf("visual")
    truth = drawn.truth
    for name in ("seller_tax_id", "buyer_tax_id"):
        if truth[name] and len(truth[name] or "") == 18:
            assert parse_tax_id(truth[name] or "").state is TaxIdState.VALID
    if kind.startswith("digital") and "paper" not in kind:
        assert digital_number_plausible(truth["number"] or "")
    payload = parse_qr(drawn.facts.qr) if drawn.facts.qr else None
    if payload is not None and payload.is_invoice:
        assert payload.number == truth["number"]


def test_every_grade_spoils_a_picture_the_same_way_each_time() -> None:
    picture = draw("rail_paper", 1, "A").picture(100)
    for grade in GRADES:
        assert (degrade(picture, grade, 5) == degrade(picture, grade, 5)).all()
