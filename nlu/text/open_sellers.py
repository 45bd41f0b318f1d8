"""Sellers that nobody has told us of, recognised by how they are named (…公司, …酒店, "from X", Xの発票)."""

import re

from nlu.text.slot_words import SlotWords

_HAN = r"[\u4e00-\u9fffa-z0-9·&]"
_CAPITAL = r"(?:[A-Z][\w'.-]*|[a-z]?[A-Z]\w+)"
_QUOTED = re.compile(r"[\"“”「『《【]([^\"“”「」『』《》【】\x00]{2,30})[\"”“」』》】]")

_LATIN = re.compile(r"[A-Za-z]{2}")
_KANA = re.compile(r"[ぁ-んァ-ヶ]")

Place = tuple[int, int]


class OpenSellers:
    """Finds names of sellers by the words that stand in, before and behind them."""

    def __init__(self, words: SlotWords) -> None:
        self._generic = frozenset(words.items("sellers.generic"))
        self._quoted_after = words.after("sellers.quoted.after")
        self._quoted_before = words.before("sellers.quoted.before", r"\W{0,2}")
        self._no_part = words.compiled(words.any_of("sellers.no_part"))
        self._han = _HanNames(words)
        self._latin = _LatinNames(words)
        self._kana = _KanaNames(words)

    def find(self, folded: str, raw: str) -> Place | None:
        """(start, end) of a name, or None. `folded` has what was understood blotted out; `raw` has not."""
        for start, end in self._quoted(folded):
            return start, end
        for start, end in (
            *self._han.places(folded),
            *self._latin.places(folded, raw),
            *self._kana.places(folded),
        ):
            if self.is_name(folded[start:end]):
                return start, end
        return None

    def is_name(self, said: str) -> bool:
        """Whether folded words can be a name: no general word, nothing of a date or a wish in it."""
        return said not in self._generic and "\x00" not in said and not self._no_part.search(said)

    def whole(self, text: str, end: int) -> int:
        """Where a known name ends in folded text with the kind of shop behind it: 北纬三九 of 北纬三九酒店."""
        return self._han.whole(text, end)

    def _quoted(self, text: str) -> list[Place]:
        return [
            found.span(1)
            for found in _QUOTED.finditer(text)
            if self.is_name(found[1])
            and (
                self._quoted_after.match(text, found.end())
                or self._quoted_before.search(text, max(0, found.start() - 10), found.start())
            )
        ]


class _HanNames:
    """Names with an ending that shops have, or with a word behind them that only sellers have."""

    def __init__(self, words: SlotWords) -> None:
        doing, opened = words.any_of("sellers.han.doing"), words.any_of("sellers.han.opened")
        ending = words.any_of("sellers.han.endings")
        self._ended = words.compiled(rf"{_HAN}{{1,30}}?{ending}{words.any_of('sellers.han.form')}?")
        self._opened = words.compiled(
            rf"({_HAN}{{2,24}}?)(?:{doing}{{0,3}}{opened}|{words.any_of('sellers.han.visited')})"
        )
        self._called = words.compiled(
            rf"{words.any_of('sellers.han.called')}\W{{0,2}}({_HAN}{{2,24}}?)(?=的|开|那|[ ,.?!]|$|{doing})"
        )
        self._ending = words.compiled(rf"{ending}(?!费)")
        self._boundary = words.compiled(words.any_of("sellers.han.boundary"))
        # Cheap to look for first: without one of them no name can be found.
        self._signs = (
            (self._called, 2, 1, words.compiled(words.any_of("sellers.han.called"))),
            (self._ended, 3, 0, words.compiled(ending)),
            (self._opened, 2, 1, words.compiled(rf"{opened}|{words.any_of('sellers.han.visited')}")),
        )

    def whole(self, text: str, end: int) -> int:
        """The end of the ending that begins there, if one does."""
        match = self._ending.match(text, end)
        return end if match is None else match.end()

    def places(self, text: str) -> list[Place]:
        found: list[Place] = []
        for pattern, shortest, group, sign in self._signs:
            if sign.search(text) is None:
                continue
            for match in pattern.finditer(text):
                start = self._behind_boundary(text, match.start(group), match.end(group))
                if match.end(group) - start >= shortest:
                    found.append((start, match.end(group)))
        return found

    def _behind_boundary(self, text: str, start: int, end: int) -> int:
        """Where the name begins: behind the last word that is no part of it."""
        place = start
        for found in self._boundary.finditer(text, start, end):
            place = found.end()
        return place


class _LatinNames:
    """Names in capitals behind "from", or with an ending that shops have."""

    def __init__(self, words: SlotWords) -> None:
        led, ending = words.any_of("sellers.latin.before"), words.any_of("sellers.latin.endings")
        papers, no_seller = (
            words.any_of("sellers.latin.papers"),
            words.any_of("sellers.latin.no_seller_after"),
        )
        self._capitals = (
            words.compiled(
                rf"(?:\b(?i:{led})\s+)({_CAPITAL}(?:\s+(?:(?:&|of|and|the)\s+)?[A-Z][\w'.-]*){{0,5}})\b(?!\s+{no_seller})"
            ),
            words.compiled(rf"\b([A-Z][\w'-]{{2,}}(?:\s+(?:&\s+)?[A-Z][\w'-]+){{1,4}})(?='s|\s+{papers})"),
            words.compiled(rf"\b((?:[A-Z][\w'&-]*\s+){{1,3}}(?i:{ending}))\b"),
        )
        self._small = words.compiled(
            rf"\b{led}\s+((?:[a-z][a-z'&-]+\s+){{1,2}}{ending})(?=\s+{papers}|\s*[,.?!]|\s*$)"
        )
        self._common = frozenset(words.items("sellers.latin.common"))
        self._no_first = frozenset(words.items("sellers.latin.no_first"))

    def places(self, folded: str, raw: str) -> list[Place]:
        if not (_LATIN.search(raw) and _LATIN.search(folded)):
            return []
        found = [
            match.span(1)
            for pattern in self._capitals
            for match in pattern.finditer(raw)
            if folded[match.start(1) : match.end(1)].split(" ")[0].split("'")[0].strip(".")
            not in self._no_first
        ]
        found += [
            match.span(1)
            for match in self._small.finditer(folded)
            if self._common.isdisjoint(match[1].split()[:-1])
        ]
        return found


class _KanaNames:
    """Names of Japanese shops: an ending behind kana or characters, or katakana before "の発票"."""

    def __init__(self, words: SlotWords) -> None:
        ending, beside = words.any_of("sellers.kana.endings"), words.any_of("sellers.kana.beside")
        shop = words.any_of("sellers.kana.shops")
        self._pattern = words.compiled(
            rf"([ァ-ヶー一-龠a-z0-9&・]{{1,16}}?{ending})(?={beside}|[ ,.?!]|$)"
            rf"|({words.any_of('sellers.kana.forms')}(?:(?![をのでがにはへ])[一-龠ァ-ヶーぁ-んa-z]){{2,12}}?)(?={beside}|[ ,.?!]|$)"
            rf"|([ァ-ヶー]{{3,12}})(?={words.any_of('sellers.kana.papers')})"
            rf"|(?:(?<=[の、, ])|^)([ぁ-ん]{{2,6}}{ending}|{shop}(?:(?![をのでがにはへ])[一-龠ァ-ヶーぁ-ん]){{2,6}}?)(?={beside}|[ ,.?!]|$)"
        )

    def places(self, text: str) -> list[Place]:
        if _KANA.search(text) is None:
            return []
        return [match.span(match.lastindex or 0) for match in self._pattern.finditer(text)]
