"""OFD documents (GB/T 33190): attachment, tags, metadata and page text, without an OFD library."""

import posixpath
import re
from collections.abc import Iterator, Mapping, Sequence
from copy import deepcopy
from dataclasses import dataclass, field

import numpy as np
from lxml import etree

from nlu.document.archive import Archive
from nlu.document.evidence import Evidence
from nlu.document.markup import from_leaves, structured
from nlu.document.page import Page, Word, build_page
from nlu.document.reading import DocumentError, Refusal, Source
from nlu.document.strokes import draw_shapes
from nlu.document.xmltree import Leaf, local_name, parse_xml

MOST_PAGES = 60
_MOST_PARTS = 400
_MOST_COPIES = 5_000  # of texts in units, on a page; an invoice has 100
_PICTURES = (".png", ".jpg", ".jpeg", ".bmp", ".gif", ".tif", ".tiff")
_LARGEST_PICTURE = 12 * 2**20


@dataclass(slots=True)
class OfdBody:
    """One document of an OFD: what its parts say, its pages and its pictures (the QR code is one)."""

    evidences: list[Evidence] = field(default_factory=list)
    pages: list[Page] = field(default_factory=list)
    pictures: list[bytes] = field(default_factory=list)
    sheet: list[etree._Element] = field(default_factory=list)  # what lies over each other on its first page

    def drawn(self) -> np.ndarray | None:
        """The first page's shapes as a picture, for writers that draw their letters; None if there are few."""
        width, height = (self.pages[0].width, self.pages[0].height) if self.pages else (0.0, 0.0)
        return draw_shapes(self.sheet, width or 210.0, height or 140.0)


def read_ofd(archive: Archive) -> list[OfdBody]:
    """Return the documents inside. Malformed parts are passed over; raises DocumentError if nothing is left."""
    names = archive.names()
    parsed: dict[str, etree._Element] = {}
    for name in [name for name in names if name.lower().endswith((".xml", ".xbrl"))][:_MOST_PARTS]:
        root = _parse(archive, name)
        if root is not None:
            parsed[name] = root
    locked = any(name.lower().rsplit("/", 1)[-1] == "encryptions.xml" for name in names)
    if not parsed:
        raise DocumentError(Refusal.ENCRYPTED if locked else Refusal.BROKEN, "ofd")
    folders = _in_force(
        sorted({match.group() for name in names if (match := re.match(r"Doc_\d+/", name))}), parsed
    )
    bodies = [_body(archive, folder, names, parsed, alone=len(folders) == 1) for folder in folders]
    kept = [body for body in bodies if body.evidences or body.pages or body.pictures or body.sheet]
    if not kept:
        raise DocumentError(Refusal.ENCRYPTED if locked else Refusal.BROKEN, "ofd")
    return kept


def _in_force(folders: list[str], parsed: Mapping[str, etree._Element]) -> list[str]:
    """The folders of the documents that OFD.xml names: an older version of one may lie beside it."""
    named = {
        (element.text or "").strip().lstrip("/").split("/", 1)[0] + "/"
        for name, root in parsed.items()
        if name.lower() == "ofd.xml"
        for element in root.iter("{*}DocRoot")
    }
    return [folder for folder in folders if folder in named] or folders or [""]


def _parse(archive: Archive, name: str) -> etree._Element | None:
    try:
        data = archive.read(name)
        try:
            return parse_xml(data)
        except DocumentError as error:
            if error.refusal is Refusal.HOSTILE:
                raise
            return parse_xml(_mended(data), recover=True)
    except DocumentError as error:
        if error.refusal is Refusal.HOSTILE:
            raise
        return None


def _mended(data: bytes) -> bytes:
    """Take out the empty prefixes that some producers write (<:eInvoice>), which no parser accepts."""
    return re.sub(rb"(</?):(?=\w)", rb"\1", data).replace(b"xmlns:=", b"xmlns=")


def _body(
    archive: Archive, folder: str, names: list[str], parsed: dict[str, etree._Element], *, alone: bool
) -> OfdBody:
    body = OfdBody()
    parts = {name: root for name, root in parsed.items() if name.startswith(folder)}
    texts: dict[str, str] = {}
    contents: dict[str, etree._Element] = {}
    units = {unit.get("ID"): unit for root in parts.values() for unit in root.iter("{*}CompositeGraphicUnit")}
    for name, root in parts.items():
        if local_name(root) == "Page":
            contents[name] = root
            _unfold(root, units)
            texts.update(_objects(root))
    for name, root in parts.items():
        if "attach" in name.lower() or local_name(root).lower() in ("einvoice", "xbrl"):
            if any(local_name(element) == "ObjectRef" for element in root.iter()):
                continue
            body.evidences += structured(root)
    for root in parts.values():
        tagged = _tagged(root, texts)
        if tagged is not None:
            body.evidences.append(tagged)
    if alone:
        for name, root in parsed.items():
            if name.lower() == "ofd.xml":
                _metadata(body, root)
    sheets = _sheets(contents, _layout(parts))
    if len(sheets) > MOST_PAGES:
        raise DocumentError(Refusal.TOO_MANY_PAGES)
    body.pages = _pages(sheets)
    body.sheet = sheets[0] if sheets else []
    body.pictures = _pictures(archive, folder, names)
    return body


def _unfold(root: etree._Element, units: Mapping[str | None, etree._Element]) -> None:
    """Put the texts of units that a page only refers to (CompositeObject) where they are shown."""
    left = _MOST_COPIES
    for place in list(root.iter("{*}CompositeObject")) if units else []:
        unit, corner = units.get(place.get("ResourceID")), _numbers(place.get("Boundary"))
        for text in unit.iter("{*}TextObject") if unit is not None and len(corner) == 4 else ():
            box = _numbers(text.get("Boundary"))
            left -= 1
            if left < 0:
                raise DocumentError(Refusal.HOSTILE, "units")
            if len(box) == 4:
                copy = deepcopy(text)
                copy.set("Boundary", f"{box[0] + corner[0]} {box[1] + corner[1]} {box[2]} {box[3]}")
                place.append(copy)


def _objects(root: etree._Element) -> dict[str, str]:
    """Text objects by their id."""
    found: dict[str, str] = {}
    for element in root.iter():
        if local_name(element) == "TextObject" and element.get("ID"):
            text = "".join(code.text or "" for code in element.iter() if local_name(code) == "TextCode")
            found[str(element.get("ID"))] = text.strip()
    return found


def _tagged(root: etree._Element, texts: dict[str, str]) -> Evidence | None:
    """Fields of a CustomTag: names around references to text objects, whose pieces are joined."""
    joined: dict[tuple[str, ...], str] = {}
    for element in root.iter():
        if local_name(element) != "ObjectRef":
            continue
        text = texts.get((element.text or "").strip())
        if not text:
            continue
        path = tuple(reversed([local_name(parent) for parent in element.iterancestors()]))
        if not path:
            continue  # a reference outside any tag names nothing
        joined[path] = joined.get(path, "") + text
    if not joined:
        return None
    evidence = from_leaves([Leaf(path, text) for path, text in joined.items()], Source.OFD)
    if evidence is not None:
        evidence.trust = 0.9
    return evidence


def _metadata(body: OfdBody, root: etree._Element) -> None:
    """Custom data of OFD.xml; its 合计金额 is the net amount (verified)."""
    found = []
    for element in root.iter():
        if local_name(element) == "CustomData" and element.get("Name") and element.text:
            found.append(Leaf((str(element.get("Name")),), element.text.strip()))
    evidence = from_leaves(found, Source.OFD)
    if evidence is not None:
        evidence.trust = 0.7
        body.evidences.append(evidence)


@dataclass(slots=True)
class _Layout:
    """What the document's own list says: its pages in order, and its templates by their ids."""

    pages: list[str] = field(default_factory=list)
    templates: dict[str, str] = field(default_factory=dict)


def _layout(parts: Mapping[str, etree._Element]) -> _Layout:
    found = _Layout()
    for name, root in parts.items():
        if local_name(root) != "Document":
            continue
        for element in root.iter():
            place = element.get("BaseLoc")
            if place is None:
                continue
            part = _resolved(place, posixpath.dirname(name), parts)
            if part is not None and local_name(element) == "TemplatePage":
                found.templates[element.get("ID") or part] = part
            elif part is not None and local_name(element) == "Page" and part not in found.pages:
                found.pages.append(part)
    return found


def _resolved(place: str, folder: str, parts: Mapping[str, etree._Element]) -> str | None:
    """The part that a reference means: from its folder or from the root, as writers please."""
    place = place.strip().replace("\\", "/")
    names = (posixpath.normpath(posixpath.join(folder, place)), posixpath.normpath(place.lstrip("/")))
    return next((name.lstrip("/") for name in names if name.lstrip("/") in parts), None)


def _sheets(contents: Mapping[str, etree._Element], layout: _Layout) -> list[list[etree._Element]]:
    """What lies over each other on each page: its templates, which hold the labels, and its own content."""
    templates = {name for name in contents if _is_template(name)} | set(layout.templates.values())
    listed = [name for name in layout.pages if name in contents and name not in templates]
    others = sorted((name for name in contents if name not in templates), key=_page_order)
    every = [contents[name] for name in sorted(templates, key=_page_order) if name in contents]
    sheets = []
    for name in listed or others:
        root = contents[name]
        names = [layout.templates.get(str(each.get("TemplateID"))) for each in root.iter("{*}Template")]
        wanted = [contents[part] for part in names if part is not None and part in contents]
        sheets.append([*(wanted or every), root])
    return sheets or ([every] if every else [])


def _pages(sheets: Sequence[Sequence[etree._Element]]) -> list[Page]:
    """The text of each page that has some of its own; of the first, if none has."""
    roots = {id(root): root for sheet in sheets for root in sheet}  # a template lies under many pages
    words_of = {key: list(_words(root)) for key, root in roots.items()}
    boxes_of = {key: _paper(root) for key, root in roots.items()}
    built = []
    for sheet in [sheet for sheet in sheets if words_of[id(sheet[-1])]] or list(sheets[:1]):
        words = [word for root in reversed(sheet) for word in words_of[id(root)]]
        width, height = (max(boxes_of[id(root)][side] for root in sheet) for side in (0, 1))
        if width and height:  # what lies off the paper nobody sees; the tax platform leaves a copy there
            words = [
                word for word in words if word.x1 > 0 and word.y1 > 0 and word.x0 < width and word.y0 < height
            ]
        width = width or max((word.x1 for word in words), default=210.0)
        height = height or max((word.y1 for word in words), default=140.0)
        built.append(build_page(words, width, height))
    return built


def _paper(root: etree._Element) -> tuple[float, float]:
    """Width and height of a page as it says itself, or nought."""
    boxes = [_numbers(each.text) for each in root.iter() if local_name(each) == "PhysicalBox"]
    kept = [(box[2], box[3]) for box in boxes if len(box) == 4]
    return max(kept, default=(0.0, 0.0))


def _is_template(name: str) -> bool:
    return "tpl" in name.lower() or "template" in name.lower()


def _page_order(name: str) -> tuple[int, str]:
    match = re.search(r"Page_(\d+)", name)
    return (int(match.group(1)) if match else 0, name)


def _words(root: etree._Element) -> Iterator[Word]:
    for element in root.iter():
        if local_name(element) != "TextObject" or element.get("Visible") == "false":
            continue
        boundary = _numbers(element.get("Boundary"))
        if len(boundary) != 4:
            continue
        place = _Place.of(boundary, _numbers(element.get("CTM")))
        if place is None:
            continue
        size = (_numbers(element.get("Size")) or [3.175])[0]
        wide = size * (_numbers(element.get("HScale")) or [1.0])[0]
        x = y = 0.0
        for code in element:
            if local_name(code) != "TextCode":
                continue
            # A code without X or Y goes on where the one before it stood.
            x = (_numbers(code.get("X")) or [x])[0]
            y = (_numbers(code.get("Y")) or [y or boundary[3] / place.down])[0]
            if (code.text or "").strip():
                yield from _code_words(code, place, (x, y), wide, min(size * place.down, 1.5 * place.height))


@dataclass(frozen=True, slots=True)
class _Place:
    """How a text object lies on the page: from its own units to millimetres from the top left."""

    left: float
    top: float
    across: float  # millimetres a unit along the text
    down: float
    height: float  # of its box

    @classmethod
    def of(cls, boundary: list[float], matrix: list[float]) -> "_Place | None":
        """The place of a box and its matrix (CTM), or None for text that does not run along the page."""
        if len(matrix) != 6:
            return cls(boundary[0], boundary[1], 1.0, 1.0, max(boundary[3], 0.1))
        a, b, c, d, e, f = matrix
        if abs(b) > 0.3 * abs(a) or abs(c) > 0.6 * abs(d) or not 0 < a < 50 or not 0 < d < 50:
            return None  # a slanted watermark, or text down the margin
        return cls(boundary[0] + e, boundary[1] + f, a, d, max(boundary[3], 0.1))

    def at(self, x: float, y: float) -> tuple[float, float]:
        return self.left + x * self.across, self.top + y * self.down


def _code_words(
    code: etree._Element, place: _Place, start: tuple[float, float], wide: float, high: float
) -> Iterator[Word]:
    text = re.sub(r"[\r\n\t]", "", code.text or "")
    x, base = place.at(*start)
    bottom = base + 0.12 * high
    steps = _deltas(code.get("DeltaX"))
    downs = _deltas(code.get("DeltaY"))
    if len(text) > 1 and any(downs) and not any(steps):
        end = base + sum(downs[: len(text) - 1]) * place.down
        yield Word(text, x, bottom - high, x + wide * place.across, max(end, base) + 0.12 * high)
        return
    lefts = [x]
    for index, char in enumerate(text[:-1]):
        step = steps[index] if index < len(steps) else _advance(char, wide)
        lefts.append(lefts[-1] + step * place.across)
    spans = tuple(
        (left, left + _advance(char, wide * place.across)) for left, char in zip(lefts, text, strict=True)
    )
    yield Word(text, min(lefts), bottom - high, max(right for _, right in spans), bottom, spans=spans)


def _advance(char: str, size: float) -> float:
    return size if ord(char) > 0x2E7F else 0.52 * size


def _deltas(text: str | None) -> list[float]:
    """DeltaX: numbers, and `g count value` for a run of equal ones."""
    out: list[float] = []
    parts = (text or "").split()[:4000]
    index = 0
    while index < len(parts):
        if parts[index] == "g" and index + 2 < len(parts):
            count, value = _numbers(parts[index + 1]), _numbers(parts[index + 2])
            if count and value:
                out += [value[0]] * min(int(count[0]), 2000)
            index += 3
            continue
        out += _numbers(parts[index])
        index += 1
    return out


def _numbers(text: str | None) -> list[float]:
    out = []
    for part in (text or "").split():
        try:
            value = float(part)
        except ValueError:
            continue
        if abs(value) < 1e6:
            out.append(value)
    return out


def _pictures(archive: Archive, folder: str, names: list[str]) -> list[bytes]:
    found = []
    for name in names:
        if name.startswith(folder) and name.lower().endswith(_PICTURES) and "sign" not in name.lower():
            if archive.size(name) > _LARGEST_PICTURE:
                continue
            try:
                found.append(archive.read(name))
            except DocumentError as error:
                if error.refusal is Refusal.HOSTILE:
                    raise
        if len(found) >= 12:
            break
    return found
