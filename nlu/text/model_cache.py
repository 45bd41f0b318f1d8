"""Keeps what was learnt from the examples, so that a start need not learn it again."""

import hashlib
import json
import os
from collections.abc import Iterable, Sequence
from contextlib import suppress
from datetime import date
from pathlib import Path
from zipfile import BadZipFile

import numpy as np

from nlu.text.classifier import Classifier, Neighbours, Space
from nlu.text.features import Seen
from nlu.text.lexicon import Lexicon
from nlu.text.matcher import Learnt, Reader, learn, remembered
from nlu.text.slots import find_slots

# Examples speak of "last month" too; which month that is does not matter for what they teach.
_ANY_DAY = date(2026, 1, 15)
_KEPT = 3

Row = tuple[str, str, str]  # language, intent, normalised text


def fitted(lexicon: Lexicon, sources: Sequence[Path], cache: Path | None) -> Learnt:
    """Return what the lexicon teaches, from the folder `cache` if it was kept there, else learnt anew."""
    reader = Reader(lexicon)
    target = cache / f"understanding-{_fingerprint(sources)}.npz" if cache is not None else None
    if target is not None and target.exists():
        kept = _read(target, reader)
        if kept is not None:
            return kept
    rows, seen = observed(lexicon, reader)
    learnt = learn(rows, reader, seen)
    if target is not None:
        with suppress(OSError):  # a full or read-only disk costs the next start a second, no more
            _write(target, learnt, rows)
    return learnt


def observed(lexicon: Lexicon, reader: Reader) -> tuple[list[Row], list[Seen]]:
    """Return every example, normalised, and what is seen of it."""
    rows: list[Row] = []
    seen: list[Seen] = []
    own_task = any(language.name for language in lexicon.languages)
    for language in lexicon.languages:
        for intent, sentences in language.examples.items():
            for sentence in dict.fromkeys(sentences):
                slots = find_slots(sentence, today=_ANY_DAY) if own_task else None
                text = reader.normal(sentence, slots, language.name)
                rows.append((language.name, intent, text))
                seen.append(reader.see(text, slots, language.name))
    return rows, seen


def _fingerprint(sources: Iterable[Path]) -> str:
    digest = hashlib.sha256(np.__version__.encode())
    # Not only the sentences: other code learns other things from them.
    for path in (
        *sources,
        *sorted(Path(__file__).parent.glob("*.py")),
        Path(__file__).with_name("pinyin.txt"),
    ):
        content = path.read_bytes()
        digest.update(f"{path.parent.name}/{path.name} {len(content)}\n".encode())
        digest.update(content)
    return digest.hexdigest()[:24]


def _write(target: Path, learnt: Learnt, rows: Sequence[Row]) -> None:
    classifier = learnt.classifier
    about = {
        "features": list(classifier.space.places),
        "rows": rows,
        "near": list(classifier.near),
    }
    near = {f"says_{at}": neighbours.says for at, neighbours in enumerate(classifier.near.values())}
    target.parent.mkdir(parents=True, exist_ok=True)
    draft = target.with_name(f".{target.stem}.{os.getpid()}.npz")
    np.savez(
        draft,
        about=np.frombuffer(json.dumps(about).encode(), dtype=np.uint8),
        idf=classifier.space.weights,
        weights=classifier.weights,
        **near,  # type: ignore[arg-type]
    )
    draft.replace(target)
    old = sorted(target.parent.glob("understanding-*.npz"), key=lambda path: path.stat().st_mtime)
    for path in old[:-_KEPT]:
        path.unlink(missing_ok=True)


def _read(target: Path, reader: Reader) -> Learnt | None:
    try:
        with np.load(target, allow_pickle=False) as kept:
            about = json.loads(kept["about"].tobytes())
            idf, weights = kept["idf"], kept["weights"]
            says = [kept[f"says_{at}"] for at in range(len(about["near"]))]
    except (OSError, ValueError, KeyError, BadZipFile):
        return None  # half a file of a crash: learn again and write over it
    rows: list[Row] = [(language, intent, text) for language, intent, text in about["rows"]]
    labels = [intent for _, intent, _ in rows]
    order = {intent: at for at, intent in enumerate(dict.fromkeys(labels))}
    classes = np.array([order[label] for label in labels], dtype=np.int32)
    near: dict[str, Neighbours] = {}
    for name, said in zip(about["near"], says, strict=True):
        places = np.array([at for at, row in enumerate(rows) if row[0] == name], dtype=np.int32)
        near[name] = Neighbours([rows[at][2] for at in places.tolist()], places, said, classes[places])
    space = Space({name: place for place, name in enumerate(about["features"])}, idf)
    classifier = Classifier(labels, space, weights, near)
    return remembered(rows, reader, classifier)
