"""`piaoda import`: invoices and states from the tax account's export or a list of our own."""

import argparse
import asyncio
import base64
import sys
from collections import Counter
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

from bot.office import OperationError, perform
from bot.outside.cells import SheetError
from bot.outside.sheets import read_sheet
from bot.settings import SettingsError, load_settings
from storage.database import StoreSetupError, StoreUnavailableError

if TYPE_CHECKING:
    from argparse import _SubParsersAction

    Subparsers = _SubParsersAction[argparse.ArgumentParser]

_REASONS = {
    "number": "the number (发票号码) is missing or not of the form that its kind has",
    "code": "the code (发票代码, 票据代码) is not of the form that its kind has",
    "ticket_number": "an electronic ticket needs the 20-digit invoice number (发票号码); this is the ticket's own",
    "not_invoice": "this is no invoice but a paper that travels with one",
    "digits_lost": "the spreadsheet has lost digits of the number; format the column as text",
    "date": "the date (开票日期) cannot be read",
    "money": "an amount cannot be read",
    "state": "a state is unknown",
}
_STRANGERS = "staff numbers (工号) that no employee has; see `piaoda users`"
_MANY = 20  # lines, after which a sum helps


def add_parser(subparsers: "Subparsers") -> None:
    """Add `import`."""
    parser = subparsers.add_parser("import", help="import invoices and states from CSV or XLSX")
    parser.add_argument("files", nargs="+", type=Path, metavar="FILE")
    parser.add_argument("--source", default="import", help="shown beside each state (default: import)")
    parser.add_argument("--dry-run", action="store_true", help="read and complain, change nothing")
    parser.set_defaults(run=run)


def run(args: argparse.Namespace) -> int:
    """Import; 0 when every row went in, 2 when rows were left out, 1 when nothing could be done."""
    try:
        reports = asyncio.run(_import(args))
    except (SheetError, OperationError, SettingsError, StoreSetupError, StoreUnavailableError) as error:
        sys.stderr.write(f"piaoda: {error}\n")
        return 1
    return max(reports)


async def _import(args: argparse.Namespace) -> list[int]:
    settings = load_settings()
    reports = []
    for path in args.files:
        content = _content(path)
        if args.dry_run:
            sheet = read_sheet(content, path.name, source=args.source, at=datetime.now(UTC))
            complaints = [[each.row, each.reason, each.value] for each in sheet.complaints]
            reports.append(_report(path, {"read": len(sheet.rows), "complaints": complaints}))
            continue
        wish = {"content": base64.b64encode(content).decode(), "name": path.name, "source": args.source}
        reports.append(_report(path, await perform(settings, "import", wish)))
    return reports


def _content(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except OSError as error:
        raise SheetError(f"{path} cannot be read: {error.strerror}") from error


def _report(path: Path, result: dict[str, Any]) -> int:
    complaints = result["complaints"]
    done = ""
    if "created" in result:
        done = f"{result['created']} new, {result['changed']} with a new state, "
    sys.stdout.write(f"{path.name}: {result['read']} invoices read, {done}{len(complaints)} rows left out\n")
    for row, reason, value in complaints:
        sys.stderr.write(f"  row {row}: {_REASONS[reason]}{f': {value!r}' if value else ''}\n")
    if len(complaints) > _MANY:
        counts = Counter(reason for _, reason, _ in complaints)
        sys.stderr.write(f"  … in all: {', '.join(f'{count} × {name}' for name, count in counts.items())}\n")
    if strangers := result.get("strangers"):
        sys.stderr.write(f"  {strangers} {_STRANGERS}\n")
    return 2 if complaints or strangers else 0
