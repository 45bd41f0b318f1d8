"""The lines of goods (项目名称 …): free words of the issuer, in which no label is looked for.

A trade names its services as it likes: 合计服务费, 名称：套餐A, 价税合计服务.
"""

import re
from collections.abc import Sequence
from itertools import pairwise

from nlu.document.page import Row

_HEADS = re.compile(r"项目名称|服务名称|规格型号|单位|数量|单价|金额|税率|征收率|税额")
_TOTAL = re.compile(r"价税合计.{0,40}(?:大写|小写)|(?:大写|小写).{0,60}价税合计|大写.{0,60}小写")
_NAMED = re.compile(r"\*[^*]{1,20}\*")  # what the bureau's list of goods calls it stands before each name


def total_row(rows: Sequence[Row]) -> int | None:
    """The row of the total (价税合计) in words and figures, or None; goods and remarks may name it too."""
    return next((index for index, row in enumerate(rows) if _TOTAL.search(row.text)), None)


def goods_rows(rows: Sequence[Row]) -> range:
    """The rows between the table's head and its sums; none where one of them is not found."""
    end = total_row(rows)
    head = next((i for i, row in enumerate(rows[:end]) if len(set(_HEADS.findall(row.text))) >= 3), None)
    if end is None or head is None:
        return range(0)
    sums = [index for index in range(head + 1, end) if "合计" in rows[index].text]
    return range(head + 1, sums[-1]) if sums else range(0)


def in_goods(row: Row, start: int) -> bool:
    """True for a place in a row that belongs to the name of some goods."""
    for named in _NAMED.finditer(row.text, 0, start):
        cell = row.glyphs[named.end() : start + 1]
        if all(b.x0 - a.x1 < 0.6 * row.height for a, b in pairwise(cell)):
            return True
    return False
