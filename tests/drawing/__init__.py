"""Draws test invoices of every kind with known truth: `draw`, `degrade`. Deterministic by seed."""

from tests.drawing.degrade import GRADES, degrade
from tests.drawing.draw import KINDS, LAYOUTS, Drawn, draw

__all__ = ["GRADES", "KINDS", "LAYOUTS", "Drawn", "degrade", "draw"]
