"""Which words of a picture are worth a second look: those whose values are missing, unsure or contradicted."""

import re

from fapiao.tax_id import TaxIdState, parse_tax_id
from nlu.document.choice import SURE, SURE_AGAINST, SURE_DIGITS
from nlu.document.evidence import Evidence, Value
from nlu.document.labels import Labelled
from nlu.document.page import Page, Word
from nlu.document.reading import MONEY, Box, Found, Source

# What matters most comes first, as only so many lines are read again.
_ORDER = (
    "number",
    "issue_date",
    "total",
    "seller_tax_id",
    "buyer_tax_id",
    "seller_name",
    "buyer_name",
    "code",
    "check_code",
    "amount",
    "tax",
)
_LABELS = {
    "number": ("number", "digital_number"),
    "issue_date": ("date",),
    "total": ("figures", "total"),
    "seller_tax_id": ("tax_id", "seller_tax_id"),
    "buyer_tax_id": ("tax_id", "buyer_tax_id"),
}
# One look is enough from this score on. Names have no check, and a misread rare character can score 0.94.
_SETTLED = {
    "number": SURE_DIGITS,
    "code": SURE_DIGITS,
    "check_code": SURE_DIGITS,
    "seller_name": 0.97,
    "buyer_name": 0.97,
}
_NUMBER = re.compile(r"(?<!\d)2[3-9]\d{14,20}(?!\d)")  # about that of a digital invoice
_SUMS = re.compile(r"大写|小写|[元圆角][整正]$|[角分]$")


def doubted(found: Found, evidence: Evidence, page: Page) -> list[Word]:
    """The words to read again, most important first; none where all that was read is settled."""
    words: dict[int, Word] = {}
    for name in _ORDER:
        best = evidence.best(name)
        if _is_settled(found, name, best):
            continue
        if best is not None and best.box is not None:
            near = words_at(page, best.box)
        else:
            near = _beside_label(page, name) if best is None and name in _LABELS else []
            if best is None and name == "number":
                near += [word for word in page.words if _NUMBER.search(word.text)]
        if name == "total":
            near += [word for row in page.rows if _SUMS.search(row.text) for word in row.words]
        words.update((id(word), word) for word in near)
    return list(words.values())


def _is_settled(found: Found, name: str, best: Value | None) -> bool:
    invoice = found.invoice
    kind, value = invoice.kind, getattr(invoice, name)
    if kind is not None and (
        (name in ("code", "check_code") and kind.is_digital)
        or (name in ("amount", "tax") and not kind.has_tax)
    ):
        return True
    if best is None:
        return value is not None or name not in _LABELS
    if value is None:
        return False
    if name in MONEY:
        checks = (found.checks.get("arithmetic"), found.checks.get("capitals"), found.checks.get("qr_amount"))
        return best.score >= SURE_AGAINST or not any(
            check is not None and check.is_failure for check in checks
        )
    if value != best.value:  # the QR code says otherwise: is it the print, or this reading of it?
        return best.score >= SURE_AGAINST
    if found.sources.get(name) is not Source.OCR:
        return True
    if name.endswith("tax_id"):
        printed = str(value) in best.text.upper()  # not put right by its check characters
        return (printed and parse_tax_id(str(value)).state is TaxIdState.VALID) or best.score >= SURE_AGAINST
    return best.score >= _SETTLED.get(name, SURE)


def _beside_label(page: Page, name: str) -> list[Word]:
    """The words on the row of a label whose value was not made out."""
    labelled = Labelled(page)
    return [
        word
        for label in labelled.named(*_LABELS[name])
        for word in label.piece.row.words
        if word.x1 > label.piece.x0 and word.x0 < label.piece.x1 + 20 * label.piece.row.height
    ]


def words_at(page: Page, box: Box) -> list[Word]:
    """The words that a place on the page lies on."""
    middle = (box.y0 + box.y1) / 2 * page.height
    left, right = box.x0 * page.width, box.x1 * page.width
    return [
        word
        for word in page.words
        if word.x0 < right and word.x1 > left and abs(word.middle - middle) < 0.5 * max(word.height, 1.0)
    ]
