"""Altered invoices: one digit of one printed field changed; QR, capitals and arithmetic stay as they were."""

from random import Random

from tests.drawing.draw import Drawn
from tests.drawing.facts import Facts
from tests.drawing.sheet import Sheet

ALTERABLE = (
    "number",
    "code",
    "issue_date",
    "check_code",
    "amount",
    "tax",
    "total",
    "seller_tax_id",
    "buyer_tax_id",
)


def has_second_source(facts: Facts, name: str) -> bool:
    """True if something else on the paper tells the field: QR code, capitals, arithmetic or a check character."""
    if name in ("seller_tax_id", "buyer_tax_id"):
        return len(facts.truth()[name] or "") == 18
    if name in ("amount", "tax"):
        return facts.amount is not None and facts.tax is not None
    if name == "total":
        return facts.kind not in ("rail_paper", "taxi")
    return facts.qr[:2] in ("01", "CZ") or (name == "number" and facts.qr.startswith("http"))


def _printed(drawn: Drawn) -> dict[str, str]:
    return {text.field: text.text for text in drawn.sheet.texts() if text.field in ALTERABLE}


def alterable(drawn: Drawn) -> list[str]:
    """The fields of a paper that can be altered and that something else on it tells; none on a taxi ticket."""
    printed = _printed(drawn)
    return [
        name
        for name in ALTERABLE
        if any(char.isdigit() for char in printed.get(name, "")) and has_second_source(drawn.facts, name)
    ]


def alter(drawn: Drawn, seed: int) -> tuple[Sheet, str]:
    """The sheet with one digit of one field changed, and the field's name."""
    dice = Random(f"alter:{drawn.kind}:{drawn.seed}:{seed}")
    printed = _printed(drawn)
    names = alterable(drawn)
    name = dice.choice(names)
    text = printed[name]
    places = [index for index, char in enumerate(text) if char.isdigit()]
    if name == "issue_date" and len(places) > 8:  # a ticket's time of day
        places = places[:8]
    if name == "issue_date":  # the last digit of the day: still a date
        places = places[-1:]
    if name in ("amount", "tax", "total"):  # a single fen is within what rounding allows
        places = places[:-1]
    place = dice.choice(places)
    digit = dice.choice([d for d in "0123456789" if d != text[place] and (name != "issue_date" or d != "0")])
    if name == "issue_date" and text[place - 1] == "3":
        digit = "0" if text[place] == "1" else "1"
    return drawn.sheet.changed(name, text[:place] + digit + text[place + 1 :]), name
