"""`piaoda read`: one line an invoice in the order of the files, a reason for the rest, CSV, and pictures."""

import csv
import io
import json
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import cv2
import pytest

from bot.cli import main
from nlu.document.reading import FIELDS
from tests.documents.hostile import pdf, zipped
from tests.drawing import Drawn, draw, encoded
from tests.marks import needs_fonts

pytestmark = needs_fonts

ROOT = Path(__file__).parents[2]
Run = Callable[..., tuple[int, str]]
KEYS = ["file", "page", *FIELDS, "sources", "checks", "confidence", "error"]


@pytest.fixture
def run(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Run:
    """Runs `piaoda read …`: exit status and what it printed."""
    monkeypatch.setenv("PIAODA_DATA_DIR", str(tmp_path / "data"))

    def command(*arguments: object) -> tuple[int, str]:
        status = main(["read", *map(str, arguments)])
        return status, capsys.readouterr().out

    return command


@pytest.fixture(scope="module")
def drawn() -> Drawn:
    return draw("digital_special", 21, "B")


def objects(printed: str) -> list[dict[str, Any]]:
    return [json.loads(line) for line in printed.splitlines()]


def test_a_line_for_each_invoice(run: Run, drawn: Drawn, tmp_path: Path) -> None:
    """Fields as they are printed, missing ones null; the source of each; every check by name."""
    file = tmp_path / "a.xml"
    file.write_bytes(drawn.xml())
    status, printed = run(file)
    (line,) = objects(printed)
    assert status == 0
    assert list(line) == KEYS
    assert line["file"] == str(file)
    assert line["page"] == 1
    assert {name: line[name] for name in FIELDS} == drawn.truth
    assert line["check_code"] is None
    assert set(line["sources"]) == {name for name in FIELDS if line[name] is not None}
    assert set(line["sources"].values()) == {"xml"}
    assert line["checks"]
    assert set(line["checks"].values()) <= {"ok", "failed", "unknown"}
    assert 0.9 <= line["confidence"] <= 1
    assert line["error"] is None


def test_order_folders_and_archives(run: Run, drawn: Drawn, tmp_path: Path) -> None:
    """Files as named, folders by name, archives by their entries; hidden files are passed over."""
    folder = tmp_path / "folder"
    (folder / "deeper").mkdir(parents=True)
    (folder / "b.pdf").write_bytes(drawn.pdf())
    (folder / "a.ofd").write_bytes(drawn.ofd())
    (folder / "deeper" / "c.xml").write_bytes(drawn.xml())
    (folder / ".hidden.xml").write_bytes(drawn.xml())
    archive = tmp_path / "z.zip"
    archive.write_bytes(zipped({"two.xml": drawn.xml(), "one.pdf": pdf(), "__MACOSX/two.xml": b"x"}))
    single = tmp_path / "y.xml"
    single.write_bytes(drawn.xml())
    status, printed = run(archive, single, folder)
    assert status == 0
    assert [
        (line["file"].removeprefix(f"{tmp_path}/"), line["kind"] is None) for line in objects(printed)
    ] == [
        ("z.zip/two.xml", False),
        ("z.zip/one.pdf", True),
        ("y.xml", False),
        ("folder/a.ofd", False),
        ("folder/b.pdf", False),
        ("folder/deeper/c.xml", False),
    ]


def test_what_is_no_invoice_or_no_file(run: Run, tmp_path: Path) -> None:
    """No invoice: kind null and a reason, no error. A bad file: an error. Both are processed: status 0."""
    letter, broken, empty = tmp_path / "letter.pdf", tmp_path / "broken.pdf", tmp_path / "empty.jpg"
    letter.write_bytes(pdf())
    broken.write_bytes(b"%PDF-1.7 and no more")
    empty.write_bytes(b"")
    status, printed = run(letter, broken, empty)
    first, second, third = objects(printed)
    assert status == 0
    assert (first["kind"], first["error"]) == (None, None)
    assert first["reason"].startswith("not_an_invoice")
    assert (second["kind"], second["error"], third["error"]) == (None, "broken", "empty")
    assert all(line[name] is None for line in (first, second, third) for name in FIELDS)


def test_a_file_that_is_not_there(run: Run, drawn: Drawn, tmp_path: Path) -> None:
    """What is there is read all the same, but the status says that not every file was processed."""
    file = tmp_path / "a.xml"
    file.write_bytes(drawn.xml())
    status, printed = run(tmp_path / "none.pdf", file)
    assert status == 1
    assert [line["number"] for line in objects(printed)] == [drawn.truth["number"]]


def test_csv(run: Run, drawn: Drawn, tmp_path: Path) -> None:
    (tmp_path / "a.xml").write_bytes(drawn.xml())
    (tmp_path / "b.pdf").write_bytes(b"%PDF-1.7 and no more")
    status, printed = run(tmp_path / "a.xml", tmp_path / "b.pdf", "--csv")
    first, second = csv.DictReader(io.StringIO(printed))
    assert status == 0
    assert first["total"] == drawn.truth["total"]
    assert json.loads(first["sources"])["total"] == "xml"
    assert (second["kind"], second["error"]) == ("", "broken")


def test_explain(run: Run, drawn: Drawn, tmp_path: Path) -> None:
    """A picture of each page with what was read where, for each file that can be drawn; none in another's place."""
    other = draw("rail_e", 3, "A").pdf()
    (tmp_path / "a.pdf").write_bytes(drawn.pdf())
    (tmp_path / "a.xml").write_bytes(drawn.xml())
    (tmp_path / "deeper").mkdir()
    (tmp_path / "deeper" / "a.pdf").write_bytes(other)
    (tmp_path / "a.zip").write_bytes(zipped({"x/a.pdf": other, "b.zip": zipped({"a.pdf": drawn.pdf()})}))
    files = [tmp_path / name for name in ("a.pdf", "a.xml", "deeper", "a.zip")]
    status, printed = run(*files, "--explain", tmp_path / "drawn")
    assert status == 0
    assert len(objects(printed)) == 5
    pictures = sorted((tmp_path / "drawn").iterdir())
    assert [picture.name for picture in pictures] == [
        "a.pdf (2).explained.png",
        "a.pdf.explained.png",
        "a.zip+b.zip+a.pdf.explained.png",
        "a.zip+x_a.pdf.explained.png",
    ]
    shown = [picture for path in pictures if (picture := cv2.imread(str(path))) is not None]
    assert len(shown) == len(pictures)
    assert all(min(picture.shape[:2]) > 300 for picture in shown)
    assert shown[1].tolist() == shown[2].tolist()
    assert shown[0].tolist() == shown[3].tolist()


def test_a_name_of_another_encoding(run: Run, drawn: Drawn, tmp_path: Path) -> None:
    """Names as old Chinese systems wrote them (GBK) are shown as well as may be."""
    file = os.fsencode(tmp_path) + b"/\xb7\xa2\xc6\xb1.pdf"
    Path(os.fsdecode(file)).write_bytes(drawn.pdf())
    status, printed = run(tmp_path, "--explain", tmp_path / "drawn")
    assert status == 0
    assert [line["number"] for line in objects(printed)] == [drawn.truth["number"]]
    assert len(list((tmp_path / "drawn").iterdir())) == 1


def test_what_cannot_be_opened(run: Run, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Devices, empty folders and wrong places for pictures: a line each, and the rest goes on."""
    (tmp_path / "empty").mkdir()
    (tmp_path / "large.pdf").touch()
    os.truncate(tmp_path / "large.pdf", 5 * 2**30)
    status, printed = run("/dev/zero", tmp_path / "empty", tmp_path / "large.pdf")
    assert status == 1
    assert [line["error"] for line in objects(printed)] == ["too_large"]
    assert run(tmp_path / "large.pdf", "--explain", tmp_path / "large.pdf") == (1, "")


def test_on_a_terminal(run: Run, drawn: Drawn, tmp_path: Path) -> None:
    """The progress bar goes to the terminal, the lines to where they are sent."""
    (tmp_path / "a.xml").write_bytes(drawn.xml())
    ours, terminal = os.openpty()
    done = subprocess.run(
        [sys.executable, "-m", "bot", "read", str(tmp_path / "a.xml")],
        stdout=subprocess.PIPE, stderr=terminal, env={**os.environ, "TERM": "xterm"}, check=True, cwd=ROOT,
    )  # fmt: skip
    os.close(terminal)
    assert [line["number"] for line in objects(done.stdout.decode())] == [drawn.truth["number"]]
    assert b"Reading" in os.read(ours, 2**16)
    os.close(ours)


@pytest.mark.slow
def test_a_photo(run: Run, drawn: Drawn, tmp_path: Path) -> None:
    """A picture with models: the sources name the QR code and OCR."""
    (tmp_path / "a.png").write_bytes(encoded(drawn.picture(150)))
    status, printed = run(tmp_path / "a.png")
    (line,) = objects(printed)
    assert status == 0
    assert line["number"] == drawn.truth["number"]
    assert {"qr", "ocr"} >= set(line["sources"].values()) >= {"ocr"}
