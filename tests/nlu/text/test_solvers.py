"""The arithmetic of learning, on rows small enough to work out by hand."""

import numpy as np

from nlu.text.solvers import Vector, descended, gram, logistic, solved

# Three intents; the second row of each shares one feature with the first and has one of its own.
PLACES = [(0, 1), (0, 2), (3, 4), (3, 5), (6, 7), (6, 8)]
CLASSES = np.array([0, 0, 1, 1, 2, 2], dtype=np.int32)
VECTORS = [Vector(np.array(at, dtype=np.int32), np.full(2, 0.5**0.5, dtype=np.float32)) for at in PLACES]


def test_the_products_of_all_pairs() -> None:
    dense = np.zeros((6, 9))
    for row, at in enumerate(PLACES):
        dense[row, at] = 0.5**0.5
    np.testing.assert_allclose(gram(VECTORS, 9), dense @ dense.T, atol=1e-6)


def test_the_ridge_is_solved() -> None:
    kernel = gram(VECTORS, 9) + 0.5 * np.eye(6, dtype=np.float32)
    truth = np.where(CLASSES[:, None] == np.arange(3), 1, -1).astype(np.float32)
    answer = solved(kernel.astype(np.float32), truth)
    np.testing.assert_allclose(kernel @ answer, truth, atol=0.02)


def test_every_way_of_learning_tells_the_intents_apart() -> None:
    kernel = gram(VECTORS, 9)
    chances = kernel @ logistic(kernel, CLASSES, 3)
    assert (chances.argmax(axis=1) == CLASSES).all()
    assert abs(chances.sum()) < 1e-3  # no intent is favoured as such
    weights = descended(VECTORS, CLASSES, 3, 9)
    scores = np.array([vector.values @ weights[vector.places] for vector in VECTORS])
    assert (scores.argmax(axis=1) == CLASSES).all()
