"""Files built otherwise than the drawn ones: other XML of billing software, OFDs with their parts elsewhere."""

import io
import re
import zipfile
from pathlib import Path

import pytest

from nlu.document.reading import Refusal, fields_of
from tests.documents.hostile import zipped
from tests.documents.in_process import read
from tests.drawing import Drawn, draw
from tests.drawing.files import to_ofd, to_xbrl
from tests.marks import needs_fonts

XML = Path(__file__).parent / "xml"
_FORM = (
    '<ofd:TemplatePage ID="7" BaseLoc="Forms/1.xml"/>',
    '<ofd:Template TemplateID="7" ZOrder="Background"/>',
)


def parts(data: bytes) -> dict[str, bytes]:
    """The files of an OFD by name."""
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        return {name: archive.read(name) for name in archive.namelist()}


def faults(data: bytes, name: str, *drawn: Drawn) -> list[object]:
    """What was read otherwise than it was written."""
    reading = read(data, name)
    assert len(reading.invoices) == len(drawn), reading
    by_number = {found.invoice.number: fields_of(found) for found in reading.invoices}
    return [
        (name, by_number[paper.truth["number"]][name], value)
        for paper in drawn
        for name, value in paper.truth.items()
        if by_number[paper.truth["number"]][name] != value
    ]


@pytest.mark.parametrize(
    ("name", "wanted"),
    [
        (
            "billing.xml",  # of billing software, in GBK
            {
                "kind": "vat_e_ordinary",
                "code": "011002200111",
                "number": "40718826",
                "issue_date": "2022-02-22",
                "check_code": "39163967768980290853",
                "seller_name": "松烟文具（北京）有限公司",
                "buyer_name": "个人",
                "amount": "100.00",
                "tax": "13.00",
                "total": "113.00",
            },
        ),
        (
            "fiscal.xml",  # 财政电子票据
            {
                "kind": "fiscal",
                "code": "11060121",
                "number": "0001203344",
                "issue_date": "2021-12-02",
                "check_code": "a1b2c3",
                "seller_name": "云岫医院",
                "buyer_name": "张砚秋",
                "total": "133.00",
            },
        ),
        (
            "exchanged.xml",  # 数电票 as some platforms hand it on
            {
                "kind": "digital_ordinary",
                "number": "26112000000651169782",
                "issue_date": "2026-07-06",
                "seller_name": "砚台文具有限公司",
                "buyer_name": "松烟大学",
                "total": "120.62",
            },
        ),
    ],
)
def test_xml_of_other_producers(name: str, wanted: dict[str, str]) -> None:
    (found,) = read((XML / name).read_bytes(), name).invoices
    got = fields_of(found)
    assert {field: got[field] for field in wanted} == wanted


@needs_fonts
@pytest.mark.parametrize("form", ["full", "text", "tags"])
def test_ofd_with_backslashes_in_its_names(form: str) -> None:
    drawn = draw("digital_special", 21, "A")
    data = zipped({name.replace("/", "\\"): part for name, part in parts(drawn.ofd(form)).items()})
    assert faults(data, "a.ofd", drawn) == []


@needs_fonts
@pytest.mark.parametrize("root", ["", "/Doc_0/"])
def test_ofd_whose_list_says_where_its_pages_and_forms_are(root: str) -> None:
    drawn = draw("vat_e_ordinary", 22, "B")
    files = parts(drawn.ofd("text"))
    form = files.pop("Doc_0/Tpls/Tpl_0/Content.xml")
    page = files.pop("Doc_0/Pages/Page_0/Content.xml")
    files["Doc_0/Document.xml"] = (
        files["Doc_0/Document.xml"]
        .replace(b"Pages/Page_0/Content.xml", f"{root}Sheets/9.xml".encode())
        .replace(
            b"</ofd:CommonData>", _FORM[0].replace("Forms", f"{root}Forms").encode() + b"</ofd:CommonData>"
        )
    )
    files["Doc_0/Forms/1.xml"] = form
    files["Doc_0/Sheets/9.xml"] = page.replace(b"<ofd:Content>", _FORM[1].encode() + b"<ofd:Content>")
    assert faults(zipped(files), "b.ofd", drawn) == []


@needs_fonts
def test_ofd_with_an_invoice_on_each_page() -> None:
    drawn = [draw("digital_ordinary", seed, "A") for seed in (23, 24)]
    files, second = (parts(paper.ofd("text")) for paper in drawn)
    page = second["Doc_0/Pages/Page_0/Content.xml"]
    form = second["Doc_0/Tpls/Tpl_0/Content.xml"]
    layer = re.search(rb"<ofd:Layer.*</ofd:Layer>", form, re.DOTALL)
    assert layer is not None
    files["Doc_0/Pages/Page_1/Content.xml"] = page.replace(b"<ofd:Content>", b"<ofd:Content>" + layer.group())
    own = re.search(rb"<ofd:Layer.*</ofd:Layer>", files.pop("Doc_0/Tpls/Tpl_0/Content.xml"), re.DOTALL)
    assert own is not None
    first = files["Doc_0/Pages/Page_0/Content.xml"]
    files["Doc_0/Pages/Page_0/Content.xml"] = first.replace(b"<ofd:Content>", b"<ofd:Content>" + own.group())
    files["Doc_0/Document.xml"] = files["Doc_0/Document.xml"].replace(
        b"</ofd:Pages>", b'<ofd:Page ID="2" BaseLoc="Pages/Page_1/Content.xml"/></ofd:Pages>'
    )
    assert faults(zipped(files), "c.ofd", *drawn) == []


@needs_fonts
def test_ofd_that_carries_xbrl() -> None:
    drawn = draw("rail_e", 25, "A")
    files = parts(to_ofd(drawn.facts, drawn.sheet, "metadata"))
    files["Doc_0/Attachs/rail.xbrl"] = to_xbrl(drawn.facts)
    (found,) = read(zipped(files), "d.ofd").invoices
    assert found.sources["total"] == "xml"
    assert fields_of(found)["number"] == drawn.truth["number"]


def test_locked_ofd_says_so() -> None:
    files = {"OFD.xml": bytes(range(1, 200)), "Encryptions.xml": b"\1\2", "decryptseed.dat": b"\0" * 90}
    assert read(zipped(files), "e.ofd").refusal is Refusal.ENCRYPTED
