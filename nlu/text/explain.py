"""Why a message was understood as it was (解释): nearest examples, concepts, slots, scores."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any

import numpy as np

from nlu.text.features import spoken
from nlu.text.understanding import Understander, Understanding

_NEAREST = 5


@dataclass(frozen=True, slots=True)
class Explanation:
    """An understanding with its reasons."""

    understanding: Understanding
    normal: str
    why: str  # topic, phrase, number, example, criteria or score
    nearest: tuple[tuple[str, str, float], ...]  # example, intent, likeness 0 to 1
    concepts: Mapping[str, float]
    slots: Mapping[str, Any]
    scores: tuple[tuple[str, float], ...]  # best first


def explain(
    understander: Understander, text: str, *, today: date, language: str | None = None
) -> Explanation:
    """Return what `text` means, and why."""
    found = understander.understand(text, today=today, language=language)
    matcher = understander.matcher
    match = understander.match(text, today=today, language=language)
    classifier = matcher.classifier
    near = classifier.near.get(match.language)
    nearest: list[tuple[str, str, float]] = []
    if near is not None:
        likeness = near.likeness(match.text)
        for place in np.argsort(-likeness, kind="stable")[:_NEAREST].tolist():
            example = near.texts[place]
            nearest.append((example, classifier.labels[int(near.rows[place])], float(likeness[place])))
    said = spoken(match.text) if match.language == "zh" else ""
    order = np.argsort(-match.scores, kind="stable")[:_NEAREST].tolist()
    return Explanation(
        found,
        match.text,
        "topic" if match.open else match.sure.why if match.sure is not None else "score",
        tuple(nearest),
        matcher.reader.concepts.fired(match.text, said),
        found.slots,
        tuple((classifier.intents[place], float(match.scores[place])) for place in order),
    )
