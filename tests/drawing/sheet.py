"""A sheet of paper as a list of marks in millimetres: what every printer of the drawing set prints."""

from collections.abc import Iterator
from dataclasses import dataclass, field, replace

from PIL import Image

Colour = tuple[int, int, int]
BLACK: Colour = (20, 20, 20)
BROWN: Colour = (128, 48, 16)
BLUE: Colour = (30, 60, 150)
RED: Colour = (205, 30, 40)
GREY: Colour = (150, 150, 150)


@dataclass(frozen=True, slots=True)
class Text:
    """A run of text. `x` is its left, middle or right by `anchor`; `y` its baseline; `size` its height."""

    x: float
    y: float
    text: str
    size: float
    font: str = "value"  # label, value, mono, title: the style of the sheet says which file
    colour: Colour = BLACK
    anchor: str = "l"
    field: str | None = None  # what the reader should take it for; None for a label
    gap: float = 0.0  # between letters
    column: bool = False  # one character under the other
    turn: float = 0.0  # degrees; watermarks


@dataclass(frozen=True, slots=True)
class Line:
    """A ruled line."""

    x0: float
    y0: float
    x1: float
    y1: float
    colour: Colour = BROWN
    width: float = 0.2


@dataclass(frozen=True, slots=True)
class Inlay:
    """A picture on the sheet, such as the QR code."""

    x: float
    y: float
    width: float
    height: float
    picture: Image.Image
    name: str = "qr"


@dataclass(frozen=True, slots=True)
class Seal:
    """A round or oval seal in red, over whatever lies there."""

    x: float
    y: float
    width: float
    height: float
    text: str
    inner: str = "发票专用章"


Mark = Text | Line | Inlay | Seal


@dataclass(slots=True)
class Sheet:
    """What is printed, on a paper of `width` x `height` millimetres."""

    width: float
    height: float
    style: str = "A"
    paper: Colour = (255, 255, 255)
    marks: list[Mark] = field(default_factory=list)

    def text(
        self, x: float, y: float, text: str, size: float = 3.2, font: str = "value", **more: object
    ) -> None:
        """Print a run of text."""
        self.marks.append(Text(x, y, text, size, font, **more))  # type: ignore[arg-type]

    def label(self, x: float, y: float, text: str, size: float = 3.2, **more: object) -> None:
        """Print a part of the form."""
        more.setdefault("colour", BROWN)
        self.text(x, y, text, size, "label", **more)

    def line(self, x0: float, y0: float, x1: float, y1: float, **more: object) -> None:
        """Rule a line."""
        self.marks.append(Line(x0, y0, x1, y1, **more))  # type: ignore[arg-type]

    def box(self, x0: float, y0: float, x1: float, y1: float, **more: object) -> None:
        """Rule a rectangle."""
        self.line(x0, y0, x1, y0, **more)
        self.line(x1, y0, x1, y1, **more)
        self.line(x1, y1, x0, y1, **more)
        self.line(x0, y1, x0, y0, **more)

    def texts(self) -> Iterator[Text]:
        """The runs of text in the order of printing."""
        return (mark for mark in self.marks if isinstance(mark, Text))

    def changed(self, name: str, text: str) -> "Sheet":
        """A copy on which the field `name` reads `text`."""
        marks = [
            replace(mark, text=text) if isinstance(mark, Text) and mark.field == name else mark
            for mark in self.marks
        ]
        return Sheet(self.width, self.height, self.style, self.paper, marks)


def stacked(sheets: list[Sheet], gap: float = 6.0) -> Sheet:
    """Several papers printed on one page, one under the other."""
    page = Sheet(max(sheet.width for sheet in sheets), 0.0, sheets[0].style)
    for sheet in sheets:
        down = page.height
        for mark in sheet.marks:
            if isinstance(mark, Line):
                page.marks.append(replace(mark, y0=mark.y0 + down, y1=mark.y1 + down))
            else:
                page.marks.append(replace(mark, y=mark.y + down))
        page.height += sheet.height + gap
    return page
