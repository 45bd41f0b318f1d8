"""Files as the tax platform and the carriers set them, built by hand: the parts lie beside this file."""

import re
from collections.abc import Callable
from pathlib import Path

import pytest

from nlu.document.reading import Found, fields_of
from tests.documents.hostile import zipped
from tests.documents.in_process import read
from tests.drawing import draw
from tests.drawing.fonts import missing

OFD = Path(__file__).parent / "ofd"
drawn_only = pytest.mark.skipif(bool(missing()), reason=f"fonts are not installed: {', '.join(missing())}")

PLATFORM = {
    "kind": "digital_special",
    "number": "24112000000098765432",
    "issue_date": "2024-03-18",
    "seller_name": "砚池印刷技术有限公司",
    "seller_tax_id": "91440502364056224Q",
    "buyer_name": "墨桥文化传播（北京）有限公司",
    "buyer_tax_id": "9111051558073021XQ",
    "amount": "17699.12",
    "tax": "2300.88",
    "total": "20000.00",
}
Parts = dict[str, bytes]


def packed(folder: str, change: Callable[[Parts], Parts] = lambda parts: parts) -> bytes:
    """The OFD of a folder of parts."""
    root = OFD / folder
    return zipped(
        change({path.relative_to(root).as_posix(): path.read_bytes() for path in sorted(root.rglob("*.xml"))})
    )


def without(*names: str) -> Callable[[Parts], Parts]:
    return lambda parts: {path: data for path, data in parts.items() if not any(n in path for n in names)}


def found_in(data: bytes, name: str) -> Found:
    (found,) = read(data, name).invoices
    assert not [check for check, verdict in found.checks.items() if verdict.is_failure]
    return found


def entries_lost(parts: Parts) -> Parts:
    bare = without("Tags")(parts)
    return bare | {"OFD.xml": re.sub(rb"<ofd:CustomDatas>.*</ofd:CustomDatas>", b"", bare["OFD.xml"])}


@pytest.mark.parametrize("change", [without(), without("Tags"), entries_lost], ids=["all", "no_tags", "text"])
def test_ofd_of_the_tax_platform(change: Callable[[Parts], Parts]) -> None:
    """Labels letter by letter under a matrix, the ¥ in another size, a copy of a name off the paper."""
    found = found_in(packed("platform", change), "platform.ofd")
    got = fields_of(found)
    assert {name: got[name] for name in PLATFORM} == PLATFORM
    assert found.invoice.rates == ("13%",)


def test_total_of_an_ofd_whose_pages_are_lost() -> None:
    """Its entries name net and tax (合计金额, 合计税额) and no total."""
    got = fields_of(found_in(packed("platform", without("Pages", "Tpls", "Tags")), "entries.ofd"))
    assert (got["number"], got["issue_date"], got["total"]) == (
        PLATFORM["number"],
        PLATFORM["issue_date"],
        PLATFORM["total"],
    )


@drawn_only
@pytest.mark.parametrize(
    "kind", ["digital_special", "digital_ordinary", "vat_e_toll", "blockchain", "vat_special"]
)
def test_rates_of_all_lines(kind: str) -> None:
    """However close the columns stand, and with *** for the tax beside 不征税."""
    for layout, seed in zip("ABCDE", range(1, 6), strict=True):
        drawn = draw(kind, seed, layout)
        invoice = found_in(drawn.pdf(), "a.pdf").invoice
        assert set(invoice.rates) == {line.rate for line in drawn.facts.items}
        assert invoice.lines == len(drawn.facts.items)
