"""Templates of the language files: `上[一]个(月|礼拜)`, `last {n} (day|days)`, as plain data without loops."""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Generic, TypeVar

from nlu.text.fold import fold

_MOST_FORMS = 512
Meaning = TypeVar("Meaning")


class TemplateError(ValueError):
    """A template of a language file is wrong; the message says which and why."""


def expand(template: str) -> list[str]:
    """Return every concrete form of a template: `[x]` may be missing, `(x|y)` is one of them."""
    forms, rest = _sequence(template, 0, template, "")
    if rest != len(template):
        raise TemplateError(f"{template!r}: bracket at {rest} has no partner")
    if len(forms) > _MOST_FORMS:
        raise TemplateError(f"{template!r} has {len(forms)} forms, at most {_MOST_FORMS} are allowed")
    return forms


def _sequence(text: str, at: int, whole: str, closing: str) -> tuple[list[str], int]:
    done: list[str] = []
    current = [""]
    while at < len(text):
        char = text[at]
        if char in "([":
            inner, at = _sequence(text, at + 1, whole, ")" if char == "(" else "]")
            if at >= len(text):
                raise TemplateError(f"{whole!r}: a bracket is not closed")
            if char == "[":
                inner = ["", *inner]
            current = [head + tail for head in current for tail in inner]
            if len(current) > _MOST_FORMS:
                raise TemplateError(f"{whole!r} has too many forms")
        elif char in ")]":
            break
        elif char == "|" and closing:
            done += current
            current = [""]
        else:
            current = [head + char for head in current]
        at += 1
    return list(dict.fromkeys(done + current)), at


@dataclass(frozen=True, slots=True)
class Hit(Generic[Meaning]):
    """One template found in a folded text."""

    start: int
    end: int
    meaning: Meaning
    number: str  # what stood at the placeholder, else ""


_PLACE = re.compile(r"\{(\w+)\}")
Places = Mapping[str, tuple[str, str]]


def _regex(form: str, places: Places) -> tuple[str, bool]:
    """The pattern of one form, and whether it holds a placeholder (one at most)."""
    head, *rest = _PLACE.split(form)
    pattern = _literal(head)
    if rest:
        if len(rest) > 2 or rest[0] not in places:
            raise TemplateError(f"{form!r}: one placeholder of {sorted(places)} is allowed")
        lead = " ?" if head else ""
        tail = "(?![0-9])" if not rest[1] else " ?" + _literal(rest[1])
        pattern += f"{lead}({places[rest[0]][0]}){tail}"
    if form[-1].isascii() and form[-1].isalnum():
        pattern += "(?![a-z0-9])" if form[-1].isdigit() else "(?![a-z])"
    return f"({pattern})", bool(rest)


def _literal(text: str) -> str:
    return re.escape(text).replace("\\ ", "[ -]{1,3}")


def _first(form: str, places: Places) -> str:
    place = _PLACE.match(form)
    return places[place[1]][1] if place and place[1] in places else form[0]


class Scanner(Generic[Meaning]):
    """Finds the longest template at each place of a folded text, left to right, without overlaps.

    Templates are grouped by first character, so the cost follows the text and not the size of the lists.
    """

    def __init__(self, entries: Iterable[tuple[str, Meaning]], places: Places | None = None) -> None:
        """`places` gives each placeholder its regular expression and the characters it can begin with."""
        places = places or {}
        forms: dict[str, Meaning] = {}
        for template, meaning in entries:
            for form in expand(template):
                if form.strip():
                    forms.setdefault(fold(form.strip()), meaning)
        groups: dict[str, list[str]] = {}
        for form in forms:
            for first in dict.fromkeys(_first(form, places)):
                groups.setdefault(first, []).append(form)
        self._groups: dict[str, tuple[re.Pattern[str], dict[int, tuple[Meaning, int]]]] = {}
        shared: dict[tuple[str, ...], tuple[re.Pattern[str], dict[int, tuple[Meaning, int]]]] = {}
        for first, members in groups.items():
            key = tuple(sorted(members, key=lambda form: (-len(_PLACE.sub("", form)), form)))
            if key not in shared:
                shared[key] = _compile(key, forms, places)
            self._groups[first] = shared[key]

    def scan(self, text: str) -> list[Hit[Meaning]]:
        """Return the hits in `text`, which must be folded already."""
        hits: list[Hit[Meaning]] = []
        groups = self._groups
        free = 0
        for at, char in enumerate(text):
            if at < free or char not in groups:
                continue
            if at and char.isascii() and _joined(text[at - 1], char):
                continue
            pattern, meanings = groups[char]
            found = pattern.match(text, at)
            if found is None:
                continue
            meaning, inner = meanings[found.lastindex or 1]
            free = found.end()
            hits.append(Hit(at, free, meaning, found[inner] if inner else ""))
        return hits


def _joined(before: str, char: str) -> bool:
    """True where a word or number has begun before `char`."""
    if "a" <= char <= "z":
        return "a" <= before <= "z"
    return "0" <= char <= "9" and before in "0123456789."


def _compile(
    members: tuple[str, ...], forms: Mapping[str, Meaning], places: Places
) -> tuple[re.Pattern[str], dict[int, tuple[Meaning, int]]]:
    parts: list[str] = []
    meanings: dict[int, tuple[Meaning, int]] = {}
    group = 1
    for form in members:
        pattern, has_place = _regex(form, places)
        parts.append(pattern)
        meanings[group] = (forms[form], group + 1 if has_place else 0)
        group += 2 if has_place else 1
    return re.compile("|".join(parts)), meanings
