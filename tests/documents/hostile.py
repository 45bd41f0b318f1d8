"""Files that mean harm or are broken, made in memory: name → bytes and the refusals that are right for them."""

import io
import struct
import zipfile
import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from random import Random

from reportlab.lib.pdfencrypt import StandardEncryption
from reportlab.pdfgen.canvas import Canvas

from nlu.document.reading import Refusal


@dataclass(frozen=True, slots=True)
class Hostile:
    """A file as it came, and what may be said of it."""

    name: str
    data: bytes
    refusals: tuple[Refusal, ...]


def zipped(files: dict[str, bytes], method: int = zipfile.ZIP_DEFLATED) -> bytes:
    """A ZIP of these files."""
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", method) as archive:
        for name, data in files.items():
            archive.writestr(name, data)
    return out.getvalue()


def pdf(pages: int = 1, size: tuple[float, float] = (595.0, 396.0), *, password: str | None = None) -> bytes:
    """A PDF with a few words on each page."""
    out = io.BytesIO()
    lock = None if password is None else StandardEncryption(password)
    canvas = Canvas(out, pagesize=size, encrypt=lock)
    for number in range(pages):
        canvas.drawString(
            72, 72, f"This is page {number} of a letter, and it holds no invoice of any kind at all."
        )
        canvas.showPage()
    canvas.save()
    return out.getvalue()


def _chunk(kind: bytes, data: bytes) -> bytes:
    return struct.pack("!I", len(data)) + kind + data + struct.pack("!I", zlib.crc32(kind + data))


def png(width: int, height: int, rows: bytes = b"", extra: bytes = b"") -> bytes:
    """A grey PNG; `rows` are its compressed rows, whatever the header claims."""
    header = struct.pack("!IIBBBBB", width, height, 8, 0, 0, 0, 0)
    body = _chunk(b"IHDR", header) + extra + _chunk(b"IDAT", rows) + _chunk(b"IEND", b"")
    return b"\x89PNG\r\n\x1a\n" + body


def _text_bomb() -> bytes:
    packer = zlib.compressobj(9)
    part = packer.compress(bytes(2**20))
    packed = part + b"".join(packer.compress(bytes(2**20)) for _ in range(199)) + packer.flush()
    return png(8, 8, zlib.compress(bytes(72)), _chunk(b"zTXt", b"Comment\0\0" + packed))


def _zeros_zip() -> bytes:
    """One gigabyte of zeros in one megabyte: the same packed megabyte over and over."""
    packer = zlib.compressobj(9, zlib.DEFLATED, -15)
    block = packer.compress(bytes(2**20)) + packer.flush(zlib.Z_FULL_FLUSH)
    packed = block * 1024 + packer.flush()
    name = b"a.xml"
    sizes = (zlib.crc32(b""), len(packed), 2**30)
    local = struct.pack("<4s5H3I2H", b"PK\3\4", 20, 0, 8, 0, 0, *sizes, len(name), 0) + name + packed
    central = struct.pack("<4s6H3I5H2I", b"PK\1\2", 20, 20, 0, 8, 0, 0, *sizes, len(name), *(0,) * 6) + name
    end = struct.pack("<4s4H2IH", b"PK\5\6", 0, 0, 1, 1, len(central), len(local), 0)
    return local + central + end


def _liar_zip() -> bytes:
    """An entry that says it is short and is not."""
    data = bytearray(zipped({"a.xml": bytes(60 * 2**20)}))
    struct.pack_into("<I", data, 22, 100)
    struct.pack_into("<I", data, data.index(b"PK\1\2") + 24, 100)
    return bytes(data)


def _crowd(count: int) -> bytes:
    """A ZIP of very many empty entries, written by hand: the library would take seconds."""
    local, central, offset = bytearray(), bytearray(), 0
    for number in range(count):
        name = b"%d.xml" % number
        head = struct.pack("<4s5H3I2H", b"PK\3\4", 20, 0, 0, 0, 0, 0, 0, 0, len(name), 0) + name
        central += struct.pack(
            "<4s6H3I5H2I", b"PK\1\2", 20, 20, 0, 0, 0, 0, 0, 0, 0, len(name), 0, 0, 0, 0, 0, offset
        )
        central += name
        local += head
        offset += len(head)
    few = min(count, 65535)
    return bytes(
        local + central + struct.pack("<4s4H2IH", b"PK\5\6", 0, 0, few, few, len(central), offset, 0)
    )


def _nested(depth: int) -> bytes:
    data = zipped({"a.xml": b"<a/>"})
    for level in range(depth):
        data = zipped({f"{level}.zip": data})
    return data


def _quine_like() -> bytes:
    """A ZIP whose only entry begins like itself, over and over."""
    inner = zipped({"r.zip": b"PK\5\6" + bytes(18)}, zipfile.ZIP_STORED)
    for _ in range(12):
        inner = zipped({"r.zip": inner, "again.zip": inner}, zipfile.ZIP_STORED)
    return inner


def _locked_zip() -> bytes:
    data = bytearray(zipped({"a.pdf": pdf()}))
    data[6] |= 1
    data[data.index(b"PK\1\2") + 8] |= 1
    return bytes(data)


_LAUGHS = b"<!DOCTYPE l [<!ENTITY a0 'ha'>%s]><EInvoice>&a9;</EInvoice>" % b"".join(
    b"<!ENTITY a%d '%s'>" % (n, b"&a%d;" % (n - 1) * 10) for n in range(1, 10)
)
_QUADRATIC = b"<!DOCTYPE l [<!ENTITY a '%s'>]><EInvoice>%s</EInvoice>" % (b"x" * 50_000, b"&a;" * 50_000)
_OUTSIDE = b"<!DOCTYPE l [<!ENTITY x SYSTEM 'file:///etc/passwd'>]><EInvoice>&x;</EInvoice>"
_REMOTE = b"<!DOCTYPE l SYSTEM 'http://192.0.2.1/l.dtd'><EInvoice/>"
_PARAMETER = b"<!DOCTYPE l [<!ENTITY % p SYSTEM 'http://192.0.2.1/p'> %p;]><EInvoice/>"
_OFD = b'<ofd:OFD xmlns:ofd="http://www.ofdspec.org/2016"><ofd:DocBody/></ofd:OFD>'


def _documents() -> Iterator[Hostile]:
    no = Refusal
    yield Hostile("nothing.pdf", b"", (no.EMPTY,))
    yield Hostile("zeros.jpg", bytes(5000), (no.EMPTY,))
    yield Hostile("spaces.xml", b" \n\t" * 100, (no.EMPTY,))
    yield Hostile("random.bin", Random(1).randbytes(100_000), (no.UNSUPPORTED,))
    yield Hostile("random.pdf", b"%PDF-1.7\n" + Random(2).randbytes(100_000), (no.BROKEN,))
    yield Hostile("random.png", b"\x89PNG\r\n\x1a\n" + Random(3).randbytes(50_000), (no.BROKEN,))
    yield Hostile("random.jpg", b"\xff\xd8\xff" + Random(4).randbytes(50_000), (no.BROKEN,))
    yield Hostile("random.ofd", b"PK\3\4" + Random(5).randbytes(50_000), (no.BROKEN,))
    yield Hostile("page.pdf", b"<!DOCTYPE html><html><body>hello</body></html>", (no.UNSUPPORTED,))
    yield Hostile("page.xml", b"<?xml version='1.0'?><html><body>hello</body></html>", (no.UNSUPPORTED,))
    yield Hostile("letter.xml", b"<letter><to>you</to></letter>", (no.NOT_AN_INVOICE,))
    yield Hostile("old.doc", b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(600) + b"x", (no.UNSUPPORTED,))
    yield Hostile("packed.rar", b"Rar!\x1a\7\1\0" + b"x" * 500, (no.UNSUPPORTED,))
    yield Hostile("locked.pdf", pdf(password="secret"), (no.ENCRYPTED,))
    yield Hostile("locked.zip", _locked_zip(), (no.ENCRYPTED,))
    yield Hostile("wide.pdf", pdf(size=(200_000, 400)), (no.HOSTILE,))
    yield Hostile("huge.pdf", pdf(size=(200_000, 200_000)), (no.HOSTILE,))
    yield Hostile("pages.pdf", pdf(200), (no.TOO_MANY_PAGES,))
    yield Hostile("letter.pdf", pdf(3), (no.NOT_AN_INVOICE,))
    yield Hostile("cut.pdf", pdf(3)[:700], (no.BROKEN,))
    yield Hostile("zeros.zip", _zeros_zip(), (no.HOSTILE,))
    yield Hostile("liar.zip", _liar_zip(), (no.BROKEN, no.HOSTILE))
    yield Hostile("crowd.zip", _crowd(60_000), (no.HOSTILE,))
    yield Hostile("crowd.ofd", _crowd(3_000), (no.HOSTILE,))
    yield Hostile("slip.zip", zipped({"../../etc/cron.d/x": b"<a/>"}), (no.HOSTILE,))
    yield Hostile("backslip.zip", zipped({"..\\..\\x.xml": b"<a/>"}), (no.HOSTILE,))
    yield Hostile("drive.zip", zipped({"C:\\x.xml": b"<a/>"}), (no.HOSTILE,))
    yield Hostile("absolute.zip", zipped({"/etc/passwd": b"root"}), (no.HOSTILE, no.UNSUPPORTED))
    yield Hostile("nested.zip", _nested(12), (no.HOSTILE,))
    yield Hostile("itself.zip", _quine_like(), (no.HOSTILE,))
    yield Hostile("none.zip", zipped({}), (no.EMPTY,))
    yield Hostile("many.zip", zipped({f"{n}.txt": b"text" for n in range(100)}), (no.TOO_MANY_PAGES,))
    yield Hostile("texts.zip", zipped({"a.txt": b"text"}), (no.UNSUPPORTED,))
    yield Hostile("cut.zip", zipped({"a.xml": Random(6).randbytes(9000)})[:4000], (no.BROKEN,))
    yield Hostile("wide.png", png(30_000, 30_000), (no.TOO_LARGE,))
    yield Hostile("long.png", png(2**31 - 1, 1), (no.TOO_LARGE, no.BROKEN))
    yield Hostile("empty.png", png(1000, 1000), (no.BROKEN,))
    yield Hostile("none.png", png(0, 0), (no.BROKEN,))
    yield Hostile("text.png", _text_bomb(), (no.TOO_LARGE,))
    yield Hostile("laughs.xml", _LAUGHS, (no.HOSTILE,))
    yield Hostile("quadratic.xml", _QUADRATIC, (no.HOSTILE,))
    yield Hostile("outside.xml", _OUTSIDE, (no.HOSTILE,))
    yield Hostile("remote.xml", _REMOTE, (no.HOSTILE,))
    yield Hostile("parameter.xml", _PARAMETER, (no.HOSTILE,))
    yield Hostile("laughs16.xml", _LAUGHS.decode().encode("utf-16"), (no.HOSTILE,))
    yield Hostile("deep.xml", b"<a>" * 100_000 + b"</a>" * 100_000, (no.HOSTILE, no.BROKEN))
    yield Hostile("deepish.xml", b"<a>" * 200 + b"x" + b"</a>" * 200, (no.HOSTILE,))
    yield Hostile("broad.xml", b"<EInvoice>" + b"<a/>" * 1_500_000 + b"</EInvoice>", (no.HOSTILE,))
    marks = b"".join(b"a%d='' " % n for n in range(400_000))
    yield Hostile("marks.xml", b"<EInvoice %s/>" % marks, (no.HOSTILE, no.BROKEN, no.NOT_AN_INVOICE))
    yield Hostile("cut.xml", b"<EInvoice><Header><EIid>25", (no.BROKEN,))
    yield Hostile("bare.ofd", zipped({"OFD.xml": _OFD}), (no.BROKEN, no.NOT_AN_INVOICE))
    yield Hostile("bad.ofd", zipped({"OFD.xml": b"<<<>>>", "Doc_0/Document.xml": b"\0\1"}), (no.BROKEN,))
    yield Hostile("laughs.ofd", zipped({"OFD.xml": _OFD, "Doc_0/Document.xml": _LAUGHS}), (no.HOSTILE,))
    deep = b"<a>" * 90_000
    yield Hostile("deep.ofd", zipped({"OFD.xml": _OFD, "Doc_0/Document.xml": deep}), (no.BROKEN, no.HOSTILE))
    refs = b"<r>" * 200 + b"<ObjectRef>1</ObjectRef>" * 300_000 + b"</r>" * 200
    page = b"<Page><TextObject ID='1' Boundary='0 0 9 9'><TextCode>x</TextCode></TextObject></Page>"
    yield Hostile(
        "references.ofd",
        zipped({"OFD.xml": _OFD, "Doc_0/P/Content.xml": page, "Doc_0/Tags/T.xml": refs}, zipfile.ZIP_STORED),
        (no.HOSTILE, no.NOT_AN_INVOICE),
    )


@cache
def documents() -> tuple[Hostile, ...]:
    """All of them, made once."""
    return tuple(_documents())
