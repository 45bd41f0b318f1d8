"""How well and how fast slots are found: `python -m benchmarks.slots`.

Micro F1 over slots and the share of rows with every slot right, on the development sentences of the scored
intents (by half) and on sentences written for slots alone; then the time per message.
"""

import json
import sys
from collections.abc import Iterable
from datetime import date
from pathlib import Path
from time import process_time

import numpy as np

from locales.strict_yaml import load
from nlu.text.sellers import SellerIndex
from nlu.text.slots import find_slots
from tests.sentences.scoring import HALVES, HOME, LANGUAGES, SCORED, TODAY, Row, rows, score_slots

_SAID = Path(__file__).parents[1] / "tests" / "nlu" / "text" / "slots"


def main() -> int:
    """Print the figures; 0 if the goals hold on all rows, else 1."""
    sellers = SellerIndex.build(json.loads((HOME / "sellers.json").read_text(encoding="utf-8")))
    good = True
    for language in LANGUAGES:
        scored = [row for row in rows(language) if row.intent in SCORED]
        sets = [(half, [row for row in scored if row.half == half]) for half in HALVES]
        sets.append(("said", list(_said(language))))
        for title, each in sets:
            score = score_slots(
                (row, find_slots(row.say, today=TODAY, sellers=sellers).values) for row in each
            )
            good = good and score.f1 >= 0.97 and score.whole_row >= 0.94
            figures = f"F1 {100 * score.f1:5.1f}   whole {100 * score.whole_row:5.1f}"
            print(f"{language} {title:5s} {len(each):4d} rows   {figures}")
    texts = [row.say for language in LANGUAGES for row in rows(language)]
    fastest = np.min([_times(texts, TODAY, sellers) for _ in range(3)], axis=0)
    print(f"p50 {np.quantile(fastest, 0.5):.3f} ms   p99 {np.quantile(fastest, 0.99):.3f} ms")
    return 0 if good else 1


def _said(language: str) -> Iterable[Row]:
    for entry in load(_SAID / f"said.{language}.yaml"):
        yield Row(entry["say"], "invoice.search", "dev", entry["slots"])


def _times(texts: list[str], today: date, sellers: SellerIndex) -> list[float]:
    times: list[float] = []
    for text in texts:
        begin = process_time()  # of this process alone, whatever else the machine does
        find_slots(text, today=today, sellers=sellers)
        times.append((process_time() - begin) * 1000)
    return times


if __name__ == "__main__":
    sys.exit(main())
