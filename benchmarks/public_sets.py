"""How right the matcher is on public sets of intents, taught as `--examples` does.

    .venv/bin/python -m benchmarks.public_sets --train banking_data/train.csv --test banking_data/test.csv --shots 10
    .venv/bin/python -m benchmarks.public_sets --train data_full.json --shots 10 --seeds 3
    .venv/bin/python -m benchmarks.public_sets --train HWU64/train_10 --test HWU64/test
    .venv/bin/python -m benchmarks.public_sets --train smp2019/train.json --shots 10

The sets are not ours and are not kept here: fetch them from where their authors publish them. Read are a table with
the columns text and category (BANKING77; HWU64's own tables: answer and intent), a JSON object of splits (CLINC150:
its train, test and oos_test), a JSON list of objects with text, domain and intent (SMP2019), a folder with the files
seq.in and label, and whatever `--examples` takes. Without --test, a fifth of each intent, by seed, is kept for asking.
--shots teaches with so many sentences an intent, by seed; all without it. AUROC is of telling ours from out of scope
by the best confidence, where the set has sentences of no intent.
"""

import argparse
import csv
import json
import random
import resource
import tempfile
from collections.abc import Sequence
from datetime import date
from pathlib import Path
from time import process_time
from typing import Any

from nlu.text.evaluation import Judged, figures
from nlu.text.lexicon import OUT_OF_SCOPE, load_examples
from nlu.text.understanding import Understander

_DAY = date(2026, 11, 25)
_KEPT = 0.2
_NO_INTENT = ("oos", OUT_OF_SCOPE)
_TEXT_COLUMNS, _INTENT_COLUMNS = ("text", "answer_normalised", "answer"), ("category", "label", "intent")
_SPLITS = {"train": ("train", "oos_train"), "test": ("test", "oos_test")}

Row = tuple[str, str]  # intent, sentence


def main() -> int:
    """Print one line of figures a seed, and their mean; 0, or 1 if there is nothing to teach or to ask."""
    parser = argparse.ArgumentParser(description="How right the matcher is on public sets of intents.")
    parser.add_argument("--train", type=Path, required=True, help="file or folder to teach with")
    parser.add_argument("--test", type=Path, help="file or folder to ask; else a fifth of each intent")
    parser.add_argument("--shots", type=int, help="sentences an intent (default: all)")
    parser.add_argument("--seeds", type=int, default=1, help="repeat with so many choices of sentences")
    args = parser.parse_args()
    train = read(args.train, "train")
    test = read(args.test or args.train, "test") if args.test or _has_splits(args.train) else []
    right: list[float] = []
    for seed in range(args.seeds):
        lessons, questions = chosen(train, test, args.shots, random.Random(seed))
        if not lessons or not questions:
            print("nothing to teach or to ask")
            return 1
        begin = process_time()
        understander = taught(lessons)
        learning = process_time() - begin
        begin = process_time()
        judged = [asked(understander, row) for row in questions]
        each = 1000 * (process_time() - begin) / len(judged)
        ours = figures([row for row in judged if row.intent != OUT_OF_SCOPE])
        right.append(ours.top1)
        strangers = f", AUROC {figures(judged).auroc:.1f}" if ours.rows < len(judged) else ""
        print(
            f"seed {seed}: {len(lessons)} sentences of {len({intent for intent, _ in lessons})} intents, "
            f"{len(judged)} asked: top-1 {ours.top1:.1f} %, top-3 {ours.top3:.1f} %{strangers}; "
            f"learnt in {learning:.1f} s of one core, {each:.2f} ms a message, "
            f"{resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024} MB",
            flush=True,
        )
    print(f"top-1 {sum(right) / len(right):.1f} %")
    return 0


def read(path: Path, split: str) -> list[Row]:
    """Return the rows of a file or folder in one of the forms that public sets have."""
    if path.is_dir():
        texts, labels = (
            (path / name).read_text(encoding="utf-8").splitlines() for name in ("seq.in", "label")
        )
        return [(_intent(label), text) for text, label in zip(texts, labels, strict=True)]
    if path.suffix == ".csv":
        return _table(path)
    content: Any = json.loads(path.read_text(encoding="utf-8")) if path.suffix == ".json" else None
    if isinstance(content, list):
        return [(".".join(filter(None, (row.get("domain"), row["intent"]))), row["text"]) for row in content]
    if _is_split(content):
        return [(_intent(label), text) for name in _SPLITS[split] for text, label in content.get(name, ())]
    return [
        (_intent(name), text)
        for language in load_examples(path).languages
        for name, texts in language.examples.items()
        for text in texts
    ]


def _table(path: Path) -> list[Row]:
    with path.open(encoding="utf-8", newline="") as file:
        start = file.readline()
        file.seek(0)
        rows = list(csv.DictReader(file, delimiter=";" if start.count(";") > start.count(",") else ","))
    text = next(name for name in _TEXT_COLUMNS if name in rows[0])
    intent = next(name for name in _INTENT_COLUMNS if name in rows[0])
    domain = "scenario" if "scenario" in rows[0] else ""
    return [(_intent("_".join(filter(None, (row.get(domain), row[intent])))), row[text]) for row in rows]


def _has_splits(path: Path) -> bool:
    return path.suffix == ".json" and _is_split(json.loads(path.read_text(encoding="utf-8")))


def _is_split(content: Any) -> bool:
    return isinstance(content, dict) and {"train", "test"} <= content.keys()


def _intent(label: str) -> str:
    return OUT_OF_SCOPE if label in _NO_INTENT else label


def chosen(
    train: Sequence[Row], test: Sequence[Row], shots: int | None, dice: random.Random
) -> tuple[list[Row], list[Row]]:
    """Return what to teach and what to ask; sentences of no intent are asked, never taught."""
    by_intent: dict[str, list[str]] = {}
    for intent, text in train:
        if intent != OUT_OF_SCOPE:
            by_intent.setdefault(intent, []).append(text)
    lessons: list[Row] = []
    questions = list(test)
    for intent, texts in by_intent.items():
        different = list(dict.fromkeys(texts))
        dice.shuffle(different)
        kept = 0 if test else max(1, round(_KEPT * len(different)))
        questions += [(intent, text) for text in different[:kept]]
        lessons += [(intent, text) for text in different[kept:][:shots]]
    if not test:
        questions += [row for row in train if row[0] == OUT_OF_SCOPE]
    return lessons, questions


def taught(lessons: Sequence[Row]) -> Understander:
    """Return an understander of the lessons, by way of a file as users give it."""
    task: dict[str, list[str]] = {}
    for intent, text in lessons:
        task.setdefault(intent, []).append(text)
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "task.json"
        file.write_text(json.dumps(task, ensure_ascii=False), encoding="utf-8")
        return Understander.of_examples(file)


def asked(understander: Understander, row: Row) -> Judged:
    """Return what was understood of a row."""
    intent, text = row
    found = understander.understand(text, today=_DAY)
    return Judged(text, found.language, intent, found.alternatives, found.action)


if __name__ == "__main__":
    raise SystemExit(main())
