"""XML as a tree and as flat texts: entities never expanded, nothing fetched, limits on size, depth and number."""

import re
from dataclasses import dataclass

from lxml import etree

from nlu.document.reading import DocumentError, Refusal

LARGEST_XML = 8 * 2**20  # bytes; the largest real one seen in an OFD is under 2 MB
MOST_ELEMENTS = 60_000
_MOST_MARKS = 3 * MOST_ELEMENTS  # opening, closing and comments
_MOST_ATTRIBUTES = 150_000  # an OFD page has about seven an element; 400,000 cost a second
_DEEPEST = 100
_LONGEST_TEXT = 4_000


@dataclass(frozen=True, slots=True)
class Leaf:
    """A text with the local names of the elements around it, root first."""

    path: tuple[str, ...]
    text: str


def parse_xml(data: bytes, *, recover: bool = False) -> etree._Element:
    """Return the root element. Entities are never expanded, nothing is fetched; a DTD is refused.

    With `recover` malformed markup gives what can be made of it (OFD producers write such). Raises
    DocumentError.
    """
    if len(data) > LARGEST_XML:
        raise DocumentError(Refusal.TOO_LARGE, "xml")
    parser = etree.XMLParser(
        resolve_entities=False,
        no_network=True,
        load_dtd=False,
        huge_tree=False,
        recover=recover,
        remove_comments=True,
        remove_pis=True,
    )
    if data.count(b"<") > _MOST_MARKS or data.count(b"=") > _MOST_ATTRIBUTES:
        raise DocumentError(Refusal.HOSTILE, "xml")
    if re.search(rb"<\s*!\s*(?:DOCTYPE|ENTITY)", data[:LARGEST_XML].replace(b"\0", b""), re.IGNORECASE):
        raise DocumentError(Refusal.HOSTILE, "entities")
    try:
        root = etree.fromstring(_in_utf8(data), parser)
    except (etree.XMLSyntaxError, ValueError, LookupError) as error:
        raise DocumentError(Refusal.BROKEN, "xml") from error
    if root is None:
        raise DocumentError(Refusal.BROKEN, "xml")
    if root.getroottree().docinfo.doctype:
        raise DocumentError(Refusal.HOSTILE, "entities")
    return root


def _in_utf8(data: bytes) -> bytes:
    """The file in UTF-8 where it is GBK and does not say so, as some billing software writes."""
    said = re.match(rb"\s*<\?xml[^>]{0,200}?encoding\s*=\s*[\"']([\w-]+)", data)
    if data[:2] in (b"\xff\xfe", b"\xfe\xff") or (said and said.group(1).lower() not in (b"utf-8", b"utf8")):
        return data
    data = data.lstrip()  # an empty line before the declaration stops every parser
    try:
        data.decode("utf-8")
    except UnicodeDecodeError:
        try:
            return data.decode("gb18030").encode()
        except UnicodeDecodeError:
            return data
    return data


def local_name(element: etree._Element) -> str:
    """The name without its namespace; lxml's own splitter fails on a root with an empty prefix."""
    tag = element.tag
    return re.split(r"[}:]", tag)[-1] if isinstance(tag, str) else ""


def leaves(root: etree._Element) -> list[Leaf]:
    """Flatten a tree to its texts. Raises DocumentError if it is too large or too deep."""
    found: list[Leaf] = []
    stack: list[tuple[etree._Element, tuple[str, ...]]] = [(root, (local_name(root),))]
    seen = 0
    while stack:
        element, path = stack.pop()
        seen += 1
        if seen > MOST_ELEMENTS or len(path) > _DEEPEST:
            raise DocumentError(Refusal.HOSTILE, "xml")
        text = (element.text or "").strip()
        if text:
            found.append(Leaf(path, text[:_LONGEST_TEXT]))
        for child in reversed(element):
            stack.append((child, (*path, local_name(child))))
    return found
