"""Several papers on one picture, as hands lay them: every one is told from the others and read in itself."""

import math

import numpy as np
import pytest

from fapiao.kinds import Kind
from nlu.document.fields import read_page
from nlu.document.ocr import Line
from nlu.document.page import Page
from nlu.document.papers import papers_on
from nlu.document.reading import Source
from nlu.document.upright import levelled, set_upright
from tests.documents.in_process import read
from tests.drawing import degrade, draw, encoded
from tests.drawing.draw import strewn
from tests.marks import needs_fonts

WIDTH, HEIGHT, SIZE = 2400, 1600, 24.0
TAXI = (
    ((60, "合肥市出租汽车统一发票"),),
    ((20, "发票代码134001821554"),),
    ((20, "发票号码28998444"),),
    ((20, "日期"), (300, "2018-12-27")),
    ((20, "单价"), (300, "3.10元/km")),
    ((20, "里程"), (300, "28.7km")),
    ((20, "总金额"), (300, "99.5元")),
    ((20, "燃油附加费"), (300, "0.00元")),
)
TRAIN = (
    ((20, "D49T586653"), (420, "检票口B12")),
    ((40, "济南东站"), (240, "C653"), (420, "成都东站")),
    ((20, "2023年09月12日14:14开"), (420, "07车15A号")),
    ((20, "￥607.0元"), (420, "一等座")),
    ((20, "始发改签"),),
    ((20, "2030203934****231X卓一舟"),),
    ((20, "55512102063652D49T586653 济南东售"),),
)


def lines(paper: tuple[tuple[tuple[float, str], ...], ...], x: float, y: float, degrees: float) -> list[Line]:
    """What an engine sees of a paper that lies at a place, turned."""
    cos, sin = math.cos(math.radians(degrees)), math.sin(math.radians(degrees))
    seen = []
    for index, row in enumerate(paper):
        for left, text in row:
            wide = sum(SIZE if ord(char) > 0x2000 else 0.52 * SIZE for char in text)
            box = np.array([[left, 0], [left + wide, 0], [left + wide, SIZE], [left, SIZE]], np.float32)
            box += [0, 40 * index]
            turned = np.stack([box[:, 0] * cos - box[:, 1] * sin, box[:, 0] * sin + box[:, 1] * cos], 1)
            seen.append(Line(text, (turned + np.array([x, y])).astype(np.float32), 0.99))
    return seen


def told(seen: list[Line]) -> list[Page]:
    """The papers among lines, each set straight."""
    upright = set_upright(seen, WIDTH, HEIGHT)
    upright = levelled(upright, [part.page for part in papers_on(upright.page, [], 0)])
    return [part.page for part in papers_on(upright.page, [], 0)]


@pytest.mark.parametrize(("first", "second"), [(-4, 5), (6, -3), (0, 0)])
def test_a_taxi_s_and_a_train_s_ticket_side_by_side_are_two(first: float, second: float) -> None:
    papers = told(lines(TRAIN, 100, 300, first) + lines(TAXI, 900, 250, second))
    read_of = [read_page(paper, Source.OCR) for paper in papers]
    assert [each.first("kind") for each in read_of] == [Kind.RAIL_PAPER, Kind.TAXI]
    assert [each.first("number") for each in read_of] == ["D49T586653", "28998444"]
    assert [str(each.first("total")) for each in read_of] == ["607.00", "99.50"]


def test_one_ticket_stays_one() -> None:
    assert len(told(lines(TRAIN, 100, 300, 3))) == 1


@pytest.mark.slow
@needs_fonts
def test_papers_strewn_over_a_desk_are_each_read() -> None:
    papers = [draw(kind, seed, "F") for kind, seed in (("rail_paper", 2), ("taxi", 102), ("vat_roll", 202))]
    photo = degrade(strewn([paper.picture(150) for paper in papers], 63), "snap", 2)
    reading = read(encoded(photo), "photo.png")
    assert {found.invoice.number for found in reading.invoices} == {paper.truth["number"] for paper in papers}
