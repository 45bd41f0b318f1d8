"""How well messages were understood: the figures (指标) that `piaoda intents check` prints."""

from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from nlu.text.lexicon import OUT_OF_SCOPE
from nlu.text.understanding import Guess

_CHOICES = 3
_BINS = 10


@dataclass(frozen=True, slots=True)
class Judged:
    """A message with the intent that it has and what was understood."""

    text: str
    language: str
    intent: str
    guesses: tuple[Guess, ...]  # best first
    action: str

    @property
    def guess(self) -> str:
        """The intent that was understood."""
        return self.guesses[0].intent

    @property
    def choices(self) -> tuple[Guess, ...]:
        """The intents of ours, best first."""
        return tuple(guess for guess in self.guesses if guess.intent != OUT_OF_SCOPE)

    @property
    def inside(self) -> float:
        """How sure we are that the message is for us."""
        return max((guess.confidence for guess in self.choices), default=0.0)


@dataclass(frozen=True, slots=True)
class Figures:
    """All shares in percent."""

    rows: int
    top1: float
    top3: float
    auroc: float  # of telling ours from out of scope
    right_at_80: float  # ours understood right while 80 % of out of scope are turned away
    right_at_90: float
    answered: float
    one_click: float  # answered right, or the right intent among three choices
    wrong: float  # ours answered with another intent
    outside_answered: float
    outside_refused: float
    calibration: float  # expected calibration error, 0 to 100


def figures(judged: Sequence[Judged]) -> Figures:
    """Return the figures of judged messages."""
    ours = [row for row in judged if row.intent != OUT_OF_SCOPE]
    outside = [row for row in judged if row.intent == OUT_OF_SCOPE]
    return Figures(
        rows=len(judged),
        top1=_share(judged, lambda row: row.guess == row.intent),
        top3=_share(judged, lambda row: row.intent in [guess.intent for guess in row.guesses[:_CHOICES]]),
        auroc=_auroc([row.inside for row in ours], [row.inside for row in outside]),
        right_at_80=_right_at(ours, outside, 0.8),
        right_at_90=_right_at(ours, outside, 0.9),
        answered=_share(ours, lambda row: row.action == "answer"),
        one_click=_share(ours, _one_click),
        wrong=_share(ours, lambda row: row.action == "answer" and row.guess != row.intent),
        outside_answered=_share(outside, lambda row: row.action == "answer"),
        outside_refused=_share(outside, lambda row: row.action == "refuse"),
        calibration=_calibration(judged),
    )


def rejection_curve(judged: Sequence[Judged]) -> list[tuple[float, float]]:
    """Return (share of out of scope turned away, share of ours understood right), both in percent."""
    ours = [row for row in judged if row.intent != OUT_OF_SCOPE]
    outside = [row for row in judged if row.intent == OUT_OF_SCOPE]
    return [(share, _right_at(ours, outside, share / 100)) for share in range(0, 100, 5)] if outside else []


def reliability(judged: Sequence[Judged]) -> list[tuple[float, float, int]]:
    """Return (mean confidence, share that was right, rows) for ten bands of confidence."""
    points: list[tuple[float, float, int]] = []
    for band in range(_BINS):
        rows = [row for row in judged if min(int(row.guesses[0].confidence * _BINS), _BINS - 1) == band]
        if rows:
            mean = sum(row.guesses[0].confidence for row in rows) / len(rows)
            points.append((mean, sum(row.guess == row.intent for row in rows) / len(rows), len(rows)))
    return points


def confusions(judged: Sequence[Judged], most: int = 15) -> list[tuple[str, str, int]]:
    """Return the commonest mistakes: (is, was taken for, how often)."""
    counts = Counter((row.intent, row.guess) for row in judged if row.intent != row.guess)
    return [(real, taken, count) for (real, taken), count in counts.most_common(most)]


def _one_click(row: Judged) -> bool:
    if row.action == "answer":
        return row.guess == row.intent
    return row.action == "clarify" and row.intent in [guess.intent for guess in row.choices[:_CHOICES]]


def _share(rows: Sequence[Judged], holds: Callable[[Judged], bool]) -> float:
    return 100 * sum(map(holds, rows)) / len(rows) if rows else 0.0


def _right_at(ours: Sequence[Judged], outside: Sequence[Judged], rejected: float) -> float:
    border = float(np.quantile([row.inside for row in outside], rejected)) if outside else -1.0
    return _share(ours, lambda row: row.inside > border and row.choices[0].intent == row.intent)


def _auroc(ours: Sequence[float], outside: Sequence[float]) -> float:
    if not ours or not outside:
        return 0.0
    above: NDArray[np.float64] = np.subtract.outer(np.array(ours), np.array(outside))
    return 100 * float((above > 0).mean() + (above == 0).mean() / 2)


def _calibration(judged: Sequence[Judged]) -> float:
    points = reliability(judged)
    total = sum(rows for *_, rows in points)
    return 100 * sum(abs(mean - right) * rows for mean, right, rows in points) / total if total else 0.0
