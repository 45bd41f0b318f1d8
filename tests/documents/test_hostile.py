"""What is broken, locked, empty or meant to harm is refused with a clear reason, and nothing is fetched."""

import socket
from random import Random

import numpy as np
import pytest

from nlu.document.pool import Reader
from nlu.document.reading import Refusal
from tests.documents.hostile import documents, pdf, zipped
from tests.documents.in_process import read
from tests.drawing import Drawn, draw, encoded
from tests.drawing.facts import qr_picture
from tests.drawing.fonts import missing

NAMES = [hostile.name for hostile in documents()]


@pytest.fixture(scope="module")
def invoice() -> Drawn:
    if missing():
        pytest.skip(f"fonts are not installed: {', '.join(missing())}")
    return draw("digital_special", 3, "A")


@pytest.fixture
def _offline(monkeypatch: pytest.MonkeyPatch) -> None:
    """Any attempt to reach or even to name another machine fails the test."""

    def refuse(*_args: object, **_kwargs: object) -> None:
        raise AssertionError("a document made the reader use the network")

    for name in ("connect", "connect_ex", "sendto", "bind"):
        monkeypatch.setattr(socket.socket, name, refuse)
    for name in ("getaddrinfo", "gethostbyname", "create_connection"):
        monkeypatch.setattr(socket, name, refuse)


@pytest.mark.parametrize("place", range(len(NAMES)), ids=NAMES)
@pytest.mark.usefixtures("_offline")
def test_each_is_refused(place: int) -> None:
    hostile = documents()[place]
    reading = read(hostile.data, hostile.name)
    assert reading.invoices == ()
    assert reading.refusal in hostile.refusals
    assert reading.name == hostile.name


async def test_each_is_refused_by_the_service() -> None:
    """The same through the processes, one after another: none of them hurts the next."""
    reader = Reader(warm=False, workers=2)
    await reader.start()
    try:
        for hostile in documents():
            reading = await reader.read(hostile.data, hostile.name)
            assert reading.refusal in hostile.refusals, hostile.name
    finally:
        await reader.stop()


@pytest.mark.parametrize("form", ["pdf", "ofd", "xml", "png", "jpg"])
def test_a_file_that_ends_early(form: str, invoice: Drawn) -> None:
    """What was cut off is refused as broken, or what is left is read; it never fails in another way."""
    whole = _form(invoice, form)
    for share in (0.02, 0.3, 0.6, 0.9):
        reading = read(whole[: int(len(whole) * share)], f"cut.{form}")
        if form == "pdf" and reading.refusal is None:
            assert reading.invoices[0].invoice.number == invoice.truth["number"]  # the PDF library mends
        elif form == "pdf":
            assert reading.refusal in (Refusal.BROKEN, Refusal.NOT_AN_INVOICE)
        else:
            assert reading.refusal is Refusal.BROKEN, share


@pytest.mark.parametrize(
    ("form", "name"), [("pdf", "a.jpg"), ("ofd", "a.pdf"), ("xml", "a"), ("xml", "a.ofd")]
)
def test_names_do_not_matter(form: str, name: str, invoice: Drawn) -> None:
    reading = read(_form(invoice, form), name)
    assert [found.invoice.number for found in reading.invoices] == [invoice.truth["number"]]


def test_ofd_with_missing_parts(invoice: Drawn) -> None:
    """An OFD that holds only its attachment or metadata is read from that; a bad part is passed over."""
    for form in ("attachment", "metadata", "text", "malformed"):
        legacy = draw("vat_e_ordinary", 4, "A")
        reading = read(legacy.ofd(form), "a.ofd")
        assert [found.invoice.number for found in reading.invoices] == [legacy.truth["number"]], form


@pytest.mark.slow
@pytest.mark.usefixtures("_offline")
def test_an_address_in_a_code_is_not_opened() -> None:
    """A QR code that holds an address is text, whoever printed it."""
    for address in (
        "http://192.0.2.7/x?a=1",
        "https://pay.example/f/1",
        "ftp://192.0.2.7/",
        "file:///etc/passwd",
    ):
        picture = qr_picture(address).convert("RGB").resize((700, 700))
        reading = read(encoded(_array(picture)), "code.png")
        assert reading.invoices == ()
        assert reading.refusal is Refusal.NOT_AN_INVOICE


@pytest.mark.usefixtures("_offline")
def test_a_good_file_among_bad_ones_is_read(invoice: Drawn) -> None:
    """In an archive what is bad is named and what is good is read; a bomb spoils all of it."""
    good, noise = invoice.xml(), Random(9).randbytes(3000)
    reading = read(zipped({"a.bin": noise, "b.pdf": pdf()[:500], "c.xml": good}), "a.zip")
    assert [member.refusal for member in reading.members] == [Refusal.UNSUPPORTED, Refusal.BROKEN, None]
    assert [found.member for found in reading.invoices] == ["c.xml"]
    bomb = next(hostile for hostile in documents() if hostile.name == "zeros.zip")
    assert read(zipped({"c.xml": good, "d.zip": bomb.data}), "a.zip").refusal is Refusal.HOSTILE


def _form(drawn: Drawn, form: str) -> bytes:
    match form:
        case "pdf":
            return drawn.pdf()
        case "ofd":
            return drawn.ofd()
        case "xml":
            return drawn.xml()
        case _:
            return encoded(drawn.picture(100), f".{form}")


def _array(picture: object) -> np.ndarray:
    return np.asarray(picture)[:, :, ::-1]
