"""What a sentence says besides what was understood of it (余下的话): a seller's trade, or nothing at all."""

import re
import unicodedata

from handlers import trades
from handlers.core import Services, Turn
from locales.catalog import BEIJING
from nlu.text.slots import find_slots

_CRITERIA = frozenset({"date", "amount", "seller", "category", "kind", "status"})
# Words that carry no criterion, taken off the ends of what is left.
_SMALL_HAN = re.compile(
    r"^(?:{0})+|(?:{0})+$".format(
        "帮我|帮忙|请|麻烦|给我|我想|我要|想要|看一下|看下|看看|再看|查一下|查下|查找|查询|找一下|找出来|找找|列一下|列出来?|"
        "显示|一下|那么|那就|还有|以及|换成|改成|改为|不是|而是|是不是|哪些|哪几张|几张|多少|所有|全部|我们|名下|开具的?|"
        "开的|发票|發票|票据|单子|那张|这张|一张|只要|只看|左右|大概|前后|期间|怎么样|吗|"
        "看|查|找|要|想|那|就|再|和|是|的|呢|吧|啊|呀|了|有|全|都|我|票|张|这|里|在|只|从|到|个|"
        "じゃあ|では|それと|それ|あと|見せて|見たい|ください|下さい|探して|調べて|教えて|お願いします|あります|すべて|全て|"
        "発票|領収書|インボイス|です|ます|から|まで|だけ|もの|ある|して|一覧|検索|表示|"
        "の|は|を|が|で|に|と|分|か|も"
    )
)
_SMALL_WORDS = frozenset(
    """a an the and or one ones from in of for at on by with what about how show me my our find list get give see
    look looking search all any invoice invoices receipt receipts fapiao fapiaos ticket tickets bill bills please
    pls just only but not no i want need to is are was were be been there that those these them it can could you
    would like have has did do does some dated issued between instead then now again more those than over under
    month months last this next""".split()
)
_LATIN = re.compile(r"[a-z][a-z'&.-]*", re.IGNORECASE)
_APART = re.compile(r"[\s,，。.;；:：!！?？、~～…()（）「」“”\"'·-]+")
_MONTH_END = re.compile(r"^(?:份|号|日|月)+")
_SHORTEST, _LONGEST = 2, 20  # characters of a name


def leftover(turn: Turn, services: Services) -> tuple[str, ...]:
    """The pieces of a sentence that are neither a criterion of a search nor small words; () if none is left."""
    text, today = turn.message.text, turn.now.astimezone(BEIJING).date()
    found_slots = find_slots(text, today=today, sellers=services.understander.sellers)
    spans = sorted((start, end) for start, end, name in found_slots.spans if name in _CRITERIA)
    pieces, at = [], 0
    for start, end in (*spans, (len(text), len(text))):
        pieces.append(text[at:start])
        at = max(at, end)
    found: list[str] = []
    for piece in pieces:
        for part in _APART.split(unicodedata.normalize("NFKC", piece)):
            found += _plain(part)
    return _joined(found)


def _plain(part: str) -> list[str]:
    """A piece without its small words; several where foreign words stand apart."""
    if _LATIN.fullmatch(part):
        return [] if part.casefold() in _SMALL_WORDS or len(part) == 1 else [part]
    bare = _SMALL_HAN.sub("", _MONTH_END.sub("", part))
    while bare != part:
        part, bare = bare, _SMALL_HAN.sub("", bare)
    return [part] if part else []


def _joined(parts: list[str]) -> tuple[str, ...]:
    """Foreign words that stand together are one name."""
    joined: list[str] = []
    for part in parts:
        if joined and _LATIN.fullmatch(part) and _LATIN.fullmatch(joined[-1].split(" ")[-1]):
            joined[-1] += f" {part}"
        else:
            joined.append(part)
    return tuple(joined)


def names(pieces: tuple[str, ...], services: Services) -> tuple[str, ...]:
    """What to look for in sellers' names: the words themselves, and what sellers of that trade are called."""
    if len(pieces) != 1 or not _SHORTEST <= len(pieces[0]) <= _LONGEST:
        return ()
    words = trades.of_word(services.catalog, pieces[0])
    return tuple(dict.fromkeys((pieces[0], *words)))
