"""Our own companies as a second source: where the buyer's tax id is one of ours, its name is known."""

from collections.abc import Sequence
from difflib import SequenceMatcher

from fapiao.checks import Company
from fapiao.invoice import normal_name
from fapiao.tax_id import normal_tax_id
from nlu.document.choice import Choice
from nlu.document.evidence import Evidence
from nlu.document.reading import Source

_CLEAR = 0.97  # score of a name that is printed so
_NEAR = 0.7  # share of characters that a misreading leaves


def name_ours(choice: Choice, ordered: Sequence[Evidence], companies: Sequence[Company]) -> None:
    """Put right a buyer's name that OCR was unsure of, if it is nearly the one that belongs to the id."""
    tax_id = choice.values.get("buyer_tax_id")
    if tax_id is None or choice.sources.get("buyer_name", Source.OCR) is not Source.OCR:
        return
    ours = next((company for company in companies if normal_tax_id(company.tax_id) == tax_id), None)
    readings = [best for evidence in ordered if (best := evidence.best("buyer_name")) is not None]
    if ours is None or not readings:
        return
    best = max(readings, key=lambda reading: reading.score)
    names = normal_name(str(best.value)), normal_name(ours.name)
    same = names[0] == names[1]
    if same or (best.score < _CLEAR and SequenceMatcher(None, *names, autojunk=False).ratio() >= _NEAR):
        choice.put("buyer_name", best.value if same else ours.name, Source.OCR, _CLEAR, best.box)
