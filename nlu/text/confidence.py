"""From scores to confidence (置信度), and from confidence to what the bot does with it."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from locales.strict_yaml import LocaleError, load
from nlu.text.lexicon import OUT_OF_SCOPE, Intent

FILE = Path(__file__).with_name("confidence.yaml")
# What a message that nothing speaks for is held against where the task has no out-of-scope examples.
_NOTHING = -0.55
_STRICTER, _READIER = 0.5, 0.7


@dataclass(frozen=True, slots=True)
class Confidence:
    """How scores become chances, and the two borders of the three bands; set on the development set."""

    slope: float = 6.0
    shift: float = 0.0  # added to the out-of-scope score
    answer: float = 0.6
    clarify: float = 0.2

    def chances(
        self, intents: tuple[str, ...], scores: NDArray[np.float32]
    ) -> tuple[float, dict[str, float]]:
        """Return the chance that a message is none of the intents, and the chance of each intent."""
        outside = intents.index(OUT_OF_SCOPE) if OUT_OF_SCOPE in intents else None
        nothing = _NOTHING if outside is None else float(scores[outside])
        steps = self.slope * (scores.astype(np.float64) - nothing - self.shift)
        if outside is not None:
            steps[outside] = 0.0
        steps = np.exp(steps - max(float(steps.max()), 0.0))
        top = max(float(self.slope * (scores.max() - nothing - self.shift)), 0.0)
        rest = float(np.exp(-top)) if outside is None else 0.0
        chances = steps / (float(steps.sum()) + rest)
        known = dict(zip(intents, chances.tolist(), strict=True))
        return (1.0 - float(chances.sum()) if outside is None else known[OUT_OF_SCOPE]), known

    def action(self, intent: Intent, confidence: float) -> str:
        """Return answer, clarify or refuse: stricter where it cannot be undone, readier in an emergency."""
        border = self.answer
        if intent.danger:
            border += (1 - border) * _STRICTER
        if intent.emergency:
            border *= _READIER
        if confidence >= border:
            return "answer"
        return "clarify" if confidence >= self.clarify else "refuse"


def read_confidence(path: Path = FILE) -> Confidence:
    """Return the calibration (校准) that `piaoda intents check --calibrate` wrote, or plain defaults."""
    if not path.exists():
        return Confidence()
    content = load(path)
    try:
        return Confidence(**{name: float(value) for name, value in content.items()})
    except (AttributeError, TypeError, ValueError) as error:
        raise LocaleError(f"{path}: not a calibration: {error}") from error


def write_confidence(confidence: Confidence, path: Path = FILE) -> None:
    """Write a calibration where `read_confidence` finds it."""
    path.write_text(
        "# Set by `piaoda intents check --calibrate` on the dev half of tests/sentences; do not edit.\n"
        f"slope: {confidence.slope:.3f}\nshift: {confidence.shift:.4f}\n"
        f"answer: {confidence.answer:.3f}\nclarify: {confidence.clarify:.3f}\n",
        encoding="utf-8",
    )


def calibrated(
    intents: Mapping[str, Intent], names: tuple[str, ...], scores: NDArray[np.float32], truth: list[str]
) -> Confidence:
    """Return the calibration that fits rows of scores with known intents best.

    Slope and shift minimise the surprise of the truth. The borders keep wrong answers, and answers to what is
    out of scope, rare; what is likelier than the lower border is offered as a choice.
    """
    where = np.array([names.index(name) for name in truth])
    outside = names.index(OUT_OF_SCOPE)
    best, least = Confidence(), float("inf")
    for slope in np.geomspace(2, 24, 23):
        for shift in np.linspace(-0.6, 0.6, 49):
            steps = slope * scores.astype(np.float64)
            steps[:, outside] += slope * shift
            steps -= steps.max(axis=1, keepdims=True)
            surprise = np.log(np.exp(steps).sum(axis=1)) - steps[np.arange(len(where)), where]
            if float(surprise.mean()) < least:
                least, best = float(surprise.mean()), Confidence(float(slope), float(shift))
    return _with_borders(best, intents, names, scores, truth)


_WRONG_AT_MOST, _OUTSIDE_AT_MOST, _OFFERED_AT_MOST = 0.010, 0.02, 0.3


def _with_borders(
    confidence: Confidence,
    intents: Mapping[str, Intent],
    names: tuple[str, ...],
    scores: NDArray[np.float32],
    truth: list[str],
) -> Confidence:
    tops: list[tuple[str, float]] = []
    for row in scores:
        _, chances = confidence.chances(names, row)
        chances.pop(OUT_OF_SCOPE)
        tops.append(max(chances.items(), key=lambda item: item[1]))
    inside = [name != OUT_OF_SCOPE for name in truth]
    outer = [top for (_, top), known in zip(tops, inside, strict=True) if not known]
    wrong = [top for (name, top), real in zip(tops, truth, strict=True) if real not in (name, OUT_OF_SCOPE)]
    answer = 0.95
    for border in np.arange(0.3, 0.96, 0.01).tolist():
        few_wrong = sum(top >= border for top in wrong) <= _WRONG_AT_MOST * sum(inside)
        if few_wrong and sum(top >= border for top in outer) <= _OUTSIDE_AT_MOST * len(outer):
            answer = border
            break
    clarify = float(np.quantile(outer, 1 - _OFFERED_AT_MOST)) if outer else 0.2
    return Confidence(confidence.slope, confidence.shift, answer, min(max(clarify, 0.08), answer / 2))
