"""Which font files print a sheet: five styles, from Debian's free Chinese fonts."""

from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

from PIL import ImageFont

_HOME = Path("/usr/share/fonts")


@dataclass(frozen=True, slots=True)
class Face:
    """A font file, the face in it, and whether its outlines can go into a PDF by reportlab (no CFF)."""

    path: str
    index: int = 0
    embeds: bool = True

    @property
    def file(self) -> Path:
        return _HOME / self.path


ZENHEI = Face("truetype/wqy/wqy-zenhei.ttc")
ZENHEI_MONO = Face("truetype/wqy/wqy-zenhei.ttc", 1)
MICROHEI = Face("truetype/wqy/wqy-microhei.ttc")
MICROHEI_MONO = Face("truetype/wqy/wqy-microhei.ttc", 1)
UMING = Face("truetype/arphic/uming.ttc")
UKAI = Face("truetype/arphic/ukai.ttc")
SERIF = Face("opentype/noto/NotoSerifCJK-Regular.ttc", 2, embeds=False)
SERIF_BOLD = Face("opentype/noto/NotoSerifCJK-Bold.ttc", 2, embeds=False)
SANS = Face("opentype/noto/NotoSansCJK-Regular.ttc", 2, embeds=False)
SANS_BOLD = Face("opentype/noto/NotoSansCJK-Bold.ttc", 2, embeds=False)
SANS_MONO = Face("opentype/noto/NotoSansCJK-Regular.ttc", 7, embeds=False)

PACKAGES = (
    "fonts-noto-cjk",
    "fonts-wqy-zenhei",
    "fonts-wqy-microhei",
    "fonts-arphic-uming",
    "fonts-arphic-ukai",
)

# A and B are for development, C and D for what is published; E has the faces of the usual forms, F to J are of
# layout F.
STYLES: dict[str, dict[str, Face]] = {
    "A": {"label": UMING, "sign": UMING, "value": UMING, "mono": ZENHEI_MONO, "title": UKAI},
    "B": {"label": ZENHEI, "sign": UMING, "value": ZENHEI, "mono": ZENHEI, "title": ZENHEI},
    "C": {"label": UKAI, "sign": UMING, "value": SERIF, "mono": SANS_MONO, "title": SERIF_BOLD},
    "D": {"label": MICROHEI, "sign": UMING, "value": UKAI, "mono": MICROHEI_MONO, "title": SANS_BOLD},
    "E": {"label": UKAI, "sign": UMING, "value": UMING, "mono": ZENHEI_MONO, "title": UKAI},
    "F": {"label": SERIF, "sign": UMING, "value": SANS, "mono": SANS_BOLD, "title": UMING},
    "G": {"label": UMING, "sign": UMING, "value": UMING, "mono": UMING, "title": SERIF_BOLD},
    "H": {"label": SANS, "sign": UMING, "value": SERIF, "mono": SERIF_BOLD, "title": SANS_BOLD},
    "J": {"label": SERIF, "sign": UMING, "value": MICROHEI_MONO, "mono": ZENHEI, "title": UKAI},
}
_IN_PDF = {SERIF: UMING, SERIF_BOLD: UMING, SANS: MICROHEI, SANS_BOLD: MICROHEI, SANS_MONO: MICROHEI_MONO}


def face_of(style: str, font: str) -> Face:
    """The face of a style for drawing pictures."""
    return STYLES[style][font]


def pdf_face(style: str, font: str) -> Face:
    """The nearest face that can be embedded in a PDF."""
    face = face_of(style, font)
    return face if face.embeds else _IN_PDF[face]


@lru_cache(maxsize=256)
def pillow_font(face: Face, pixels: int) -> ImageFont.FreeTypeFont:
    """The face at a size for Pillow. Raises OSError if the package is not installed."""
    return ImageFont.truetype(str(face.file), pixels, index=face.index)


def missing() -> list[str]:
    """The Debian packages of the list whose fonts are not here."""
    wqy, arphic = "truetype/wqy/wqy-", "truetype/arphic/"
    homes = (
        "opentype/noto",
        f"{wqy}zenhei.ttc",
        f"{wqy}microhei.ttc",
        f"{arphic}uming.ttc",
        f"{arphic}ukai.ttc",
    )
    return [name for name, home in zip(PACKAGES, homes, strict=True) if not (_HOME / home).exists()]
