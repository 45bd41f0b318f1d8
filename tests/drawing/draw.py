"""The one way in: a kind, a seed and a layout give an invoice with its truth in every form it comes in."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import partial
from random import Random

from tests.drawing.digital import digital_facts, digital_sheet
from tests.drawing.facts import Facts
from tests.drawing.pdf import ORDERS, to_pdf
from tests.drawing.picture import Picture, to_picture
from tests.drawing.sheet import Sheet
from tests.drawing.vat import vat_facts, vat_sheet

LAYOUTS = ("A", "B", "C", "D")


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

    def pdf(self, order: str | None = None) -> bytes:
        """A PDF with a text layer; the order of its texts is chosen by the seed unless named."""
        return to_pdf(self.sheet, order or ORDERS[self.seed % len(ORDERS)], self.seed)


_FACTS: Mapping[str, Callable[[Random], Facts]] = {
    "digital_special": partial(digital_facts, "digital_special"),
    "digital_ordinary": partial(digital_facts, "digital_ordinary"),
    "digital_toll": partial(digital_facts, "digital_ordinary", topic="toll"),
    "digital_passenger": partial(digital_facts, "digital_ordinary", topic="passenger"),
    "vat_special": partial(vat_facts, "vat_special"),
    "vat_ordinary": partial(vat_facts, "vat_ordinary"),
    "vat_e_ordinary": partial(vat_facts, "vat_e_ordinary"),
    "vat_e_special": partial(vat_facts, "vat_e_special"),
    "vat_e_toll": partial(vat_facts, "vat_e_toll"),
    "digital_paper_special": partial(vat_facts, "digital_paper_special"),
    "digital_paper_ordinary": partial(vat_facts, "digital_paper_ordinary"),
}
KINDS = tuple(_FACTS)


def draw(kind: str, seed: int = 0, layout: str = "A") -> Drawn:
    """Draw a document of one of KINDS. The same arguments give the same document."""
    facts = _FACTS[kind](Random(f"{kind}:{seed}"))
    form = (
        digital_sheet
        if kind in ("digital_special", "digital_ordinary", "digital_toll", "digital_passenger")
        else vat_sheet
    )
    return Drawn(kind, seed, layout, facts, form(facts, layout, Random(f"{kind}:{seed}:{layout}")))
