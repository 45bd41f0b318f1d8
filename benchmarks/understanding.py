"""How fast messages are understood: `python -m benchmarks.understanding`.

Prints start-up time, added memory, and the time per message with slots, language and match, on one core,
without any cache of answers. Messages are the development sentences, all of them in turn, several times over: a
message takes what it takes in the middle one of the rounds. Time is the processor's, so other programs count less.
"""

import argparse
import gc
import os
import sys
import tempfile
from datetime import date
from multiprocessing import get_context
from pathlib import Path
from time import perf_counter, process_time

for name in ("OPENBLAS_NUM_THREADS", "OMP_NUM_THREADS"):
    os.environ[name] = "1"  # before numpy is imported

import numpy as np  # noqa: E402
from rapidfuzz.fuzz import ratio  # noqa: E402
from rapidfuzz.process import cdist  # noqa: E402

from locales.strict_yaml import load  # noqa: E402

_SENTENCES = Path(__file__).parents[1] / "tests" / "sentences"
_TODAY = date(2026, 11, 25)
_ROUNDS = 5
_COLLECT = (20_000, 20, 20)  # as `piaoda serve`


def main() -> int:
    """Print the figures; 0 if the goals hold, else 1."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--sellers", type=int, default=10_000, help="known sellers (default: 10000)")
    sellers = parser.parse_args().sellers
    cdist(["warm"], ["up"], scorer=ratio)
    before = memory()
    with tempfile.TemporaryDirectory() as folder:
        # Learning needs memory for all pairs of examples; it happens once, so another process does it here.
        begin = perf_counter()
        with get_context("spawn").Pool(1) as pool:
            pool.apply(_learn, (folder,))
        learnt = perf_counter() - begin
        begin = perf_counter()
        from nlu.text.understanding import Understander

        understander = Understander.load(cache=Path(folder))
        ready = perf_counter() - begin
    begin = perf_counter()
    understander.warm()  # as the server does once it is ready
    warm = perf_counter() - begin
    gc.collect()
    gc.freeze()
    gc.set_threshold(*_COLLECT)
    added = memory() - before
    from nlu.text.sellers import SellerIndex

    names = [f"第{number}号{kind}有限公司" for number in range(sellers // 2) for kind in ("商贸", "餐饮")]
    understander = understander.with_sellers(SellerIndex.build(names))
    messages = [row["say"] for path in sorted(_SENTENCES.glob("??.yaml")) for row in load(path)]
    for message in messages[:50]:
        understander.understand(message, today=_TODAY)
    rounds: list[list[float]] = []
    for _ in range(_ROUNDS):
        took: list[float] = []
        for message in messages:
            begin = process_time()
            understander.understand(message, today=_TODAY)
            took.append((process_time() - begin) * 1000)
        rounds.append(took)
    times = np.median(np.array(rounds), axis=0)
    middle, slow = float(np.quantile(times, 0.5)), float(np.quantile(times, 0.99))
    print(f"examples           {len(understander.matcher.classifier.labels):>8}")
    print(f"learn and start    {learnt:8.2f} s")
    print(f"start, learnt      {ready:8.2f} s     goal 1")
    print(f"warm after that    {warm:8.2f} s")
    print(f"memory added       {added:8.1f} MB    goal 60")
    print(f"messages           {len(times):>8}   {sellers} sellers known")
    print(f"p50                {middle:8.3f} ms    goal 0.35")
    print(f"p99                {slow:8.3f} ms    goal 1")
    return 0 if middle <= 0.35 and slow <= 1 and ready <= 1 and added <= 60 else 1


def _learn(folder: str) -> None:
    from nlu.text.understanding import Understander

    Understander.load(cache=Path(folder))


def memory() -> float:
    """Megabytes that this process holds."""
    pages = int(Path("/proc/self/statm").read_text(encoding="ascii").split()[1])
    return pages * os.sysconf("SC_PAGE_SIZE") / 1e6


if __name__ == "__main__":
    sys.exit(main())
