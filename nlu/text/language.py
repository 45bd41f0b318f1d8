"""Which language a message is written in, found from its letters and words."""

import math
import re
import unicodedata
from collections import Counter
from collections.abc import Iterable, Mapping
from functools import cache
from importlib.resources import files

from nlu.text.normal import has_kana, simplified

_HAN = re.compile("[\u3400-\u4dbf\u4e00-\u9fff々〆]")
_WORD = re.compile(r"[^\W\d_]+(?:'[^\W\d_]+)?")
# Characters made in Japan (国字), which no table of variants has.
_MADE_IN_JAPAN = "込働畑峠枠匂々"
# Words that decide in which of two languages a mixed sentence is built, not what it is about.
_BUILDS_CHINESE = frozenset("的了吗我你您他们帮怎么呢吧啊呀在有没不是就都要给把被谁哪啥这那请能想还嘛么咋")
_ONLY_CHINESE = frozenset("的了吗我你您们帮怎么呢吧啊呀哪啥这嘛咋给谁把被很还没张查开")
_BUILDS_ENGLISH = frozenset(
    re.findall(
        r"\w+",
        """a an the is are was were be been do does did i my me we our you your it its to of for in on at from
        with by and or not what when where why who how which can could would should will please have has had
        this that""",
    )
)
_SMALL = 0.02


@cache
def _japanese_forms() -> tuple[frozenset[str], frozenset[str]]:
    """Return the old forms that Japanese gave up (旧字体) and the new ones that only Japanese writes (新字体)."""
    table = files("opencc").joinpath("dictionary/JPVariants.txt").read_text(encoding="utf-8")
    pairs = [line.split("\t") for line in table.splitlines() if "\t" in line]
    chinese = set(simplified().values()) | {chr(code) for code in simplified()}
    new = {char for _, forms in pairs for char in forms.split(" ")} - chinese
    new = {char for char in new if not _in_china(char)}
    return frozenset(old for old, _ in pairs) - new, frozenset(new).union(_MADE_IN_JAPAN)


def _in_japan(text: str) -> bool:
    return _fits(text, "shift_jis")


def _in_china(char: str) -> bool:
    return _fits(char, "gb2312") or _fits(char, "big5")


def _fits(text: str, charset: str) -> bool:
    try:
        text.encode(charset)
    except UnicodeEncodeError:
        return False
    return True


class Languages:
    """Tells the language of a message; learnt from the example sentences of each language."""

    def __init__(self, sentences: Mapping[str, Iterable[str]], default: str = "zh") -> None:
        self.names = tuple(sentences)
        self._default = default if default in sentences or not self.names else self.names[0]
        self._chances: dict[str, dict[str, float]] = {}
        for name, texts in sentences.items():
            counts = Counter(unit for text in texts for unit in set(_units(text)))
            total = sum(counts.values()) + 1
            self._chances[name] = {unit: math.log(n / total) for unit, n in counts.items()}
        self._unknown = math.log(_SMALL / (1 + max((len(c) for c in self._chances.values()), default=1)))

    def find(self, text: str) -> str:
        """Return the language of `text`; Chinese where nothing tells."""
        text = unicodedata.normalize("NFKC", text[:1000])
        if has_kana(text) and "ja" in self._chances:
            return "ja"
        han = _HAN.findall(text)
        words = [word.lower() for word in _WORD.findall(text) if not _HAN.search(word)]
        if han and "zh" in self._chances:
            return self._among_han(text, han, words)
        if not words:
            return self._default
        rest = [name for name in self.names if name not in ("zh", "ja")] or list(self.names)
        if len(rest) == 1:
            return rest[0]
        return self._likeliest(text, rest)

    def _among_han(self, text: str, han: list[str], words: list[str]) -> str:
        english = sum(word in _BUILDS_ENGLISH for word in words)
        if "en" in self._chances and english:
            chinese = sum(char in _BUILDS_CHINESE for char in han)
            if (english > chinese and len(words) >= len(han) / 2) or (english >= 3 and chinese == 0):
                return "en"
        if "ja" not in self._chances:
            return "zh"
        old, new = _japanese_forms()
        if not new.isdisjoint(han):
            return "ja"
        if not _ONLY_CHINESE.isdisjoint(han) or not old.isdisjoint(han) or not _in_japan("".join(han)):
            return "zh"
        return self._likeliest(text, ["zh", "ja"])

    def _likeliest(self, text: str, names: list[str]) -> str:
        # The Chinese examples are written in simplified characters, which a traditional message must meet.
        units = {name: set(_units(text.translate(simplified()) if name == "zh" else text)) for name in names}
        scores = {
            name: sum(self._chances[name].get(unit, self._unknown) for unit in units[name]) for name in names
        }
        best = max(scores.values())
        return self._default if scores.get(self._default) == best else max(scores, key=scores.__getitem__)


def _units(text: str) -> list[str]:
    """Single Han characters and pairs of them; words of other scripts, and their beginnings and ends."""
    units: list[str] = []
    for word in _WORD.findall(unicodedata.normalize("NFKC", text).lower()):
        if _HAN.search(word):
            units += word
            units += (word[at : at + 2] for at in range(len(word) - 1))
        else:
            padded = f" {word} "
            units.append(padded)
            units += (padded[at : at + 3] for at in range(len(padded) - 2))
    return units
