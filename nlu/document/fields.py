"""All fields of one invoice from a page's rows, whatever they came from: text layer, OFD page or OCR."""

import re

from fapiao.kinds import Kind
from nlu.document.evidence import Evidence
from nlu.document.identity import any_date, read_identity
from nlu.document.labels import Labelled
from nlu.document.page import Page
from nlu.document.parties import read_parties
from nlu.document.reading import Source
from nlu.document.remarks import without_remark
from nlu.document.tickets import read_air, read_rail_paper
from nlu.document.titles import kind_of
from nlu.document.totals import read_totals

_UNLABELLED_DATES = frozenset(
    {
        Kind.TAXI,
        Kind.RAIL_PAPER,
        Kind.BUS,
        Kind.SHIP,
        Kind.TOLL_PAPER,
        Kind.MACHINE,
        Kind.FISCAL,
        Kind.VAT_ROLL,
    }
)


def read_page(page: Page, source: Source, *, kind: Kind | None = None) -> Evidence:
    """Return what the page says. `kind` is what is known already (QR code) and wins over the title."""
    evidence = Evidence(source)
    if source is Source.OCR:
        evidence.trust = page.legibility
    found = Labelled(without_remark(page))
    repair = source is Source.OCR
    read_identity(found, evidence, repair=repair)
    titled, score = kind_of(found.page, code=evidence.first("code"), number=evidence.first("number"))
    kind = kind or titled
    evidence.add("kind", titled, score)
    if kind is Kind.RAIL_PAPER:
        read_rail_paper(found, evidence)
    elif kind in (Kind.AIR_E, Kind.AIR_PAPER):
        read_air(found, evidence, repair=repair)
    else:
        read_totals(found, evidence, kind)
    read_parties(found, evidence, kind, repair=repair)
    if kind is None or kind in _UNLABELLED_DATES:
        any_date(found, evidence, kind, repair=repair)
    if kind in (Kind.RAIL_E, Kind.RAIL_PAPER):
        for name in ("seller_name", "seller_tax_id"):
            evidence.values.pop(name, None)
    _remark(page, evidence)
    evidence.red = evidence.red or bool(re.search(r"\(负数\)|销项负数|红字", evidence.capital_total or ""))
    return evidence


def _remark(page: Page, evidence: Evidence) -> None:
    for row in page.rows:
        match = re.search(r"被红冲蓝字.{0,60}|对应正数发票.{0,60}", row.text)
        if match:
            evidence.remark = match.group()
            return
