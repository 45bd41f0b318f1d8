"""Print a sheet to a PDF with the text layers that issuers produce: scrambled, split, odd code points."""

import io
from dataclasses import replace
from random import Random

from PIL import Image
from reportlab.lib.utils import ImageReader
from reportlab.pdfbase import pdfmetrics
from reportlab.pdfbase.ttfonts import TTFont
from reportlab.pdfgen.canvas import Canvas

from tests.drawing.fonts import Face, pdf_face
from tests.drawing.picture import _stamp
from tests.drawing.sheet import Inlay, Line, Seal, Sheet, Text

_MM = 72 / 25.4
ORDERS = ("visual", "scrambled", "labels_first", "split", "letters", "radicals", "traps")
# Radicals that fonts of some issuers map whole characters to.
RADICALS = dict(zip("人子方金大一日月车长见贝门食", "⼈⼦⽅⾦⼤⼀⽇⽉⻋⻓⻅⻉⻔⻝", strict=True))


def to_pdf(
    sheets: Sheet | list[Sheet], order: str = "visual", seed: int = 0, attach: bytes | None = None
) -> bytes:
    """The sheets as a PDF with a text layer in one of ORDERS; `attach` is embedded as an XBRL file."""
    pages = [sheets] if isinstance(sheets, Sheet) else sheets
    out = io.BytesIO()
    canvas = Canvas(out, invariant=1, pageCompression=1)
    dice = Random(seed)
    for sheet in pages:
        canvas.setPageSize((sheet.width * _MM, sheet.height * _MM))
        _page(canvas, sheet, order, dice)
        canvas.showPage()
    canvas.save()
    return out.getvalue() if attach is None else with_attachment(out.getvalue(), attach)


def _page(canvas: Canvas, sheet: Sheet, order: str, dice: Random) -> None:
    for mark in sheet.marks:
        if isinstance(mark, Line):
            canvas.setStrokeColorRGB(*(part / 255 for part in mark.colour))
            canvas.setLineWidth(mark.width * _MM)
            ends = (mark.x0, sheet.height - mark.y0, mark.x1, sheet.height - mark.y1)
            canvas.line(*(end * _MM for end in ends))
        elif isinstance(mark, Inlay):
            place = (mark.x * _MM, (sheet.height - mark.y - mark.height) * _MM)
            picture = ImageReader(mark.picture.convert("RGB"))
            canvas.drawImage(picture, *place, mark.width * _MM, mark.height * _MM)
    for text in _ordered(list(sheet.texts()), order, dice, sheet.width > 120):
        _text(canvas, sheet, text)
    for mark in sheet.marks:
        if isinstance(mark, Seal):
            _seal(canvas, sheet, mark)


def _ordered(texts: list[Text], order: str, dice: Random, wide: bool) -> list[Text]:
    texts = [text for text in texts if text.text]
    if order == "labels_first":
        return [t for t in texts if t.font in ("label", "title")] + [
            t for t in texts if t.font not in ("label", "title")
        ]
    if order == "traps" and wide:
        texts = [trapped for text in texts for trapped in _traps(text)]
        texts.append(Text(6, 3.2, "2025/8/12 10:30", 2.2, "label"))
        texts.append(Text(60, 3.2, "https://invoice.example/print?id=20250812&no=88812345", 2.2, "label"))
        texts.append(Text(6, 2000, "开票日期：2031年01月01日", 2.2, "label"))  # off the page
    if order in ("split", "letters"):
        texts = [part for text in texts for part in _split(text, order, dice)]
    if order == "radicals":
        table = str.maketrans(RADICALS)
        texts = [replace(text, text=text.text.translate(table)) for text in texts]
    if order != "visual":
        dice.shuffle(texts)
    return texts


def _traps(text: Text) -> list[Text]:
    """What issuers do: ids and numbers torn by a space, another yen sign, a name printed twice."""
    if text.field in ("buyer_tax_id", "seller_tax_id") and len(text.text) > 10:
        return [replace(text, text=text.text[:1] + " " + text.text[1:])]
    if text.text[:1] in "¥￥":
        return [replace(text, text="￥ " + text.text[1:])]
    if text.field == "buyer_name":
        return [text, replace(text, x=text.x + 0.1)]
    return [text]


def _split(text: Text, order: str, dice: Random) -> list[Text]:
    """Two runs, or one a letter, side by side; columns and turned texts stay whole."""
    if text.column or text.turn or text.gap or len(text.text) < 2:
        return [text]
    if order == "split":
        cut = dice.randint(1, len(text.text) - 1)
        parts = [text.text[:cut], text.text[cut:]]
    else:
        parts = list(text.text)
    return [
        replace(text, text=part, turn=0.0, field=f"#{sum(map(len, parts[:i]))}:{text.text}")
        for i, part in enumerate(parts)
    ]


def _font(face: Face) -> str:
    name = f"{face.file.stem}-{face.index}"
    if name not in pdfmetrics.getRegisteredFontNames():
        font = TTFont(name, str(face.file), subfontIndex=face.index)
        glyphs = font.face.charToGlyph
        for char, radical in RADICALS.items():
            glyphs[ord(radical)] = glyphs.get(ord(char), 0)
        pdfmetrics.registerFont(font)
    return name


def _text(canvas: Canvas, sheet: Sheet, mark: Text) -> None:
    name, size = _font(pdf_face(sheet.style, mark.font)), mark.size * _MM
    canvas.setFillColorRGB(*(part / 255 for part in mark.colour))
    canvas.setFont(name, size)
    x, y = mark.x * _MM, (sheet.height - mark.y) * _MM
    whole, before = mark.text, ""
    if mark.field and mark.field.startswith("#"):
        place, whole = mark.field[1:].split(":", 1)
        before = whole[: int(place)]
    if mark.turn:
        canvas.saveState()
        canvas.translate(x, y)
        canvas.rotate(mark.turn)
        canvas.drawCentredString(0, 0, mark.text)
        canvas.restoreState()
        return
    if mark.column:
        for index, char in enumerate(mark.text):
            canvas.drawCentredString(x, y - index * 1.15 * size, char)
        return
    width = pdfmetrics.stringWidth(whole, name, size) + mark.gap * _MM * len(whole)
    x -= {"l": 0.0, "m": width / 2, "r": width}[mark.anchor]
    x += pdfmetrics.stringWidth(before, name, size)
    canvas.drawString(x, y, mark.text, charSpace=mark.gap * _MM)


def _seal(canvas: Canvas, sheet: Sheet, mark: Seal) -> None:
    """The seal as a picture, and its words in the text layer where they were drawn."""
    scale = 6.0
    layer = Image.new("RGB", (round(mark.width * scale), round(mark.height * scale)), "white")
    _stamp(layer, replace(mark, x=0.0, y=0.0), scale)
    place = (mark.x * _MM, (sheet.height - mark.y - mark.height) * _MM)
    canvas.drawImage(
        ImageReader(layer), *place, mark.width * _MM, mark.height * _MM, mask=[250, 255, 250, 255, 250, 255]
    )
    canvas.setFillColorRGB(0.8, 0.1, 0.1)
    canvas.setFont(_font(pdf_face("B", "label")), 2.2 * _MM)
    x = (mark.x + mark.width / 2) * _MM
    canvas.drawCentredString(x, (sheet.height - mark.y - mark.height * 0.6) * _MM, mark.inner)
    canvas.drawCentredString(x, (sheet.height - mark.y - mark.height * 0.3) * _MM, mark.text)


def with_attachment(pdf: bytes, xbrl: bytes) -> bytes:
    """The PDF with an XBRL file embedded, as rail and some digital invoices have."""
    import pypdfium2 as pdfium

    document = pdfium.PdfDocument(pdf)
    attachment = document.new_attachment("invoice.xbrl")
    attachment.set_data(xbrl)
    out = io.BytesIO()
    document.save(out)
    return out.getvalue()
