"""`piaoda read`: documents in, one JSON object a line out."""

import argparse
import asyncio
import csv
import json
import os
import sys
from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

from rich.console import Console
from rich.progress import Progress

from bot.outside.explain import draw
from bot.settings import SettingsError, load_settings
from nlu.document.pool import Reader
from nlu.document.reading import FIELDS, DocumentError, Found, Reading, fields_of
from nlu.document.sniff import Form, sniff

if TYPE_CHECKING:
    from argparse import _SubParsersAction

    Subparsers = _SubParsersAction[argparse.ArgumentParser]

_COLUMNS = ("file", "page", *FIELDS, "sources", "checks", "confidence", "error")


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
    except SettingsError as error:
        sys.stderr.write(f"piaoda: {error}\n")
        return 1
    files = list(_files(args.paths))
    if missing := [path for path in args.paths if not path.exists()]:
        sys.stderr.write("".join(f"piaoda: {path} does not exist\n" for path in missing))
    companies = tuple((company.name, company.tax_id) for company in settings.companies)
    reader = Reader(
        args.engine or settings.ocr_engine, max(1, args.jobs), companies=companies, warm=_needs_ocr(files)
    )
    asyncio.run(_read(args, reader, files))
    return 1 if missing else 0


async def _read(args: argparse.Namespace, reader: Reader, files: list[Path]) -> None:
    writer = csv.DictWriter(sys.stdout, _COLUMNS) if args.csv else None
    if writer is not None:
        writer.writeheader()
    await reader.start()
    try:
        with Progress(
            console=Console(stderr=True), transient=True, disable=not sys.stderr.isatty()
        ) as progress:
            task = progress.add_task("Reading", total=len(files))
            async for path, reading in _readings(reader, files, max(1, args.jobs)):
                for line in _lines(path, reading):
                    _write(line, writer)
                if args.explain is not None:
                    await asyncio.to_thread(_explain, path, reading, args.explain)
                progress.advance(task)
    finally:
        await reader.stop()


async def _readings(reader: Reader, files: list[Path], jobs: int) -> AsyncIterator[tuple[Path, Reading]]:
    """All readings in the order of the files; a few more than are read at a time wait in memory."""
    ahead: list[tuple[Path, asyncio.Task[Reading]]] = []
    waiting = iter(files)
    while True:
        while len(ahead) < 2 * jobs and (path := next(waiting, None)) is not None:
            ahead.append((path, asyncio.create_task(_one(reader, path))))
        if not ahead:
            return
        path, task = ahead.pop(0)
        yield path, await task


async def _one(reader: Reader, path: Path) -> Reading:
    try:
        data = await asyncio.to_thread(path.read_bytes)
    except OSError:
        data = b""
    return await reader.read(data, path.name, person=str(path))


def _files(paths: list[Path]) -> Iterator[Path]:
    for path in paths:
        if path.is_dir():
            yield from sorted(
                each for each in path.rglob("*") if each.is_file() and not each.name.startswith(".")
            )
        elif path.exists():
            yield path


def _needs_ocr(files: list[Path]) -> bool:
    """Whether there is a picture or an archive among the files, for which the models are worth loading."""
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
    refusal = reading.refusal.value if reading.refusal is not None else "not_an_invoice"
    is_error = reading.refusal is not None and reading.refusal.is_error
    empty: dict[str, Any] = dict.fromkeys(FIELDS)
    reason = refusal if reading.named is None else f"{refusal}: {reading.named}"
    return [
        {
            "file": str(path), "page": 1, **empty, "sources": {}, "checks": {}, "confidence": 0.0,
            "error": refusal if is_error else None, "reason": reason,
        }
    ]  # fmt: skip


def _line(path: Path, found: Found) -> dict[str, Any]:
    return {
        "file": str(path),
        "page": found.page,
        **fields_of(found),
        "sources": {name: source.value for name, source in found.sources.items()},
        "checks": {name: check.state.value for name, check in found.checks.items()},
        "confidence": round(found.confidence, 3),
        "error": None,
    }


def _write(line: dict[str, Any], writer: "csv.DictWriter[str] | None") -> None:
    if writer is None:
        sys.stdout.write(json.dumps(line, ensure_ascii=False) + "\n")
    else:
        flat = {
            name: json.dumps(value, ensure_ascii=False) if isinstance(value, dict) else value
            for name, value in line.items()
        }
        writer.writerow({name: flat.get(name) for name in _COLUMNS})
    sys.stdout.flush()


def _explain(path: Path, reading: Reading, folder: Path) -> None:
    """Draw the page with a box around each value and its source."""
    picture = draw(path.read_bytes(), reading)
    if picture is not None:
        folder.mkdir(parents=True, exist_ok=True)
        (folder / f"{path.stem}.explained.png").write_bytes(picture)
