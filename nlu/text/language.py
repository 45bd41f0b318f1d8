"""Which language a message is written in, found from its letters and words."""

import math
import re
import unicodedata
from collections import Counter
from collections.abc import Iterable, Mapping

from nlu.text.normal import has_kana

_HAN = re.compile("[\u3400-\u4dbf\u4e00-\u9fff々〆]")
_WORD = re.compile(r"[^\W\d_]+(?:'[^\W\d_]+)?")
# Kanji (漢字) that only Japanese writes so: neither the simplified nor the traditional Chinese form.
_JAPANESE = frozenset(
    "発検対続伝単広読覧駅価図権証経済録売変帰処総予約銀齢徴増払込円拡収圧悪囲壱隠営衛"
    "応欧桜穏仮絵懐楽巻関歓観顔気亀偽戯拠挙暁駆径恵掲渓継軽鶏芸撃剣険圏県献験厳黄砕斎剤雑"
    "蚕賛残歯児辞湿実写釈寿獣縦渋粛緒叙将称焼奨乗剰縄壌譲触嘱醸図粋酔穂随髄枢数瀬"
    "斉静窃摂銭専浅戦践繊禅双捜掃挿巣装騒蔵臓属滞択沢担団弾遅昼虫鋳庁聴鎮塚逓鉄"
    "転点伝灯当党盗稲闘徳独届悩脳覇廃拝売麦髪抜浜瓶仏払併塀辺弁舗歩穂豊亡翻毎満"
    "黙訳薬与揚揺様謡来頼覧竜両猟緑隣塁励礼隷齢恋炉労郎楼録湾働畑峠枠込"
) - frozenset("写数属当点灯来礼双随担独虫麦亡与党辞恋静断声楼炉徳窃庁寿")
# Words that decide in which of two languages a mixed sentence is built, not what it is about.
_BUILDS_CHINESE = frozenset("的了吗我你您他们帮怎么呢吧啊呀在有没不是就都要给把被谁哪啥这那请能想还嘛么咋")
_BUILDS_ENGLISH = frozenset(
    re.findall(
        r"\w+",
        """a an the is are was were be been do does did i my me we our you your it its to of for in on at from
        with by and or not what when where why who how which can could would should will please have has had
        this that""",
    )
)
_SMALL = 0.02


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
        return self._likeliest(text, rest)

    def _among_han(self, text: str, han: list[str], words: list[str]) -> str:
        english = sum(word in _BUILDS_ENGLISH for word in words)
        if "en" in self._chances and english:
            chinese = sum(char in _BUILDS_CHINESE for char in han)
            if (english > chinese and len(words) >= len(han) / 2) or (english >= 3 and chinese == 0):
                return "en"
        if "ja" not in self._chances:
            return "zh"
        if any(char in _JAPANESE for char in han):
            return "ja"
        return self._likeliest(text, ["zh", "ja"])

    def _likeliest(self, text: str, names: list[str]) -> str:
        units = set(_units(text))
        scores = {name: sum(self._chances[name].get(unit, self._unknown) for unit in units) for name in names}
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
