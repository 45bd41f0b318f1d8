"""The development set as rows, and how an answer is held against a row."""

import unicodedata
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date, timedelta
from pathlib import Path
from typing import Any

from locales.catalog import HOME as WORDS
from locales.strict_yaml import load

HOME = Path(__file__).parent
TODAY = date(2026, 11, 25)
LANGUAGES = ("zh", "en", "ja")
HALVES = ("dev", "test")
# Only on these do slots count; a slot found on any other intent is ignored.
SCORED = frozenset(
    f"invoice.{name}"
    for name in ("status", "search", "submit", "apply", "download", "verify", "duplicate", "void_red")
)
SLOTS = frozenset(
    ("invoice_number", "invoice_code", "date", "amount_min", "amount_max", "seller", "kind", "status")
)
EXTRA_SLOTS = frozenset(("language", "rating", "email", "category"))


@dataclass(frozen=True, slots=True)
class Row:
    """One sentence with what it means."""

    say: str
    intent: str
    half: str
    slots: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class SlotScore:
    """How well slots were found: micro F1 over slots, and the share of rows with all of them right."""

    f1: float
    whole_row: float


def rows(language: str) -> list[Row]:
    """The development set of one language."""
    return [
        Row(entry["say"], entry["intent"], entry["half"], entry.get("slots", {}))
        for entry in load(HOME / f"{language}.yaml")
    ]


def unseen(language: str, home: Path = WORDS) -> list[Row]:
    """The rows that are no example word for word: what shows that more was learnt than the list."""
    known = {
        _folded(sentence)
        for path in sorted(home.glob("*/examples.yaml"))
        for sentences in load(path).values()
        for sentence in sentences
    }
    return [row for row in rows(language) if _folded(row.say) not in known]


def same(name: str, expected: Any, found: Any) -> bool:
    """Whether a slot that was found means what the row says."""
    if name == "date":
        return _same_date(expected, found)
    if name in ("amount_min", "amount_max"):
        return abs(float(expected) - float(found)) < 0.005
    if name == "kind":
        return set(expected) == set(found)
    return _folded(str(expected)) == _folded(str(found))


def score_slots(pairs: Iterable[tuple[Row, Mapping[str, Any]]]) -> SlotScore:
    """Score what was found on each row; rows without slots count too, for false alarms."""
    hits = expected_count = found_count = right_rows = total = 0
    for row, all_found in pairs:
        expected = {name: value for name, value in row.slots.items() if name in SLOTS}
        found = {name: value for name, value in all_found.items() if name in SLOTS and value is not None}
        right = sum(name in found and same(name, value, found[name]) for name, value in expected.items())
        hits += right
        expected_count += len(expected)
        found_count += len(found)
        right_rows += right == len(expected) == len(found)
        total += 1
    return SlotScore(2 * hits / max(expected_count + found_count, 1), right_rows / max(total, 1))


def _same_date(expected: Mapping[str, str], found: Mapping[str, str]) -> bool:
    begins, ends = date.fromisoformat(expected["from"]), date.fromisoformat(expected["to"])
    begun, ended = date.fromisoformat(found["from"]), date.fromisoformat(found["to"])
    # "The last 30 days" may count today or not; "this quarter" may stop today.
    slack = timedelta(days=1 if ends == TODAY else 0)
    return abs(begun - begins) <= slack and (ended == ends or (ends > TODAY and ended == TODAY))


def _folded(text: str) -> str:
    kept = unicodedata.normalize("NFKC", text).casefold()
    return "".join(char for char in kept if not char.isspace() and char not in "?!,.。、") or kept
