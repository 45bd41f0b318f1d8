"""The classifier (分类器): one linear model over all features, plus one over rapidfuzz similarities."""

import math
from collections import Counter
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray
from rapidfuzz.fuzz import ratio
from rapidfuzz.process import cdist

from nlu.text.features import Seen, is_sound
from nlu.text.solvers import Floats, Places, Vector, descended, gram, logistic, solved

# How much each block of features counts: n-grams, words, sounds, concepts, pairs of concepts, slots.
_WEIGHTS = (1.0, 1.0, 0.4, 0.35, 0.25, 0.1)
_SIMILARITY_WEIGHT = 0.2
_RIDGE = 0.5
# A block of concepts is at least as long as this: one weak concept alone is weak evidence.
_LEAST_CONCEPTS, _LEAST_PAIRS = 30.0, 90.0
# Above this many examples an n × n matrix is too much, and there are enough of them to do without.
MOST_COMPARED = 9500
# Up to this many a logistic regression is worth its time beside the ridge, where intents have few examples each.
MOST_WEIGHED = 3000
_RIDGE_SHARE, _LOGISTIC_SHARE = 0.5, 0.1
# So many intents are compared with text by text, of each so many examples; fewer where there are many examples.
_LEAST_INTENTS, _MOST_INTENTS, _MOST_TEXTS, _MOST_OF_ONE = 4, 16, 240, 60
_SHORT = 2
_WORD_PAIR = 3  # spaces in the name of two words
_NO_LIKENESS = 1e-6


class Space:
    """Which features there are and how much each tells (TF-IDF), learnt from the examples."""

    def __init__(self, places: dict[str, int], weights: Floats) -> None:
        self.places = places
        self.weights = weights

    @classmethod
    def of(cls, examples: Sequence[Seen], *, least: int, few: bool = False) -> "Space":
        """Return the space of the features that occur in at least `least` examples.

        Where each intent has but `few` examples, a pair of words or of sounds that was seen once still tells.
        """
        counts: Counter[str] = Counter()
        for seen in examples:
            for block in seen.blocks():
                counts.update(block.keys())
        # A long group of characters that was seen once is chance, and there are very many of them.
        kept = [
            (name, count)
            for name, count in counts.items()
            if count >= max(least, 1 if _tells_once(name, few) else 2)
        ]
        known = np.array([count for _, count in kept], dtype=np.float32)
        weights = np.log((1 + len(examples)) / (1 + known)) + 1
        return cls({name: place for place, (name, _) in enumerate(kept)}, weights.astype(np.float32))

    def vector(self, seen: Seen) -> Vector:
        """Return the vector of a message: each block has its own fixed length."""
        get = self.places.get
        places: list[int] = []
        blocks: list[tuple[int, float, float, list[float]]] = []
        for block, share in zip(seen.blocks(), _WEIGHTS, strict=True):
            start = len(places)
            places += [place for place in map(get, block) if place is not None]
            if len(places) > start:
                least = (
                    _LEAST_CONCEPTS if block is seen.concepts else _LEAST_PAIRS if block is seen.pairs else 0
                )
                weak = least and min(block.values()) < 1
                strengths = [block[name] for name in block if get(name) is not None] if weak else []
                blocks.append((start, share, least, strengths))
        here = np.array(places, dtype=np.int32)
        values: Floats = self.weights[here]
        end = len(places)
        for start, share, least, strengths in reversed(blocks):
            part = values[start:end]
            if strengths:
                part *= np.array(strengths, dtype=np.float32)
            part *= math.sqrt(share / max(least, part.dot(part)))
            end = start
        return Vector(here, values)


def _tells_once(name: str, few: bool) -> bool:
    if name[0] == " ":
        return few or name.count(" ") < _WORD_PAIR
    return len(name) <= _SHORT and (few or not is_sound(name[0]))


class Neighbours:
    """The examples of one language, and what likeness to each of them says."""

    def __init__(self, texts: list[str], rows: Places, says: Floats, classes: NDArray[np.int32]) -> None:
        """`rows` are their places among all examples, `says` is example × intent, `classes` their intents."""
        self.texts = texts
        self.rows = rows
        self._intents = says.shape[1]
        # Of very many examples of one intent, those that say most are compared.
        weight = np.abs(says).sum(axis=1)
        order = np.argsort(-weight, kind="stable")
        places = [order[classes[order] == intent][:_MOST_OF_ONE] for intent in range(says.shape[1])]
        self._by_intent = [([texts[at] for at in here.tolist()], says[here]) for here in places]
        usual = max(1, sum(len(here) for here in places) // max(1, len(places)))
        self.most = min(max(_MOST_TEXTS // usual, _LEAST_INTENTS), _MOST_INTENTS)

    def likeness(self, text: str) -> Floats:
        """Return how like `text` is to each example, 0 to 1 (rapidfuzz ratio)."""
        found: Floats = cdist([text], self.texts, scorer=ratio, dtype=np.float32)[0]
        return found * np.float32(0.01)

    def score(self, text: str, likely: Sequence[int]) -> Floats:
        """Return what the likenesses to the examples of the likely intents say for each intent."""
        texts: list[str] = []
        for intent in likely:
            texts += self._by_intent[intent][0]
        if not texts:
            return np.zeros(self._intents, dtype=np.float32)
        found: Floats = cdist([text], texts, scorer=ratio, dtype=np.float32)[0]
        found *= found
        found *= found
        scores: Floats = found @ np.concatenate([self._by_intent[intent][1] for intent in likely])
        scores /= max(math.sqrt(found.dot(found)), _NO_LIKENESS)  # sharpened, as the examples were
        return scores


class Classifier:
    """Scores every intent for a message: near +1 for what the examples say, near -1 for what they don't."""

    def __init__(
        self, labels: Sequence[str], space: Space, weights: Floats, near: dict[str, Neighbours]
    ) -> None:
        """`labels` are the intents of the examples, in their order."""
        self.labels = tuple(labels)
        self.intents = tuple(dict.fromkeys(labels))
        self.space = space
        self.weights = weights
        self.near = near

    def scores(self, seen: Seen, language: str) -> Floats:
        """Return one score per intent."""
        vector = self.space.vector(seen)
        scores: Floats = vector.values @ self.weights[vector.places]
        neighbours = self.near.get(language)
        if neighbours is not None and seen.text:
            # The unlikely rest is far from every text: comparing with it costs time and changes nothing.
            likely = (
                np.argpartition(-scores, neighbours.most)[: neighbours.most]
                if len(scores) > neighbours.most
                else range(len(scores))
            )
            scores = scores + neighbours.score(seen.text, list(likely))
        return scores


def fit(
    examples: Sequence[Seen], labels: Sequence[str], languages: Sequence[str], *, few: bool = False
) -> Classifier:
    """Return the classifier that the examples teach; `few` if they are few for each intent, as in other tasks."""
    intents = tuple(dict.fromkeys(labels))
    where = {name: place for place, name in enumerate(intents)}
    classes = np.array([where[label] for label in labels], dtype=np.int32)
    many = len(examples) > MOST_COMPARED
    space = Space.of(examples, least=2 if many else 1, few=few)
    vectors = [space.vector(seen) for seen in examples]
    if many:
        return Classifier(labels, space, descended(vectors, classes, len(intents), len(space.places)), {})
    truth = np.full((len(examples), len(intents)), -1, dtype=np.float32)
    truth[np.arange(len(examples)), classes] = 1
    kernel = gram(vectors, len(space.places))
    groups = _groups(examples, languages)
    for _, rows, likeness in groups.values():
        kernel[np.ix_(rows, rows)] += np.float32(_SIMILARITY_WEIGHT) * (likeness @ likeness.T)
    told_apart = logistic(kernel, classes, len(intents)) if few and len(examples) <= MOST_WEIGHED else None
    kernel[np.diag_indices(len(examples))] += np.float32(_RIDGE)
    answer = solved(kernel, truth)
    if told_apart is not None:
        answer = np.float32(_RIDGE_SHARE) * answer + np.float32(_LOGISTIC_SHARE) * told_apart
    weights = np.zeros((len(space.places), len(intents)), dtype=np.float32)
    for vector, row in zip(vectors, answer, strict=True):
        weights[vector.places] += np.outer(vector.values, row)
    near = {
        language: Neighbours(
            texts,
            rows,
            (np.float32(_SIMILARITY_WEIGHT) * (likeness.T @ answer[rows])).astype(np.float32),
            classes[rows],
        )
        for language, (texts, rows, likeness) in groups.items()
    }
    return Classifier(labels, space, weights, near)


def _groups(
    examples: Sequence[Seen], languages: Sequence[str]
) -> dict[str, tuple[list[str], Places, Floats]]:
    groups: dict[str, tuple[list[str], Places, Floats]] = {}
    for language in dict.fromkeys(languages):
        rows = np.array([row for row, name in enumerate(languages) if name == language], dtype=np.int32)
        texts = [examples[row].text for row in rows]
        likeness = _sharpened(cdist(texts, texts, scorer=ratio, dtype=np.float32) * np.float32(0.01))
        groups[language] = (texts, rows, likeness)
    return groups


def _sharpened(likeness: Floats) -> Floats:
    sharp = likeness * likeness
    sharp *= sharp
    length = np.sqrt(np.sum(sharp * sharp, axis=-1, keepdims=True))
    result: Floats = sharp / np.maximum(length, np.float32(_NO_LIKENESS))
    return result
