"""What was learnt is kept: keyed by content, whole or not at all, safe against crashes and other processes."""

import hashlib
import multiprocessing
import os
import pickle
import subprocess
import sys
from pathlib import Path

import pytest

from locales.catalog import HOME
from nlu.text.understanding import Understander
from tests.nlu.text.matching import TODAY

_TASK = """
light.on: [turn on the light, lights on please, make it bright, switch the lamp on, 开灯, 把灯打开]
light.off: [turn off the light, lights out, make it dark, switch the lamp off, 关灯, 把灯关掉]
"""
_CONCEPTS = r"""
light: [lights?\b, lamps?\b, bright|dark]
on: [(?:turn|switch|lights?) (?:.* )?on\b, 开]
off: [(?:turn|switch|lights?) (?:.* )?off\b, out\b, 关]
wish: [please|make|switch|turn]
"""


@pytest.fixture
def home(tmp_path: Path) -> Path:
    """Language files of another task."""
    folder = tmp_path / "locales"
    (folder / "xx").mkdir(parents=True)
    (folder / "intents.yaml").write_text("intents: {light.on: {}, light.off: {}}", encoding="utf-8")
    (folder / "xx" / "examples.yaml").write_text(_TASK, encoding="utf-8")
    (folder / "xx" / "concepts.yaml").write_text(_CONCEPTS, encoding="utf-8")
    return folder


def guesses(home: Path, cache: Path) -> list[object]:
    understander = Understander.load(home, cache=cache)
    texts = ("lamp off", "把灯关了吧", "please make the room bright")
    return [understander.understand(text, today=TODAY).alternatives for text in texts]


def test_what_was_learnt_is_read_again(home: Path, tmp_path: Path) -> None:
    learnt = guesses(home, tmp_path / "kept")
    (kept,) = (tmp_path / "kept").iterdir()
    before = kept.stat().st_mtime_ns
    assert guesses(home, tmp_path / "kept") == learnt
    assert kept.stat().st_mtime_ns == before


def test_another_sentence_is_learnt_and_old_models_go(home: Path, tmp_path: Path) -> None:
    for number in range(10):
        text = _TASK + f"more.{number}: [another sentence {number}]\n"
        (home / "xx" / "examples.yaml").write_text(text, encoding="utf-8")
        (home / "intents.yaml").write_text(
            f"intents: {{light.on: {{}}, light.off: {{}}, more.{number}: {{}}}}", encoding="utf-8"
        )
        understander = Understander.load(home, cache=tmp_path / "kept")
        assert understander.understand(f"another sentence {number}", today=TODAY).intent == f"more.{number}"
    assert 1 < len(list((tmp_path / "kept").iterdir())) < 10


@pytest.mark.parametrize("half", [b"", b"half a file", None], ids=["empty", "nonsense", "cut"])
def test_half_a_file_is_learnt_anew(home: Path, tmp_path: Path, half: bytes | None) -> None:
    learnt = guesses(home, tmp_path / "kept")
    (kept,) = (tmp_path / "kept").iterdir()
    whole = kept.read_bytes()
    kept.write_bytes(whole[: len(whole) // 2] if half is None else half)
    assert guesses(home, tmp_path / "kept") == learnt
    assert kept.read_bytes()[:2] == whole[:2]
    assert len(kept.read_bytes()) == len(whole)


def test_nothing_is_called_that_a_file_names(home: Path, tmp_path: Path) -> None:
    learnt = guesses(home, tmp_path / "kept")
    (kept,) = (tmp_path / "kept").iterdir()
    for called in (_Calls(os.mkdir, str(tmp_path / "called")), _Calls(eval, "1/0")):
        content = pickle.dumps(called)
        kept.write_bytes(hashlib.sha256(content).digest() + content)
        assert guesses(home, tmp_path / "kept") == learnt
    assert not (tmp_path / "called").exists()


class _Calls:
    """Whatever reads its pickle calls a function."""

    def __init__(self, *call: object) -> None:
        self._call = call

    def __reduce__(self) -> tuple[object, tuple[object, ...]]:
        return self._call[0], self._call[1:]


def test_the_draft_of_a_process_that_died_is_removed(home: Path, tmp_path: Path) -> None:
    cache = tmp_path / "kept"
    cache.mkdir()
    abandoned, writing = (cache / f".understanding-0123.matcher.{pid}" for pid in (1, 2))
    for draft in (abandoned, writing):
        draft.write_bytes(b"PK")
    os.utime(abandoned, (1e9, 1e9))
    guesses(home, cache)
    assert not abandoned.exists()
    assert writing.exists()


def test_a_folder_that_cannot_be_written_costs_nothing_but_time(home: Path, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("no folder", encoding="utf-8")
    assert guesses(home, tmp_path / "file" / "kept") == guesses(home, tmp_path / "kept")


def test_processes_may_learn_at_once(home: Path, tmp_path: Path) -> None:
    with multiprocessing.get_context("spawn").Pool(3) as pool:
        found = pool.starmap(guesses, [(home, tmp_path / "kept")] * 3)
    assert found[0] == found[1] == found[2]
    assert len(list((tmp_path / "kept").iterdir())) == 1


def test_equal_files_teach_equal_things_whatever_the_order_of_sets(home: Path, tmp_path: Path) -> None:
    found = {
        subprocess.run(
            [sys.executable, "-c", _SCORES, str(home)],
            cwd=HOME.parent,
            env={**os.environ, "PYTHONHASHSEED": seed},
            capture_output=True,
            check=True,
        ).stdout
        for seed in ("1", "2", "3")
    }
    assert len(found) == 1


_SCORES = """
import sys
from datetime import date
from pathlib import Path
from nlu.text.understanding import Understander

understander = Understander.load(Path(sys.argv[1]))
print(understander.match("switch the lamp on or off", today=date(2026, 11, 25)).scores.tobytes())
"""
