"""`piaoda understand` and `piaoda intents` from the outside."""

import io
import json
from pathlib import Path
from types import SimpleNamespace

import pytest
from PIL import Image

from bot.cli import main
from tests.sentences.scoring import HOME as SENTENCES


def lines(capsys: pytest.CaptureFixture[str]) -> list[dict[str, object]]:
    return [json.loads(line) for line in capsys.readouterr().out.splitlines()]


def test_understand_prints_one_object_a_sentence(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["understand", "--today", "2026-11-25", "查一下上个月的专票", "where is my invoice"]) == 0
    first, second = lines(capsys)
    assert first["intent"] == "invoice.search"
    assert first["slots"] == {"date": {"from": "2026-10-01", "to": "2026-10-31"}, "kind": ["special"]}
    assert set(first) == {
        "text", "language", "intent", "confidence", "action", "alternatives", "slots", "second", "ms",
    }  # fmt: skip
    assert first["alternatives"][0] == {"intent": first["intent"], "confidence": first["confidence"]}  # type: ignore[index]
    assert (second["language"], second["intent"]) == ("en", "invoice.status")


def test_understand_reads_lines_whatever_they_are(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(
        "sys.stdin", SimpleNamespace(buffer=io.BytesIO("好的\n\n\xff\xfe坏\n".encode("latin-1", "replace")))
    )
    assert main(["understand"]) == 0
    assert len(lines(capsys)) == 3


def test_understand_takes_sellers_and_language(capsys: pytest.CaptureFixture[str]) -> None:
    status = main(
        ["understand", "--sellers", str(SENTENCES / "sellers.json"), "--language", "zh", "云岫酒店的票有哪些"]
    )
    assert status == 0
    (found,) = lines(capsys)
    assert found["slots"]["seller"]  # type: ignore[index]


def test_understand_learns_another_task(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    task = tmp_path / "task.yaml"
    task.write_text(
        "天气:\n  - 今天天气怎么样\n  - 明天下雨吗\n音乐:\n  - 放首歌\n  - 我想听音乐\n", encoding="utf-8"
    )
    assert main(["understand", "--examples", str(task), "后天会不会下雨"]) == 0
    (found,) = lines(capsys)
    assert found["intent"] == "天气"


def test_check_and_try_take_another_task(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    task = tmp_path / "task.yaml"
    rain = [f"will it rain in {place}" for place in ("york", "leeds", "bath", "hull", "ely")]
    song = [f"play a song by {singer}" for singer in ("anna", "bob", "carl", "dora", "emil")]
    task.write_text(f"weather: {rain}\nplay_music: {song}\n", encoding="utf-8")
    assert main(["intents", "check", "--examples", str(task)]) == 0
    out = capsys.readouterr().out
    assert "12 examples, 2 intents, 0 errors" in out  # the names of the intents teach too …
    assert "100.0" in out
    assert "development sentences" not in out
    figures = next(line for line in out.splitlines() if line.startswith("│ all"))
    assert " 10 " in figures  # … but are not asked
    assert main(["intents", "try", "--examples", str(task), "will it rain in bonn"]) == 0
    assert capsys.readouterr().out.startswith("weather")


def test_check_tells_figures_beside_the_errors_of_another_task(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    task = tmp_path / "task.yaml"
    task.write_text("a: [one way, same, third]\nb: [other road, same, last]\n", encoding="utf-8")
    assert main(["intents", "check", "--examples", str(task)]) == 1
    out = capsys.readouterr().out
    assert "'same' stands under both a and b" in out
    assert "cross-validation" in out


@pytest.mark.parametrize("content", ["- a list", "{a: 1}", "a: [x", "[]", "{}", "{a: []}", "{a: [' ']}"])
def test_a_wrong_file_is_one_line_of_reason(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], content: str
) -> None:
    task = tmp_path / "task.yaml"
    task.write_text(content, encoding="utf-8")
    assert main(["understand", "--examples", str(task), "x"]) == 1
    assert capsys.readouterr().err.startswith("piaoda: ")


def test_try_explains(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["intents", "try", "我的发票丢了还能报销吗"]) == 0
    out = capsys.readouterr().out
    assert out.startswith("invoice.lost")
    for part in ("nearest examples", "concepts: ", "slots: ", "best intents"):
        assert part in out


def test_our_language_files_have_no_errors(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["intents", "check", "--quick"]) == 0
    assert "0 errors" in capsys.readouterr().out


def test_check_finds_what_teaches_badly(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "intents.yaml").write_text(
        "intents: {a: {}, b: {}, c: {}, out_of_scope: {}}", encoding="utf-8"
    )
    for language, examples in {
        "en": "a: [where is the blue house, same]\nb: [where is the blue horse, same]\nout_of_scope: [hello you]",
        "xx": "a: [eins]\nb: [zwei]\nout_of_scope: [drei]",
    }.items():
        (tmp_path / language).mkdir()
        (tmp_path / language / "examples.yaml").write_text(examples, encoding="utf-8")
    (tmp_path / "en" / "concepts.yaml").write_text("all: [where, same]\nnone: [nowhere]", encoding="utf-8")
    assert main(["intents", "check", "--home", str(tmp_path)]) == 1
    out = capsys.readouterr().out
    assert "c has no example in any language" in out
    assert "'same' stands under both a and b" in out
    assert "is almost" in out
    assert "concept none fires on no example" in out
    assert "concept all fires on" in out


@pytest.mark.slow
def test_check_prints_figures_and_draws_them(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    picture = tmp_path / "curves.png"
    assert main(["intents", "check", "--picture", str(picture)]) == 0
    out = capsys.readouterr().out
    for part in ("cross-validation", "AUROC", "ECE", "commonest mistakes", "development sentences, dev half"):
        assert part in out
    with Image.open(picture) as image:
        assert image.format == "PNG"
        assert min(image.size) > 400
