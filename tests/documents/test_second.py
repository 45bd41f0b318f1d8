"""Several looks at one line: what they agree on is surer, what they differ in is in doubt."""

from collections.abc import Mapping, Sequence

import numpy as np
import pytest

from nlu.document.ocr import Line
from nlu.document.page import Word
from nlu.document.rivals import Read
from nlu.document.second import look_again
from nlu.document.upright import set_upright


class Told:
    """An engine that reads what it is told."""

    name = "told"
    looks_again = True

    def __init__(self, texts: Sequence[str], rivals: Mapping[str, Mapping[str, float]] | None = None) -> None:
        self.texts = texts
        self.rivals = rivals

    def warm(self) -> None: ...

    def read(self, picture: np.ndarray) -> list[Line]:
        return []

    def reread(self, crops: Sequence[np.ndarray]) -> list[Read]:
        assert len(crops) == len(self.texts)
        return [Read(text, 0.8, tuple((0.0, 0.8) for _ in text), self.thoughts(text)) for text in self.texts]

    def thoughts(self, text: str) -> tuple[tuple[tuple[str, float], ...], ...]:
        """Of each character what it may be, if this engine tells it."""
        if self.rivals is None:
            return ()
        return tuple(tuple(self.rivals.get(char, {char: 0.9}).items()) for char in text)


def looked(text: str, looks: Sequence[str], rivals: Mapping[str, Mapping[str, float]] | None = None) -> Word:
    """The word as it is after three looks."""
    corners = np.array([[10, 10], [300, 10], [300, 30], [10, 30]], np.float32)
    line = Line(text, corners, 0.9, marks=tuple((0.0, 0.6) for _ in text))
    upright = set_upright([line], 400, 60)
    picture = np.full((60, 400, 3), 255, np.uint8)
    (word,) = look_again(Told(looks, rivals), picture, picture, upright, upright.page.words).page.words
    return word


def test_what_all_looks_read_is_surer() -> None:
    word = looked("名称：砚野", ["名称:砚野", "名称: 砚野", "名称：砚野"])
    assert word.again
    assert min(word.scores) == pytest.approx((1 + 0.75) / 2)


def test_what_one_look_reads_otherwise_is_in_doubt() -> None:
    once = looked("砚野公司", ["砚野公司", "观野公司", "砚野公司"])
    assert once.scores[0] == 0.6 < min(once.scores[1:])
    twice = looked("砚野公司", ["现野公司", "观野公司", "砚野公司"])
    assert twice.scores[0] == 0.5


def test_digits_lost_or_doubled_are_found_again() -> None:
    whole = "26352013945933207994"
    word = looked(f"发票号码：{whole[:4]}{whole[5:]}", [f"发票号码:{whole}", f"发票号码：{whole}", "发票号"])
    assert word.text.endswith(whole)
    repeated = looked("号码：2666635", ["号码：266635", "号码：2666635", "号码：26666635"])
    assert min(repeated.scores) >= 0.8


def test_digits_lost_in_a_long_line_are_found_in_its_part() -> None:
    whole = "26352013945933207994"
    line = f"电子发票（机动车销售统一发票）号码：{whole[:9]}{whole[11:]}"
    word = looked(line, [line, line, line, whole, "2635201394593320794", whole])
    assert word.text.endswith(f"号码：{whole}")


def test_where_another_look_reads_more_the_neighbours_are_in_doubt() -> None:
    word = looked("北京市公司", ["北京市公司", "北京市砚野公司", "北京市观野公司"])
    assert [score <= 0.5 for score in word.scores] == [False, False, True, True, False]


def test_of_a_character_all_looks_say_what_it_may_be() -> None:
    rivals = {"霖": {"霖": 0.5, "霁": 0.45}, "霁": {"霁": 0.8, "霖": 0.1}}
    word = looked("霖谷公司", ["霁谷公司", "霁谷公司", "霖谷公司"], rivals)
    assert word.text == "霁谷公司"
    assert word.scores[0] == pytest.approx((1 + (0.8 + 0.8 + 0.45) / 4) / 2)
    assert min(word.scores[1:]) > word.scores[0]


def test_an_id_is_put_right_where_one_alone_passes_its_checks() -> None:
    true = "91110502MA20J30H1A"
    lost = looked(f"税号：{true[:12]}{true[13:]}", [f"税号：{true}", "税号：9111050", f"税号：{true}"], {})
    assert lost.text.endswith(true)
    misread = true.replace("J", "1")
    told = looked(f"税号：{misread}", [f"税号：{misread}"] * 3, {"1": {"1": 0.6, "J": 0.3}})
    assert told.text.endswith(true)
    unknown = looked(f"税号：{misread}", [f"税号：{misread}"] * 3, {})
    assert unknown.text.endswith(misread)


def test_nothing_is_read_again_where_nothing_is_in_doubt() -> None:
    upright = set_upright([], 100, 100)
    picture = np.zeros((100, 100, 3), np.uint8)
    assert look_again(Told([]), picture, picture, upright, []) is upright


def test_behind_a_label_the_value_alone_is_read_again() -> None:
    read = "：北京砚野有限公司"
    word = looked("销售方名称：北京观野有限公司", [read] * 3, {"砚": {"砚": 0.9}, "野": {"野": 0.9}})
    assert word.text == "销售方名称：北京砚野有限公司"
    assert word.scores[:5] == (0.6,) * 5  # nobody looked at the label again
    assert min(word.scores[8:]) > 0.6


def test_only_so_much_is_read_again_and_the_most_important_first() -> None:
    lines = [
        Line(text, np.array([[10, y], [290, y], [290, y + 20], [10, y + 20]], np.float32), 0.9)
        for y, text in ((10.0 + 30 * row, f"第{chr(0x4E00 + row)}行字") for row in range(30))
    ]
    upright = set_upright(lines, 400, 1000)
    picture = np.full((1000, 400, 3), 255, np.uint8)
    asked = upright.page.words[10:20]
    page = look_again(Told([""] * 12), picture, picture, upright, asked).page
    assert [word.text for word in page.words if word.again] == [word.text for word in asked[:4]]
