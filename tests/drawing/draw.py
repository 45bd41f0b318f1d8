"""The one way in: a kind, a seed and a layout give an invoice with its truth in every form it comes in."""

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from random import Random

import cv2
import numpy as np

from tests.drawing import bills, fresh, fresh_vat, slips
from tests.drawing.cars import car_facts, car_sheet
from tests.drawing.digital import digital_facts, digital_sheet
from tests.drawing.facts import Facts
from tests.drawing.files import to_ofd, to_xbrl, to_xml
from tests.drawing.local import FORMS as LOCAL
from tests.drawing.moved import moved
from tests.drawing.pdf import ORDERS, to_pdf
from tests.drawing.picture import Picture, to_picture
from tests.drawing.sheet import Sheet
from tests.drawing.tickets import FORMS as TICKETS
from tests.drawing.vat import vat_facts, vat_sheet

LAYOUTS = ("A", "B", "C", "D", "E", "F")
_FRESH: dict[str, Callable[[Facts, Random], Sheet]] = {
    "vat_roll": fresh_vat.roll_fresh,
    "rail_e": slips.rail_e_fresh,
    "air_e": slips.air_fresh,
    "rail_paper": slips.rail_paper_fresh,
    "taxi": slips.taxi_fresh,
    "fixed": slips.fixed_fresh,
    "machine": bills.machine_fresh,
    "fiscal": bills.fiscal_fresh,
    **dict.fromkeys(("vehicle", "used_car", "digital_vehicle", "digital_used_car"), bills.car_fresh),
    **dict.fromkeys(
        ("digital_special", "digital_ordinary", "digital_toll", "digital_passenger"), fresh.digital_fresh
    ),
}


@dataclass(frozen=True, slots=True)
class Drawn:
    """One drawn document: what is true of it, and its forms."""

    kind: str
    seed: int
    layout: str
    facts: Facts
    sheet: Sheet

    @property
    def truth(self) -> dict[str, str | None]:
        """Field → what a reader should give; None where it must give nothing."""
        return self.facts.truth()

    def picture(self, dpi: int = 200) -> Picture:
        """The fresh print, BGR."""
        return to_picture(self.sheet, dpi)

    def pdf(self, order: str | None = None, *, xbrl: bool = False) -> bytes:
        """A PDF with a text layer; the order of its texts is chosen by the seed unless named."""
        attach = to_xbrl(self.facts) if xbrl else None
        return to_pdf(self.sheet, order or ORDERS[self.seed % len(ORDERS)], self.seed, attach)

    def ofd(self, form: str = "full") -> bytes:
        """An OFD; see files.OFD_FORMS."""
        return to_ofd(self.facts, self.sheet, form)

    def xml(self) -> bytes:
        """The XML of a digital invoice."""
        return to_xml(self.facts)


Form = tuple[Callable[[Random], Facts], Callable[[Facts, str, Random], Sheet]]
_FORMS: dict[str, Form] = {
    "digital_special": (partial(digital_facts, "digital_special"), digital_sheet),
    "digital_ordinary": (partial(digital_facts, "digital_ordinary"), digital_sheet),
    "digital_toll": (partial(digital_facts, "digital_ordinary", topic="toll"), digital_sheet),
    "digital_passenger": (partial(digital_facts, "digital_ordinary", topic="passenger"), digital_sheet),
    **{
        kind: (partial(vat_facts, kind), vat_sheet)
        for kind in (
            "vat_special",
            "vat_ordinary",
            "vat_e_ordinary",
            "vat_e_special",
            "vat_e_toll",
            "digital_paper_special",
            "digital_paper_ordinary",
            "blockchain",
        )
    },
    **TICKETS,
    **LOCAL,
    **{
        kind: (partial(car_facts, kind), car_sheet)
        for kind in ("vehicle", "used_car", "digital_vehicle", "digital_used_car")
    },
}
KINDS = tuple(_FORMS)


def draw(kind: str, seed: int = 0, layout: str = "A") -> Drawn:
    """Draw a document of one of KINDS. The same arguments give the same document."""
    make_facts, make_sheet = _FORMS[kind]
    facts = make_facts(Random(f"{kind}:{seed}"))
    dice = Random(f"{kind}:{seed}:{layout}")
    if layout == "F":
        facts = fresh.otherwise(facts, dice)
        return Drawn(kind, seed, layout, facts, _FRESH.get(kind, fresh_vat.vat_fresh)(facts, dice))
    if layout != "E":
        return Drawn(kind, seed, layout, facts, make_sheet(facts, layout, dice))
    return Drawn(kind, seed, layout, facts, moved(make_sheet(facts, dice.choice("ABCD"), dice), facts, dice))


def together(pictures: list[Picture], gap: int = 60) -> Picture:
    """Several papers on one dark table, one under the other, as in one photo."""
    width = max(picture.shape[1] for picture in pictures) + 2 * gap
    height = sum(picture.shape[0] for picture in pictures) + gap * (len(pictures) + 1)
    table = np.full((height, width, 3), (60, 70, 85), np.uint8)
    y = gap
    for index, picture in enumerate(pictures):
        x = gap + (width - 2 * gap - picture.shape[1]) * (index % 2)
        table[y : y + picture.shape[0], x : x + picture.shape[1]] = picture
        y += picture.shape[0] + gap
    return table


def strewn(pictures: list[Picture], seed: int) -> Picture:
    """Several papers laid on a desk by hand: beside and under each other, each a little turned."""
    dice = np.random.default_rng(seed)
    turned = [_laid(picture, float(dice.uniform(-5, 5))) for picture in pictures]
    across = sum(each.shape[1] for each, _ in turned) < 2600 and bool(dice.random() < 0.7)
    gap = 30
    if across:
        size = (
            max(p.shape[0] for p, _ in turned) + 2 * gap + 80,
            sum(p.shape[1] + gap for p, _ in turned) + gap,
        )
    else:
        size = (
            sum(p.shape[0] + gap for p, _ in turned) + gap,
            max(p.shape[1] for p, _ in turned) + 2 * gap + 80,
        )
    desk: Picture = np.full((*size, 3), dice.integers(60, 200, 3), np.uint8)
    x = y = gap
    for paper, mask in turned:
        slip = int(dice.integers(0, 80))
        top, left = (y + slip, x) if across else (y, x + slip)
        place = desk[top : top + paper.shape[0], left : left + paper.shape[1]]
        place[mask] = paper[mask]
        x, y = x + (paper.shape[1] + gap) * across, y + (paper.shape[0] + gap) * (not across)
    return desk


def _laid(picture: Picture, degrees: float) -> tuple[Picture, Picture]:
    """A paper turned by some degrees, and where it lies in its frame."""
    height, width = picture.shape[:2]
    matrix = cv2.getRotationMatrix2D((width / 2, height / 2), degrees, 1.0)
    wide = int(width * abs(matrix[0, 0]) + height * abs(matrix[0, 1]))
    high = int(width * abs(matrix[0, 1]) + height * abs(matrix[0, 0]))
    matrix[:, 2] += ((wide - width) / 2, (high - height) / 2)
    turned = cv2.warpAffine(picture, matrix, (wide, high), flags=cv2.INTER_CUBIC)
    mask = cv2.warpAffine(np.full((height, width), 255, np.uint8), matrix, (wide, high)) > 127
    return turned, mask
