"""How far the text layer of a PDF's page tells what stands on the page."""

import re

from fapiao.kinds import Kind
from nlu.document.page import Page
from nlu.document.reading import Found
from nlu.document.refused import INVOICE_WORDS

_TEXT_LETTERS = 40  # characters on a page that make it a page with a text layer
# Of any page in Chinese these are a tenth and more.
_USUAL = frozenset(
    "的一是不了在有人我他这中大为上个国和年月日公司名号码电子发票客价税合计金额单位行费地址:（）()¥￥，。"
)


def lacks_words(found: Found, page: Page) -> bool:
    """True for a ticket whose buyer no label names, as the text holds none: the railway's fonts do not tell them."""
    return (
        found.invoice.kind in (Kind.RAIL_E, Kind.AIR_E)
        and found.invoice.buyer_name is None
        and not INVOICE_WORDS.search(page.text)
    )


def goes_on(page: Page) -> bool:
    """True for a page of an invoice before its last one, where the sums stand."""
    count = re.search(r"共(\d{1,2})页第(\d{1,2})页", page.text)
    return count is not None and int(count.group(2)) < int(count.group(1))


def says_nothing(page: Page) -> bool:
    """True for a page with hardly any text, and for one whose fonts do not tell what their signs mean."""
    letters = re.sub(r"\s", "", page.text)
    if len(letters) < _TEXT_LETTERS:
        return True
    others = [char for char in letters if not char.isascii()]
    return len(others) > 0.1 * len(letters) and sum(char in _USUAL for char in others) < 0.04 * len(others)
