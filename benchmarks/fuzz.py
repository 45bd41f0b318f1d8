"""Documents with faults against every parser: how many runs, how fast, what failed, how memory grew.

    nice -n 5 .venv/bin/python -m benchmarks.fuzz --count 20000
    nice -n 5 .venv/bin/python -m benchmarks.fuzz --count 1000000 --targets qr_text,xml --first 5000000

A run is a seed; a failure is printed with its target and seed, so that it can be repeated:
`--targets ofd --first SEED --count 1`.
"""

import argparse
import resource
import sys
import time
import traceback
from random import Random

from tests.documents.mutants import TARGETS

_SLOW = 1.0  # seconds
_SHOWN = 10  # failures of a target that are printed


def main() -> int:
    """Run; 1 if anything failed."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--count", type=int, default=10_000, help="runs of each target")
    parser.add_argument("--seconds", type=float, default=float("inf"), help="end a target after so long")
    parser.add_argument("--first", type=int, default=0, help="first seed")
    parser.add_argument("--targets", default=",".join(TARGETS), help="default: all")
    args = parser.parse_args()
    return max([_run(name, args.first, args.count, args.seconds) for name in args.targets.split(",")])


def _run(name: str, first: int, count: int, seconds: float) -> int:
    target = TARGETS[name]
    target(Random(first))  # what is made once is no growth
    before, began = _memory(), time.perf_counter()
    places: dict[str, int] = {}
    slowest, slow, runs = 0.0, 0, 0
    for seed in range(first, first + count):
        if time.perf_counter() - began > seconds:
            break
        start = time.process_time()  # what others do on the machine does not make a run slow
        try:
            target(Random(seed))
        except KeyboardInterrupt:  # tell what there is
            break
        except Exception as error:  # noqa: BLE001, RUF100 -- to find these is what it is for
            frame = traceback.extract_tb(error.__traceback__)[-1]
            place = f"{type(error).__name__} at {frame.filename}:{frame.lineno}"
            places[place] = places.get(place, 0) + 1
            if places[place] == 1 and len(places) <= _SHOWN:
                sys.stdout.write(f"{name} seed {seed}: {place}: {str(error)[:120]}\n")
        runs += 1
        taken = time.process_time() - start
        slow += taken > _SLOW
        slowest = max(slowest, taken)
    whole = time.perf_counter() - began
    sys.stdout.write(
        f"{name}: {runs} runs in {whole:.1f} s ({runs / max(whole, 1e-9):.0f}/s), {sum(places.values())} failed at "
        f"{len(places)} places, slowest {slowest:.2f} s, {slow} over {_SLOW:.0f} s, memory +{_memory() - before} MB\n"
    )
    sys.stdout.flush()
    return int(bool(places))


def _memory() -> int:
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024


if __name__ == "__main__":
    sys.exit(main())
