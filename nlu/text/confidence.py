"""From scores to confidence (置信度), and from confidence to what the bot does with it."""

import math
from dataclasses import asdict, dataclass, replace
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
    """How scores become chances, and the two borders of the three bands; set on the development set.

    Whether a message is for us at all depends on the best score and on its lead over out of scope; which of
    our intents it is, on the scores of the intents.
    """

    slope: float = 7.0
    lead: float = 5.0
    level: float = 2.0
    bias: float = 1.0
    answer: float = 0.6
    clarify: float = 0.2

    def chances(self, intents: tuple[str, ...], scores: NDArray[np.float32]) -> list[float]:
        """Return the chance of each intent, in their order."""
        values: list[float] = scores.tolist()
        outside = intents.index(OUT_OF_SCOPE) if OUT_OF_SCOPE in intents else -1
        nothing = values[outside] if outside >= 0 else _NOTHING
        if outside >= 0:
            values[outside] = -math.inf
        best = max(values)
        inside = _squashed(self.lead * (best - nothing) + self.level * best + self.bias)
        steps = [math.exp(self.slope * (value - best)) for value in values]
        share = inside / sum(steps)
        chances = [step * share for step in steps]
        if outside >= 0:
            chances[outside] = 1 - inside
        return chances

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


# Other tasks have no development sentences to be set on; this was set on samples of four public sets taught with ten
# sentences an intent, and questions that belong to none of them.
OTHER_TASKS = Confidence(slope=8.0, lead=4.0, level=2.0, bias=-1.7, answer=0.75, clarify=0.12)


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
    lines = (f"{name}: {value:.4f}\n" for name, value in asdict(confidence).items())
    path.write_text(
        "# Set by `piaoda intents check --calibrate` on the dev half of tests/sentences; do not edit.\n"
        + "".join(lines),
        encoding="utf-8",
    )


def calibrated(names: tuple[str, ...], scores: NDArray[np.float32], truth: list[str]) -> Confidence:
    """Return the calibration that fits rows of scores with known intents best.

    The borders keep wrong answers, and answers to what is out of scope, rare; what is likelier than the lower
    border is offered as a choice.
    """
    known = scores.astype(np.float64)
    outside = names.index(OUT_OF_SCOPE)
    nothing = known[:, outside].copy()
    known[:, outside] = -np.inf
    best = known.max(axis=1)
    ours = np.array([name != OUT_OF_SCOPE for name in truth])
    lead, level, bias = _logistic(np.stack([best - nothing, best, np.ones_like(best)], axis=1), ours)
    steps = known[ours] - best[ours, None]
    where = np.array([names.index(name) for name in truth if name != OUT_OF_SCOPE])
    right = steps[np.arange(len(where)), where]
    slopes = np.geomspace(1, 30, 60)
    surprise = [float((np.log(np.exp(slope * steps).sum(axis=1)) - slope * right).mean()) for slope in slopes]
    slope = float(slopes[int(np.argmin(surprise))])
    return _with_borders(Confidence(slope, lead, level, bias), names, scores, truth)


def _logistic(rows: NDArray[np.float64], truth: NDArray[np.bool_]) -> tuple[float, float, float]:
    """Return the weights of a logistic regression, slightly drawn to zero (Newton's method)."""
    weights = np.zeros(rows.shape[1])
    pull = 0.05 * np.eye(rows.shape[1])
    for _ in range(30):
        chance = 1 / (1 + np.exp(-rows @ weights))
        slope = rows.T @ (truth - chance) - pull @ weights
        curve = (rows * (chance * (1 - chance))[:, None]).T @ rows + pull
        weights = weights + np.linalg.solve(curve, slope)
    lead, level, bias = weights.tolist()
    return lead, level, bias


def _squashed(value: float) -> float:
    return 1 / (1 + math.exp(-max(min(value, 50.0), -50.0)))


# The border stands much nearer to certainty than these sentences ask: other people say other things.
_CAUTION = 0.4
_WRONG_AT_MOST, _OUTSIDE_AT_MOST, _OFFERED_AT_MOST = 0.012, 0.025, 0.25


def _with_borders(
    confidence: Confidence,
    names: tuple[str, ...],
    scores: NDArray[np.float32],
    truth: list[str],
) -> Confidence:
    tops: list[tuple[str, float]] = []
    for row in scores:
        chances = dict(zip(names, confidence.chances(names, row), strict=True))
        chances.pop(OUT_OF_SCOPE)
        tops.append(max(chances.items(), key=lambda item: item[1]))
    inside = [name != OUT_OF_SCOPE for name in truth]
    outer = [top for (_, top), known in zip(tops, inside, strict=True) if not known]
    wrong = [top for (name, top), real in zip(tops, truth, strict=True) if real not in (name, OUT_OF_SCOPE)]
    answer = 0.95
    for border in np.arange(0.3, 0.96, 0.01).tolist():
        few_wrong = sum(top >= border for top in wrong) <= _WRONG_AT_MOST * sum(inside)
        if few_wrong and sum(top >= border for top in outer) <= _OUTSIDE_AT_MOST * len(outer):
            answer = border + _CAUTION * (1 - border)
            break
    clarify = float(np.quantile(outer, 1 - _OFFERED_AT_MOST)) if outer else 0.2
    return replace(confidence, answer=answer, clarify=min(max(clarify, 0.05), answer / 2))
