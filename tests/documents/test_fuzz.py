"""No parser fails in a way of its own on documents with faults in them; benchmarks/fuzz.py runs the same for hours."""

from contextlib import suppress
from io import BytesIO
from random import Random
from zipfile import ZipFile, ZipInfo

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from fapiao.qr import parse_qr
from nlu.document import markup, xmltree
from nlu.document.archive import Archive
from nlu.document.read import Ladder
from nlu.document.reading import DocumentError
from tests.documents.mutants import TARGETS
from tests.marks import needs_fonts

BOUNDED = settings(
    max_examples=120, deadline=None, derandomize=True, database=None, suppress_health_check=list(HealthCheck)
)

HEADS = (
    b"", b"<", b"%PDF-1.4\n", b"PK\x03\x04", b"PK\x05\x06", b"\xff\xd8\xff\xe0", b"\x89PNG\r\n\x1a\n", b"II*\0"
)  # fmt: skip


@pytest.mark.slow
@needs_fonts
@pytest.mark.parametrize("target", TARGETS)
def test_faults_in_good_documents(target: str) -> None:
    @BOUNDED
    @given(st.integers(0, 2**32))
    def run(seed: int) -> None:
        TARGETS[target](Random(seed))

    run()


@needs_fonts
@pytest.mark.parametrize(("target", "seed"), [("lines", 40107401), ("ofd", 40001951), ("ofd", 40003982)])
def test_faults_once_found(target: str, seed: int) -> None:
    """A row without a letter at the margin; entries of an archive without a name."""
    TARGETS[target](Random(seed))


def test_an_entry_without_a_name_is_passed_over() -> None:
    packed = BytesIO()
    with ZipFile(packed, "w") as archive:
        archive.writestr(ZipInfo(""), b"1")
        archive.writestr("a.txt", b"2")
    assert Archive(packed.getvalue()).names() == ["a.txt"]


@BOUNDED
@given(st.text(max_size=200))
def test_any_text_in_a_code(text: str) -> None:
    parse_qr(text)


@BOUNDED
@given(st.binary(max_size=400), st.booleans())
def test_any_bytes_as_xml(data: bytes, recover: bool) -> None:
    with suppress(DocumentError):
        list(markup.structured(xmltree.parse_xml(b"<EInvoice>" + data, recover=recover)))


@BOUNDED
@given(
    st.sampled_from(
        [
            b"",
            b"%PDF-1.4\n",
            b"PK\x03\x04",
            b"PK\x05\x06",
            b"\xff\xd8\xff\xe0",
            b"\x89PNG\r\n\x1a\n",
            b"II*\0",
            b"<",
        ]
    ),
    st.binary(max_size=300),
)
def test_any_bytes_as_a_document(head: bytes, data: bytes) -> None:
    reading = Ladder(engines=lambda: ()).read(head + data, "a")
    assert reading.refusal is not None
