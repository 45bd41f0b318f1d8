"""The development set itself is sound: complete, balanced, without repeats, in the agreed forms."""

import json
import unicodedata
from collections import Counter
from datetime import date
from typing import Any

import pytest

from tests.sentences.scoring import EXTRA_SLOTS, HALVES, HOME, LANGUAGES, SCORED, SLOTS, rows

INTENTS = frozenset(
    [
        "invoice.status",
        "invoice.search",
        "invoice.submit",
        "invoice.apply",
        "invoice.download",
        "invoice.verify",
        "invoice.missing",
        "invoice.lost",
        "invoice.correct",
        "invoice.duplicate",
        "invoice.void_red",
        "faq.electronic_vs_paper",
        "faq.manual",
        "faq.register_login",
        "faq.deadline",
        "notify.subscribe",
        "notify.unsubscribe",
        "agent.handoff",
        "agent.emergency",
        "feedback.rate",
        "feedback.complaint",
        "contact.info",
        "language.switch",
        "account.bind",
        "privacy.export",
        "privacy.delete",
        "smalltalk.greet",
        "smalltalk.thanks",
        "smalltalk.bye",
        "help.menu",
        "cancel",
        "confirm.yes",
        "confirm.no",
        "out_of_scope",
    ]
)
KINDS = frozenset(
    (
        "special",
        "general",
        "digital",
        "electronic",
        "paper",
        "train",
        "flight",
        "taxi",
        "toll",
        "roll",
        "quota",
    )
)
STATUSES = frozenset(
    [
        "unreimbursed",
        "reimbursed",
        "reviewing",
        "rejected",
        "voided",
        "red",
        "unverified",
        "abnormal",
        "issuing",
    ]
)
AT_LEAST = {"zh": 10, "en": 4, "ja": 4}


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_intent_has_enough_sentences_in_every_language(language: str) -> None:
    counts = Counter(row.intent for row in rows(language))
    assert counts.keys() == INTENTS
    assert not [intent for intent, count in counts.items() if count < AT_LEAST[language]]


@pytest.mark.parametrize("language", LANGUAGES)
def test_both_halves_have_the_same_mix(language: str) -> None:
    counts = Counter((row.intent, row.half) for row in rows(language))
    assert {half for _, half in counts} == set(HALVES)
    assert all(abs(counts[intent, "dev"] - counts[intent, "test"]) <= 1 for intent in INTENTS)


def test_no_sentence_stands_twice() -> None:
    said = Counter(
        "".join(unicodedata.normalize("NFKC", row.say).casefold().split())
        for language in LANGUAGES
        for row in rows(language)
    )
    assert not [sentence for sentence, count in said.items() if count > 1]


@pytest.mark.parametrize("language", LANGUAGES)
def test_slots_have_the_agreed_forms(language: str) -> None:
    sellers = " ".join(json.loads((HOME / "sellers.json").read_text(encoding="utf-8"))).casefold()
    for row in rows(language):
        allowed = EXTRA_SLOTS | (SLOTS if row.intent in SCORED else frozenset())
        assert row.slots.keys() <= allowed, row
        for name, value in row.slots.items():
            assert _well_formed(name, value), row
        seller = row.slots.get("seller", "")
        assert seller in row.say, row
        assert seller.casefold() in sellers, row


def _well_formed(name: str, value: Any) -> bool:
    match name:
        case "invoice_number":
            return value.isascii() and value.isdigit() and len(value) in (8, 20)
        case "invoice_code":
            return value.isascii() and value.isdigit() and len(value) in (10, 12)
        case "date":
            return date.fromisoformat(value["from"]) <= date.fromisoformat(value["to"])
        case "amount_min" | "amount_max" | "rating":
            return float(value) > 0
        case "kind":
            return bool(value) and set(value) <= KINDS
        case "status":
            return value in STATUSES
        case "language":
            return value in LANGUAGES
    return bool(value)
