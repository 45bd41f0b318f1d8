"""How right the reader is on drawn invoices, by source, grade and kind.

    nice -n 5 .venv/bin/python -m benchmarks.accuracy --seeds 1000-1003 --layouts CD
    nice -n 5 .venv/bin/python -m benchmarks.accuracy --sources picture --grades hard --kinds vat_special
    nice -n 5 .venv/bin/python -m benchmarks.accuracy --sources altered,others

A field is right, abstained (nothing was given) or wrong; `unflagged` counts the wrong ones shown as sure: no
check failed and the confidence is SURE or more. `key` is number, date and total all right.
"""

import argparse
import os
import sys
from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from multiprocessing import get_context
from zlib import crc32

from nlu.document.reading import FIELDS, Found, Reading, fields_of
from tests.documents.in_process import read
from tests.drawing import (
    GRADES,
    KINDS,
    LAYOUTS,
    OFD_FORMS,
    ORDERS,
    OTHERS,
    alter,
    alterable,
    degrade,
    draw,
    draw_other,
    encoded,
)
from tests.drawing.pdf import to_pdf
from tests.drawing.picture import to_picture

SURE = 0.9
KEY = ("number", "issue_date", "total")
# Paper never comes as OFD; the XML is that of 数电票 with lines.
PAPER = frozenset(
    {
        "vat_special",
        "vat_ordinary",
        "vat_roll",
        "digital_paper_special",
        "digital_paper_ordinary",
        "rail_paper",
        "taxi",
        "fixed",
        "machine",
        "vehicle",
        "used_car",
        "fiscal",
    }
)
IN_XML = frozenset({"digital_special", "digital_ordinary", "digital_toll", "digital_passenger"})
# What a form of OFD does not hold at all.
_LACKS = {
    "metadata": frozenset({"kind", "seller_name", "buyer_name", "check_code", "total"}),
    "attachment": frozenset(),
}


@dataclass(frozen=True, slots=True)
class Case:
    """One document to read and what is true of it."""

    row: str  # of the table
    kind: str
    name: str
    data: bytes
    truth: dict[str, str | None]
    altered: str | None = None  # the field that was changed after printing


@dataclass(slots=True)
class Tally:
    """The outcomes of one row."""

    cases: int = 0
    key: int = 0
    unread: int = 0
    alarms: int = 0  # a check failed although every field is right
    fields: Counter[tuple[str, str]] = field(default_factory=Counter)


def cases(options: argparse.Namespace, kind: str, seed: int) -> Iterator[Case]:
    """The documents of a kind and seed that were asked for, drawn one by one."""
    if kind in OTHERS:
        if "others" in options.sources:
            picture, _ = draw_other(kind, seed)
            yield Case("other", kind, f"{kind}.jpg", encoded(degrade(picture, "mild", seed), ".jpg"), {})
        return
    layout = options.layouts[seed % len(options.layouts)]
    for source in options.sources.split(","):
        yield from _source_cases(source, kind, seed, layout, options)


def _source_cases(
    source: str, kind: str, seed: int, layout: str, options: argparse.Namespace
) -> Iterator[Case]:
    drawn = draw(kind, seed, layout)
    truth = drawn.truth
    spoil = crc32(f"{kind}:{seed}".encode())  # no two kinds are spoiled alike
    if source == "pdf":
        for order in ORDERS:
            yield Case("pdf", kind, f"{order}.pdf", drawn.pdf(order), truth)
    elif source == "ofd" and kind not in PAPER:
        for form in OFD_FORMS:
            if form == "attachment" and not drawn.facts.code:
                continue
            held = {name: value for name, value in truth.items() if name not in _LACKS.get(form, ())}
            yield Case("ofd", kind, f"{form}.ofd", drawn.ofd(form), held)
    elif source == "xml" and kind in IN_XML:
        yield Case("xml", kind, "invoice.xml", drawn.xml(), truth)
    elif source == "picture":
        for grade in options.grades.split(","):
            picture = degrade(drawn.picture(), grade, spoil)
            yield Case(f"picture {grade}", kind, f"{grade}.jpg", encoded(picture, ".jpg", 95), truth)
    elif source == "altered" and alterable(drawn):
        for number in range(options.alterations):
            sheet, name = alter(drawn, number)
            yield Case("altered pdf", kind, f"{name}.pdf", to_pdf(sheet, "visual", seed), truth, name)
        picture = degrade(to_picture(sheet), "clean", spoil)
        yield Case("altered clean", kind, f"{name}.jpg", encoded(picture, ".jpg", 95), truth, name)


def flagged(found: Found) -> bool:
    """True if the reader says itself that something is in doubt."""
    return found.confidence < SURE or any(verdict.is_failure for verdict in found.checks.values())


def count(tally: Tally, case: Case, reading: Reading, complain: bool) -> None:
    """Add one reading to its row."""
    tally.cases += 1
    if case.row == "other":
        tally.key += not reading.invoices
        tally.fields["kind", "unflagged"] += any(not flagged(found) for found in reading.invoices)
        return
    if len(reading.invoices) != 1:
        tally.unread += 1
        for name in case.truth:
            tally.fields[name, "abstained"] += 1
        if complain:
            sys.stdout.write(
                f"{case.row} {case.kind} {case.name}: {len(reading.invoices)} {reading.refusal}\n"
            )
        return
    found = reading.invoices[0]
    got = fields_of(found)
    doubt = flagged(found)
    if case.altered is not None:
        tally.key += doubt
        tally.fields[case.altered, "right" if doubt else "unflagged"] += 1
        if complain and not doubt:
            sys.stdout.write(f"missed {case.row} {case.kind} {case.name} {got}\n")
        return
    tally.key += all(got[name] == case.truth[name] for name in KEY if name in case.truth)
    wrong = {name for name, value in case.truth.items() if got[name] != value}
    failed = {name: verdict.reason for name, verdict in found.checks.items() if verdict.is_failure}
    tally.alarms += not wrong and bool(failed)
    if complain and failed and not wrong:
        sys.stdout.write(f"alarm {case.row} {case.kind} {case.name} {failed} {got}\n")
    for name in case.truth:
        outcome = "right"
        if name in wrong:
            outcome = "abstained" if got[name] is None else "wrong" if doubt else "unflagged"
        tally.fields[name, outcome] += 1
        if complain and outcome != "right":
            line = f"{case.row} {case.kind} {case.name} {name} {outcome}: {got[name]} for {case.truth[name]}"
            sys.stdout.write(f"{line} ({found.sources.get(name)}, {found.confidence})\n")


def measure(options: argparse.Namespace) -> dict[str, Tally]:
    """Read all cases, in `workers` processes, a seed of a kind each."""
    first, _, last = options.seeds.partition("-")
    kinds = options.kinds.split(",") if options.kinds else [*KINDS, *OTHERS]
    jobs = [(options, kind, seed) for seed in range(int(first), int(last or first) + 1) for kind in kinds]
    rows: dict[str, Tally] = {}
    if options.workers == 1:
        parts = map(_measure, jobs)
        return _together(rows, parts)
    with get_context("spawn").Pool(options.workers) as pool:
        return _together(rows, pool.imap_unordered(_measure, jobs, chunksize=2))


def _measure(job: tuple[argparse.Namespace, str, int]) -> dict[str, Tally]:
    options, kind, seed = job
    rows: dict[str, Tally] = {}
    for case in cases(options, kind, seed):
        reading = read(case.data, case.name, ocr=options.engine)
        for row in (case.row, f"{case.row} · {case.kind}"):
            count(rows.setdefault(row, Tally()), case, reading, options.complain and row == case.row)
    return rows


def _together(rows: dict[str, Tally], parts: Iterable[dict[str, Tally]]) -> dict[str, Tally]:
    for part in parts:
        for row, tally in part.items():
            whole = rows.setdefault(row, Tally())
            whole.cases += tally.cases
            whole.key += tally.key
            whole.unread += tally.unread
            whole.alarms += tally.alarms
            whole.fields.update(tally.fields)
    return rows


def table(rows: dict[str, Tally], *, by_kind: bool) -> str:
    """The rows as a Markdown table: right / abstained / wrong / wrong and not flagged per field, in percent."""
    lines = ["| set | files | key | alarms | " + " | ".join(FIELDS) + " |"]
    lines.append("| --- " * (len(FIELDS) + 4) + "|")
    for row, tally in sorted(rows.items()):
        if (" · " in row) != by_kind:
            continue
        cells = [row, str(tally.cases), _share(tally.key, tally.cases), str(tally.alarms)]
        for name in FIELDS:
            numbers = [
                tally.fields[name, outcome] for outcome in ("right", "abstained", "wrong", "unflagged")
            ]
            whole = sum(numbers)
            cells.append(" / ".join(_share(number, whole) for number in numbers) if whole else "")
        lines.append("| " + " | ".join(cells) + " |")
    return "\n".join(lines)


def _share(number: int, whole: int) -> str:
    return f"{100 * number / whole:.3g}" if whole else "–"


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--seeds", default="0-1", help="first-last")
    parser.add_argument(
        "--layouts", default="".join(LAYOUTS), help="A and B are for development, C and D not"
    )
    parser.add_argument("--kinds", default="", help="comma-separated; all by default")
    parser.add_argument("--sources", default="pdf,ofd,xml,picture", help="also: altered, others")
    parser.add_argument("--grades", default="clean,mild,hard", help=", ".join(GRADES))
    parser.add_argument("--engine", default="rapidocr", choices=("rapidocr", "tesseract"))
    parser.add_argument("--workers", type=int, default=1, choices=(1, 2))
    parser.add_argument("--alterations", type=int, default=3)
    parser.add_argument("--by-kind", action="store_true")
    parser.add_argument("--complain", action="store_true", help="name every field that is not right")
    options = parser.parse_args()
    os.nice(5)
    rows = measure(options)
    sys.stdout.write(table(rows, by_kind=options.by_kind) + "\n")


if __name__ == "__main__":
    main()
