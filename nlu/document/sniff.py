"""What a file is, by its bytes and never by its name."""

from enum import StrEnum

from nlu.document.reading import DocumentError, Refusal

LARGEST_FILE = 50 * 2**20  # bytes; channels hand over less


class Form(StrEnum):
    """The outer form of a file."""

    IMAGE = "image"
    PDF = "pdf"
    ZIP = "zip"  # also OFD
    XML = "xml"


_IMAGES = (b"\xff\xd8\xff", b"\x89PNG\r\n\x1a\n", b"GIF87a", b"GIF89a", b"BM", b"II*\0", b"MM\0*")
_HEIF = (b"heic", b"heix", b"mif1", b"msf1", b"hevc", b"avif")


def sniff(data: bytes) -> Form:
    """Return the form of `data`; raises DocumentError for what is empty, too large or of no use here."""
    if not data.strip(b"\0\t\r\n "):
        raise DocumentError(Refusal.EMPTY)
    if len(data) > LARGEST_FILE:
        raise DocumentError(Refusal.TOO_LARGE)
    if data.startswith(_IMAGES) or (data[:4] == b"RIFF" and data[8:12] == b"WEBP"):
        return Form.IMAGE
    if data[4:8] == b"ftyp" and data[8:12] in _HEIF:
        raise DocumentError(Refusal.UNSUPPORTED, "heic")
    if data.startswith((b"PK\x03\x04", b"PK\x05\x06")):  # before PDF: it may hold one as it is
        return Form.ZIP
    if b"%PDF-" in data[:1024]:
        return Form.PDF
    return _text(data)


def _text(data: bytes) -> Form:
    head = data[:2048]
    if head[:2] in (b"\xff\xfe", b"\xfe\xff"):
        head = head.decode("utf-16", "replace").encode()
    head = head.lstrip(b"\xef\xbb\xbf\0 \t\r\n").lower()
    if head.startswith((b"<!doctype html", b"<html")) or b"<html" in head[:1024]:
        raise DocumentError(Refusal.UNSUPPORTED, "html")
    if head.startswith(b"<"):
        return Form.XML
    if head.startswith((b"rar!", b"7z\xbc\xaf")):
        raise DocumentError(Refusal.UNSUPPORTED, "archive")
    if head.startswith(b"\xd0\xcf\x11\xe0"):
        raise DocumentError(Refusal.UNSUPPORTED, "office")
    raise DocumentError(Refusal.UNSUPPORTED)
