"""The arithmetic of learning (求解): products of all pairs, ridge, logistic and support vector solutions, numpy only."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float32]
Places = NDArray[np.int32]

_HEAVY = 48
_ROUNDS = 8
# Solving stops at this share of what is to be solved: what is left changes no answer.
_SOLVED, _MOST_STEPS = 4e-3, 100
_LOGISTIC_PULL, _LOGISTIC_STEPS = 0.1, 120


@dataclass(frozen=True, slots=True)
class Vector:
    """The features of one message as places in the model with their strengths."""

    places: Places
    values: Floats


def gram(vectors: Sequence[Vector], size: int) -> Floats:
    """Return the products of all pairs of vectors (Gram matrix)."""
    count = len(vectors)
    rows = np.repeat(np.arange(count, dtype=np.int32), [len(vector.places) for vector in vectors])
    places = np.concatenate([vector.places for vector in vectors])
    values = np.concatenate([vector.values for vector in vectors])
    order = np.argsort(places, kind="stable")
    rows, values = rows[order], values[order]
    ends = np.cumsum(np.bincount(places, minlength=size))
    kernel = np.zeros((count, count), dtype=np.float32)
    kernel[np.diag_indices(count)] = [float(vector.values @ vector.values) for vector in vectors]
    heavy: list[Any] = []
    start = 0
    for end in ends.tolist():
        here, there = rows[start:end], values[start:end]
        start = end
        if len(here) > _HEAVY:
            column = np.zeros(count, dtype=np.float32)
            column[here] = there
            heavy.append(column)
        elif len(here) > 1:
            product = np.outer(there, there)
            np.fill_diagonal(product, 0)  # the diagonal is complete already
            kernel[here[:, None], here] += product
    if heavy:
        dense = np.array(heavy, dtype=np.float32)
        product = dense.T @ dense
        np.fill_diagonal(product, 0)
        kernel += product
    return kernel


def solved(kernel: Floats, truth: Floats) -> Floats:
    """Return the solution of `kernel` × solution = `truth` (conjugate gradients, all intents at once).

    The ridge keeps the kernel far from singular, so two dozen products do what elimination needs thousands of
    steps for.
    """
    answer = np.zeros_like(truth)
    left = truth.copy()
    way = left.copy()
    size = np.sum(left * left, axis=0)
    enough = _SOLVED**2 * size
    for _ in range(_MOST_STEPS):
        if np.all(size <= enough):
            break
        ahead = kernel @ way
        step = size / np.sum(way * ahead, axis=0)
        answer += step * way
        left -= step * ahead
        before, size = size, np.sum(left * left, axis=0)
        way = left + (size / before) * way
    return answer


def logistic(kernel: Floats, classes: NDArray[np.int32], count: int) -> Floats:
    """Return the dual solution of a logistic regression over all intents at once (accelerated gradients).

    Unlike the ridge it stops pulling at examples that are told apart already, which counts where they are few.
    """
    truth = np.zeros((len(kernel), count), dtype=np.float32)
    truth[np.arange(len(kernel)), classes] = 1
    longest = np.ones(len(kernel), dtype=np.float32)
    for _ in range(20):
        longest = kernel @ longest
        longest /= np.linalg.norm(longest)
    step = np.float32(1 / (0.5 * float(longest @ (kernel @ longest)) + _LOGISTIC_PULL))
    pull = np.float32(_LOGISTIC_PULL)
    answer = np.zeros_like(truth)
    ahead = answer
    pace = 1.0
    for _ in range(_LOGISTIC_STEPS):
        scores = kernel @ ahead
        scores -= scores.max(axis=1, keepdims=True)
        chances = np.exp(scores)
        chances /= chances.sum(axis=1, keepdims=True)
        new = ahead - step * (chances - truth + pull * ahead)
        faster = (1 + (1 + 4 * pace * pace) ** 0.5) / 2
        ahead = new + np.float32((pace - 1) / faster) * (new - answer)
        answer, pace = new, faster
    return answer


def descended(vectors: Sequence[Vector], classes: NDArray[np.int32], count: int, size: int) -> Floats:
    """Fit one linear support vector machine per intent by dual coordinate descent, all intents at once."""
    weights = np.zeros((size, count), dtype=np.float32)
    duals = np.zeros((len(vectors), count), dtype=np.float32)
    random = np.random.default_rng(7)
    slack = np.float32(0.5)
    for _ in range(_ROUNDS):
        for row in random.permutation(len(vectors)):
            vector = vectors[row]
            signs = np.full(count, -1, dtype=np.float32)
            signs[classes[row]] = 1
            near = weights[vector.places]
            gap = signs * (vector.values @ near) - 1 + slack * duals[row]
            length = float(vector.values @ vector.values) + slack
            new = np.maximum(duals[row] - gap / np.float32(length), 0)
            change = (new - duals[row]) * signs
            duals[row] = new
            weights[vector.places] = near + np.outer(vector.values, change)
    return weights
