"""Draws test invoices of every kind with known truth: `draw`, `degrade`. Deterministic by seed."""

from tests.drawing.altered import ALTERABLE, alter, alterable
from tests.drawing.degrade import GRADES, degrade
from tests.drawing.draw import KINDS, LAYOUTS, Drawn, draw, together
from tests.drawing.files import OFD_FORMS
from tests.drawing.others import OTHERS, draw_other
from tests.drawing.pdf import ORDERS
from tests.drawing.picture import encoded

__all__ = [
    "ALTERABLE",
    "GRADES",
    "KINDS",
    "LAYOUTS",
    "OFD_FORMS",
    "ORDERS",
    "OTHERS",
    "Drawn",
    "alter",
    "alterable",
    "degrade",
    "draw",
    "draw_other",
    "encoded",
    "together",
]
