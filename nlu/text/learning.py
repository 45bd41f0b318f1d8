"""Learns from the examples of a lexicon (学习)."""

import re
from collections import Counter
from collections.abc import Collection
from datetime import date

from nlu.text.features import Seen
from nlu.text.lexicon import Lexicon
from nlu.text.matcher import Matcher, Reader, learn
from nlu.text.slots import find_slots

# Examples speak of "last month" too; which month that is does not matter for what they teach.
_ANY_DAY = date(2026, 1, 15)

_NAME_WORD = re.compile(r"[a-z]{3,}|[^\W\d_a-z]+")
_CAMEL = re.compile(r"([a-z])([A-Z])")

Row = tuple[str, str, str]  # language, intent, normalised text


def taught(lexicon: Lexicon, known: Collection[str] = ()) -> Matcher:
    """Return the matcher that a lexicon teaches; `known` are words (of slots) that are no slips of the pen."""
    reader = Reader(lexicon)
    rows, seen = observed(lexicon, reader)
    return Matcher(lexicon, learn(rows, reader, seen), known)


def observed(lexicon: Lexicon, reader: Reader) -> tuple[list[Row], list[Seen]]:
    """Return every example, normalised, and what is seen of it."""
    rows: list[Row] = []
    seen: list[Seen] = []
    own_task = lexicon.ours
    named = {} if own_task else named_words(lexicon.intents)
    for language in lexicon.languages:
        for intent, sentences in language.examples.items():
            for sentence in dict.fromkeys((*sentences, *named.get(intent, ()))):
                slots = find_slots(sentence, today=_ANY_DAY) if own_task else None
                text = reader.normal(sentence, slots, language.name)
                rows.append((language.name, intent, text))
                seen.append(reader.see(text, slots, language.name))
    return rows, seen


def named_words(intents: Collection[str]) -> dict[str, tuple[str, ...]]:
    """Return what the names of intents say as one more example each: card_arrival says "card arrival".

    Words that most names share (intent_7) say nothing.
    """
    words = {intent: _NAME_WORD.findall(_CAMEL.sub(r"\1 \2", intent).lower()) for intent in intents}
    shared = Counter(word for found in words.values() for word in set(found))
    told = {
        intent: " ".join(word for word in found if shared[word] <= max(1, len(words) // 2))
        for intent, found in words.items()
    }
    return {intent: (text,) for intent, text in told.items() if text}
