"""`piaoda read`: documents in, one JSON object a line out."""

import argparse
import asyncio
import csv
import io
import json
import os
import sys
from collections.abc import AsyncIterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

from rich.console import Console
from rich.progress import Progress

from bot.outside.explain import Drawings
from bot.settings import SettingsError, load_settings
from nlu.document.pool import Reader
from nlu.document.reading import FIELDS, DocumentError, Found, Reading, Refusal, fields_of
from nlu.document.sniff import LARGEST_FILE, Form, sniff

if TYPE_CHECKING:
    from argparse import _SubParsersAction

    Subparsers = _SubParsersAction[argparse.ArgumentParser]

_COLUMNS = ("file", "page", *FIELDS, "sources", "checks", "confidence", "error", "reason")

_REASONS = {
    Refusal.BLURRED: "the picture is out of focus; take it again",
    Refusal.CROPPED: "a part is missing; take the whole paper",
    Refusal.TOO_SMALL: "a thumbnail; send the picture in its full size",
    Refusal.GLARE: "a light is reflected; take it again at another angle",
    Refusal.UNREADABLE: "nothing certain could be read",
    Refusal.EMPTY: "nothing is in it",
    Refusal.UNSUPPORTED: "no picture (JPEG, PNG, TIFF, WebP …), PDF, OFD, XML or ZIP",
    Refusal.BROKEN: "damaged or cut short; get it again from where it came",
    Refusal.ENCRYPTED: "it opens only with a password; save it without one",
    Refusal.TOO_LARGE: "larger than any invoice",
    Refusal.TOO_MANY_PAGES: "too many pages or files; split it",
    Refusal.HOSTILE: "built so that it harms whoever opens it",
    Refusal.TIMEOUT: "reading took too long",
    Refusal.CRASHED: "reading it failed twice",
}


def add_parser(subparsers: "Subparsers") -> None:
    """Add `read`."""
    parser = subparsers.add_parser("read", help="read documents; one JSON object a line")
    parser.add_argument("paths", nargs="+", type=Path, metavar="FILE", help="files, folders and ZIPs")
    parser.add_argument("--csv", action="store_true", help="CSV with a header instead of JSON")
    parser.add_argument("--explain", type=Path, metavar="DIR", help="also draw what was read where, into DIR")
    parser.add_argument(
        "--engine", choices=("rapidocr", "tesseract", "both"), help="default: PIAODA_OCR_ENGINE"
    )
    parser.add_argument("--jobs", type=int, default=os.cpu_count() or 1, help="documents at a time")
    parser.set_defaults(run=run)


def run(args: argparse.Namespace) -> int:
    """Read; 0 if every file was processed, whatever was in it; 1 with a line of reason otherwise."""
    try:
        settings = load_settings()
        if args.explain is not None:
            args.explain.mkdir(parents=True, exist_ok=True)
    except SettingsError as error:
        sys.stderr.write(f"piaoda: {error}\n")
        return 1
    except OSError as error:
        sys.stderr.write(f"piaoda: --explain {_shown(args.explain)}: {error.strerror}\n")
        return 1
    files, unread = _files(args.paths)
    companies = tuple((company.name, company.tax_id) for company in settings.companies)
    jobs = max(1, args.jobs)
    reader = Reader(args.engine or settings.ocr_engine, jobs, companies=companies, warm=_needs_ocr(files))
    drawings = Drawings(args.explain) if args.explain is not None else None
    try:
        unread += asyncio.run(_read(reader, files, jobs, drawings, as_csv=args.csv))
    except BrokenPipeError:  # `| head` has seen enough
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 1
    except KeyboardInterrupt:
        return 130
    return 1 if unread else 0


async def _read(
    reader: Reader, files: list[Path], jobs: int, drawings: Drawings | None, *, as_csv: bool
) -> int:
    """Print all readings; returns how many files could not be opened."""
    console = Console(stderr=True)
    progress = Progress(
        console=console, transient=True, disable=not console.is_terminal, redirect_stdout=False
    )
    write = _Writer(progress if sys.stdout.isatty() else None, as_csv=as_csv)
    unread = 0
    await reader.start()
    try:
        with progress:
            task = progress.add_task("Reading", total=len(files))
            async for path, reading in _readings(reader, files, jobs):
                if isinstance(reading, OSError):
                    unread += 1
                    _complain(path, reading.strerror or "cannot be read")
                else:
                    for line in _lines(path, reading):
                        write(line)
                    if drawings is not None:
                        await drawings.draw(reader, path, reading)
                progress.advance(task)
    finally:
        await reader.stop()
    return unread


async def _readings(
    reader: Reader, files: list[Path], jobs: int
) -> AsyncIterator[tuple[Path, Reading | OSError]]:
    """All readings in the order of the files; a few more than are read at a time wait in memory."""
    ahead: list[tuple[Path, asyncio.Task[Reading | OSError]]] = []
    waiting = iter(files)
    while True:
        while len(ahead) < 2 * jobs and (path := next(waiting, None)) is not None:
            ahead.append((path, asyncio.create_task(_one(reader, path))))
        if not ahead:
            return
        path, task = ahead.pop(0)
        yield path, await task


async def _one(reader: Reader, path: Path) -> Reading | OSError:
    try:
        data = await asyncio.to_thread(_bytes_of, path)
    except OSError as error:
        return error
    if data is None:
        return Reading(refusal=Refusal.TOO_LARGE, name=path.name)
    return await reader.read(data, path.name, person=str(path))


def _bytes_of(path: Path) -> bytes | None:
    """What is in a file, or None if it is larger than any document."""
    return path.read_bytes() if path.stat().st_size <= LARGEST_FILE else None


def _files(paths: list[Path]) -> tuple[list[Path], int]:
    """The files that are named and those in folders, and how many are not there or no files."""
    files: list[Path] = []
    unread = 0
    for path in paths:
        if path.is_dir():
            found = sorted(each for each in path.rglob("*") if each.is_file() and not _is_hidden(each, path))
            files += found
            if not found:
                _complain(path, "holds no files")
        elif path.is_file():
            files.append(path)
        else:
            unread += 1
            _complain(path, "is no file" if path.exists() else "does not exist")
    return files, unread


def _is_hidden(path: Path, folder: Path) -> bool:
    return any(part.startswith(".") for part in path.relative_to(folder).parts)


def _complain(path: Path, what: str) -> None:
    sys.stderr.write(f"piaoda: {_shown(path)}: {what}\n")


def _shown(path: Path) -> str:
    """A path as text; names in other encodings than UTF-8 with marks in their place."""
    return os.fsencode(path).decode("utf-8", "replace")


def _needs_ocr(files: list[Path]) -> bool:
    """Whether there is a picture among the files, for which the models are worth loading at once."""
    for path in files:
        try:
            with path.open("rb") as file:
                form = sniff(file.read(4096))
        except (OSError, DocumentError):
            continue
        if form is Form.IMAGE:
            return True
    return False


def _lines(path: Path, reading: Reading) -> list[dict[str, Any]]:
    """The lines for one file: one an invoice, and one for each part that holds none."""
    if reading.members:
        return [line for member in reading.members for line in _lines(path / member.name, member)]
    if reading.invoices:
        return [_line(path, found) for found in reading.invoices]
    refusal = reading.refusal or Refusal.NOT_AN_INVOICE
    empty: dict[str, Any] = dict.fromkeys(FIELDS)
    why = reading.named or _REASONS.get(refusal)
    reason = refusal.value if why is None else f"{refusal.value}: {why}"
    return [
        {
            "file": _shown(path), "page": 1, **empty, "sources": {}, "checks": {}, "confidence": 0.0,
            "error": refusal.value if refusal.is_error else None, "reason": reason,
        }
    ]  # fmt: skip


def _line(path: Path, found: Found) -> dict[str, Any]:
    return {
        "file": _shown(path),
        "page": found.page,
        **fields_of(found),
        "sources": {name: source.value for name, source in found.sources.items()},
        "checks": {name: check.state.value for name, check in found.checks.items()},
        "confidence": round(found.confidence, 3),
        "error": None,
    }


class _Writer:
    """Prints lines, above the progress bar if both are on a terminal."""

    def __init__(self, progress: Progress | None, *, as_csv: bool) -> None:
        self._progress = progress
        self._as_csv = as_csv
        if as_csv:
            self._row(dict(zip(_COLUMNS, _COLUMNS, strict=True)))

    def __call__(self, line: dict[str, Any]) -> None:
        if not self._as_csv:
            self._put(json.dumps(line, ensure_ascii=False))
            return
        flat = {
            name: json.dumps(value, ensure_ascii=False) if isinstance(value, dict) else value
            for name, value in line.items()
        }
        self._row({name: flat.get(name) for name in _COLUMNS})

    def _row(self, values: dict[str, Any]) -> None:
        out = io.StringIO()
        csv.DictWriter(out, _COLUMNS, lineterminator="").writerow(values)
        self._put(out.getvalue())

    def _put(self, text: str) -> None:
        if self._progress is not None:
            self._progress.console.print(text, markup=False, highlight=False, soft_wrap=True)
            return
        sys.stdout.write(text + "\n")
        sys.stdout.flush()
