"""The remark of an invoice (备注): free words of the issuer, in which nothing is looked for but the one it reverses.

It may name other firms, numbers, dates and sums: a project, the bank, the shop that asked the bureau for the
invoice, the invoice that was voided before.
"""

import re

from nlu.document.goods import total_row
from nlu.document.page import Page, Word, build_page

_TOTAL = re.compile(r"价税合计")
_NAME_OF_GOODS = re.compile(r"\*[^*]{1,20}\*")
_COLUMN = frozenset({"备", "注", "备注", "備", "備注"})
_OTHER_FORMS = re.compile(r"机动车|二手车")  # their sellers stand under the total


def without_remark(page: Page) -> Page:
    """The page less the words of its remark; the page itself where none is found."""
    whole = total_row(page.rows)
    named = (row for row in page.rows if _TOTAL.search(row.text) and not _NAME_OF_GOODS.match(row.text))
    total = next(named, None) if whole is None else page.rows[whole]
    if total is None or _OTHER_FORMS.search(page.text):
        return page
    left = _left_of_remark(page, total.middle)
    if left is None:
        return page
    low = total.middle + 0.7 * total.height
    words = [word for word in page.words if word.middle < low or (word.x0 + word.x1) / 2 < left]
    if len(words) == len(page.words):
        return page
    cut = build_page([*words, *page.columns], page.width, page.height)
    return Page(page.width, page.height, cut.rows, page.columns, page.left, page.top)


def _left_of_remark(page: Page, low: float) -> float | None:
    """Where the remark begins, right of its name, which is set as a column; or at the margin of the form that has
    both parties above the total."""
    heads = [word for word in (*page.words, *page.columns) if word.middle > low and _names_it(word)]
    if heads:
        return min(word.x1 for word in heads)
    above = [row.text for row in page.rows if row.middle < low]
    names = sum(len(re.findall(r"名称:", text)) for text in above)
    ids = sum(len(re.findall(r"统一社会信用代码/纳税人识别号", text)) for text in above)
    return page.left if names >= 2 and ids >= 2 else None


def _names_it(word: Word) -> bool:
    return word.text.strip().rstrip(":：") in _COLUMN
