"""Keeps what was learnt from the examples, so that a start need not learn it again."""

import hashlib
import json
import os
import re
import sys
import zlib
from collections import Counter
from collections.abc import Collection, Iterable, Sequence
from contextlib import suppress
from datetime import date
from pathlib import Path
from time import time
from zipfile import BadZipFile

import numpy as np
import rapidfuzz

from nlu.text.classifier import Classifier, Neighbours, Space
from nlu.text.features import Seen
from nlu.text.lexicon import Lexicon
from nlu.text.matcher import Learnt, Reader, learn, remembered
from nlu.text.slots import find_slots

# Examples speak of "last month" too; which month that is does not matter for what they teach.
_ANY_DAY = date(2026, 1, 15)
_KEPT = 4
_ABANDONED_SECONDS = 3600  # a draft of this age belongs to a process that died while it wrote

_NAME_WORD = re.compile(r"[a-z]{3,}|[^\W\d_a-z]+")
_CAMEL = re.compile(r"([a-z])([A-Z])")

Row = tuple[str, str, str]  # language, intent, normalised text


def installed() -> tuple[Path, ...]:
    """Return the folder beside the installed packages where `make install` keeps what our files teach."""
    return (Path(sys.prefix) / "share" / "piaoda",) if sys.prefix != sys.base_prefix else ()


def fitted(lexicon: Lexicon, sources: Sequence[Path], folders: Sequence[Path] = ()) -> Learnt:
    """Return what the lexicon teaches: from one of the folders if it was kept there, else learnt anew and kept.

    It is kept in the first folder that can be written to. Several processes may do so at once.
    """
    reader = Reader(lexicon)
    name = f"understanding-{_fingerprint(sources)}.npz" if folders else ""
    for folder in folders:
        kept = _read(folder / name, reader) if (folder / name).exists() else None
        if kept is not None:
            return kept
    rows, seen = observed(lexicon, reader)
    learnt = learn(rows, reader, seen)
    for folder in folders:
        with suppress(OSError):  # a full or read-only disk costs the next start some seconds, no more
            _write(folder / name, learnt, rows)
            break
    return learnt


def observed(lexicon: Lexicon, reader: Reader) -> tuple[list[Row], list[Seen]]:
    """Return every example, normalised, and what is seen of it."""
    rows: list[Row] = []
    seen: list[Seen] = []
    own_task = lexicon.ours
    named = {} if own_task else named_words(lexicon.intents)
    for language in lexicon.languages:
        for intent, sentences in language.examples.items():
            for sentence in dict.fromkeys((*sentences, *named.get(intent, ()))):
                slots = find_slots(sentence, today=_ANY_DAY) if own_task else None
                text = reader.normal(sentence, slots, language.name)
                rows.append((language.name, intent, text))
                seen.append(reader.see(text, slots, language.name))
    return rows, seen


def named_words(intents: Collection[str]) -> dict[str, tuple[str, ...]]:
    """Return what the names of intents say as one more example each: card_arrival says "card arrival".

    Words that most names share (intent_7) say nothing.
    """
    words = {intent: _NAME_WORD.findall(_CAMEL.sub(r"\1 \2", intent).lower()) for intent in intents}
    shared = Counter(word for found in words.values() for word in set(found))
    told = {
        intent: " ".join(word for word in found if shared[word] <= max(1, len(words) // 2))
        for intent, found in words.items()
    }
    return {intent: (text,) for intent, text in told.items() if text}


def _fingerprint(sources: Iterable[Path]) -> str:
    digest = hashlib.sha256(f"{np.__version__} {rapidfuzz.__version__}".encode())
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
    kept = sorted(target.parent.glob("understanding-*.npz"), key=_age)
    drafts = [path for path in target.parent.glob(".understanding-*.npz") if _age(path) > _ABANDONED_SECONDS]
    for path in (*kept[_KEPT:], *drafts):
        path.unlink(missing_ok=True)


def _age(path: Path) -> float:
    try:
        return time() - path.stat().st_mtime
    except FileNotFoundError:  # another process tidied up
        return 0.0


def _read(target: Path, reader: Reader) -> Learnt | None:
    try:
        with target.open("rb") as file, np.load(file, allow_pickle=False) as kept:
            about = json.loads(kept["about"].tobytes())
            idf, weights = kept["idf"], kept["weights"]
            says = [kept[f"says_{at}"] for at in range(len(about["near"]))]
    except (OSError, EOFError, ValueError, KeyError, BadZipFile, zlib.error):
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
