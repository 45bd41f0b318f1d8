"""What parsers are fed in fuzz tests: good documents with faults put in, by a seed; one function a parser."""

import io
import zipfile
from collections.abc import Callable
from contextlib import suppress
from datetime import date
from functools import cache
from random import Random

from fapiao.qr import parse_qr
from nlu.document import markup, xmltree
from nlu.document.fields import read_page
from nlu.document.merge import merge
from nlu.document.page import Word, build_page
from nlu.document.read import Ladder
from nlu.document.reading import DocumentError, Reading, Source, fields_of, from_json, to_json
from tests.documents.hostile import zipped
from tests.documents.in_process import TODAY
from tests.drawing import KINDS, OFD_FORMS, draw

_ODD = [
    "", " ", ",", "，", "01,", "¥", "-", "--", "0", "00.00", "9" * 40, "1e999", "NaN", "Infinity", "-0.00", "１２３", "〇",
    "2026-02-30", "20261332", "0000年00月00日", "圆整", "壹仟亿", "负", "(小写)", "价税合计", "发票号码:", "购买方", "名称：", "\0", "\ud7ff", "\u202e",
    "𠀀", "é" * 9, "%", "*", "null", "9999-12-31", "购", "买", "方", "信", "息", "统一社会信用代码/纳税人识别号:",
]  # fmt: skip
_BYTES = [
    b"\0",
    b"\xff\xff\xff\xff",
    b"<",
    b">",
    b"&",
    b"]]>",
    b"%s",
    b"-1",
    b"99999999999",
    b"\x80",
    b"/",
    b"obj",
]
_LADDER = Ladder(engines=lambda: (), today=TODAY)


def changed_bytes(data: bytes, dice: Random) -> bytes:
    """A few faults: bytes changed, cut out, doubled, put in, or the end cut off."""
    out = bytearray(data)
    for _ in range(dice.choice((1, 1, 2, 4, 16))):
        at = dice.randrange(len(out) + 1)
        length = dice.choice((1, 2, 8, 64, 512))
        match dice.randrange(6):
            case 0:
                out[at : at + 1] = bytes([dice.randrange(256)])
            case 1:
                del out[at : at + length]
            case 2:
                out[at:at] = out[at : at + length]
            case 3:
                out[at:at] = dice.choice(_BYTES) * dice.choice((1, 1, 3, 50))
            case 4:
                other = dice.randrange(len(out) + 1)
                out[at : at + length] = out[other : other + length]
            case _:
                if dice.random() < 0.2:
                    del out[at:]
    return bytes(out)


def changed_text(text: str, dice: Random) -> str:
    """The same for characters, with values that parsers stumble over."""
    for _ in range(dice.choice((1, 1, 2, 5))):
        at, length = dice.randrange(len(text) + 1), dice.choice((0, 1, 4, 20))
        new = dice.choice((dice.choice(_ODD), text[at : at + length] * 2, chr(dice.randrange(1, 0xD7FF))))
        text = text[:at] + new + text[at + length :]
    return text


def qr_text(dice: Random) -> None:
    """QR codes: any text gives a payload or None."""
    seeds = (
        "01,10,144031909110,12345678,118.20,20260312,12345678901234567890,A1B2,",
        "01,32,,25112000000012345678,1234.56,20260312,,8F3A,",
        "01,04,011001900311,22345678,100.00,20191201,60123456789012345678,C0DE,",
        "https://bcfp.shenzhen.chinatax.gov.cn/verify/scan?hash=0a&bill_num=12345678&total_amount=123456",
        "11001260312345678901234567890123456789",
        "",
    )
    payload = parse_qr(changed_text(dice.choice(seeds), dice))
    if payload is not None:
        merge((), payload, page=1, today=TODAY)


def xml(dice: Random) -> None:
    """Structured invoices: evidence, or DocumentError."""
    whole = changed_bytes(dice.choice(_xmls()), dice)
    with suppress(DocumentError):
        for evidence in markup.structured(xmltree.parse_xml(whole, recover=dice.random() < 0.3)):
            fields_of(merge([evidence], None, page=1, today=TODAY))


def ofd(dice: Random) -> None:
    """OFDs with members changed, left out, or broken as a whole."""
    files = dict(dice.choice(_ofds()))
    for _ in range(dice.choice((1, 1, 3))):
        name = dice.choice(list(files))
        match dice.randrange(5):
            case 0:
                del files[name]
                files.setdefault("OFD.xml", b"<a/>")
            case 1:
                files[changed_text(name, dice).replace("\0", "")[:200] or name] = files[name]
            case _:
                files[name] = changed_bytes(files[name], dice)
    data = zipped(files, dice.choice((zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED)))
    _read(changed_bytes(data, dice) if dice.random() < 0.2 else data, "a.ofd")


def rows(dice: Random) -> None:
    """The words of a page, moved and changed: fields, never an error."""
    words, width, height, kind = dice.choice(_pages())
    _fields(words, width, height, kind, dice)


def lines(dice: Random) -> None:
    """The same with the words around one place: many more of them in the same time."""
    words, width, height, kind = dice.choice(_pages())
    middle = dice.choice(words)
    near = sorted(words, key=lambda word: abs(word.y0 - middle.y0) + 0.2 * abs(word.x0 - middle.x0))
    _fields(tuple(near[: dice.randrange(2, 14)]), width, height, kind, dice)


def _fields(words: tuple[Word, ...], width: float, height: float, kind: str, dice: Random) -> None:
    changed = []
    for word in words:
        text, x, y = word.text, word.x0, word.y0
        chance = dice.random()
        if chance < 0.05:
            continue
        if chance < 0.15:
            text = changed_text(text, dice)
        if chance > 0.9:
            x, y = x + dice.gauss(0, 60), y + dice.gauss(0, 20)
        if text.strip():
            changed.append(Word(text, x, y, x + word.x1 - word.x0, y + word.y1 - word.y0))
    source = dice.choice((Source.PDF, Source.OCR, Source.OFD))
    evidence = read_page(build_page(changed, width, height), source)
    found = merge([evidence], None, page=1, today=dice.choice((TODAY, None, date(2019, 1, 1))))
    _crosses(Reading((found,), name=kind))


def pdf(dice: Random) -> None:
    """PDFs with bytes changed."""
    _read(changed_bytes(dice.choice(_pdfs()), dice), "a.pdf")


def picture(dice: Random) -> None:
    """Picture files with bytes changed, decoded and looked over for codes."""
    _read(changed_bytes(dice.choice(_pictures()), dice), "a.png")


TARGETS: dict[str, Callable[[Random], None]] = {
    "qr_text": qr_text, "xml": xml, "ofd": ofd, "rows": rows, "lines": lines, "pdf": pdf, "picture": picture,
}  # fmt: skip


def _read(data: bytes, name: str) -> None:
    _crosses(_LADDER.read(data, name))


def _crosses(reading: Reading) -> None:
    """What was read must come through the border between the processes unchanged."""
    assert from_json(to_json(reading)) == reading


@cache
def _xmls() -> tuple[bytes, ...]:
    names = ("digital_special", "digital_ordinary", "digital_toll", "digital_passenger")
    found = [draw(kind, 1).xml() for kind in names]
    with zipfile.ZipFile(io.BytesIO(draw("vat_e_ordinary", 1).ofd())) as archive:
        found += [archive.read(name) for name in archive.namelist() if "Attach" in name]
    return tuple(found)


@cache
def _ofds() -> tuple[dict[str, bytes], ...]:
    found = []
    for kind in ("vat_e_ordinary", "digital_special"):
        for form in OFD_FORMS:
            with zipfile.ZipFile(io.BytesIO(draw(kind, 2).ofd(form))) as archive:
                found.append({name: archive.read(name) for name in archive.namelist()})
    return tuple(found)


@cache
def _pdfs() -> tuple[bytes, ...]:
    return tuple(draw(kind, 3).pdf() for kind in ("digital_special", "vat_e_toll", "rail_e") if kind in KINDS)


@cache
def _pages() -> tuple[tuple[tuple[Word, ...], float, float, str], ...]:
    from nlu.document.pdf import Pdf

    found = []
    for kind in KINDS:
        document = Pdf(draw(kind, 4).pdf())
        page = document.words(0)
        document.close()
        found.append((tuple(page.words), page.width, page.height, kind))
    return tuple(found)


@cache
def _pictures() -> tuple[bytes, ...]:
    import cv2
    import numpy as np
    from PIL import Image

    small = cv2.resize(draw("digital_special", 5).picture(72), (300, 200))
    shown = Image.fromarray(np.ascontiguousarray(small[:, :, ::-1]))
    found = []
    for form in ("PNG", "JPEG", "GIF", "BMP", "TIFF", "WEBP"):
        out = io.BytesIO()
        shown.save(out, form)
        found.append(out.getvalue())
    return tuple(found)
