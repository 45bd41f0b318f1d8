"""`piaoda feedback`: what users say about Piaoda (评价、投诉、建议)."""

import argparse
import asyncio
import json
import sys
from datetime import date
from typing import TYPE_CHECKING

from bot.office import OperationError, perform
from bot.settings import SettingsError, load_settings
from storage.database import StoreSetupError, StoreUnavailableError

if TYPE_CHECKING:
    from argparse import _SubParsersAction

    Subparsers = _SubParsersAction[argparse.ArgumentParser]


_COLUMNS = ("at", "reference", "kind", "rating", "language", "text")


def add_parser(subparsers: "Subparsers") -> None:
    """Add `feedback`."""
    parser = subparsers.add_parser("feedback", help="ratings, complaints and suggestions, oldest first")
    parser.add_argument(
        "--since",
        type=date.fromisoformat,
        default=date.min,
        metavar="YYYY-MM-DD",
        help="from this day on (UTC)",
    )
    parser.add_argument("--json", action="store_true", help="one JSON object a line, with the chat")
    parser.set_defaults(run=run)


def run(args: argparse.Namespace) -> int:
    """List it; 1 with one line of reason when that cannot be done."""
    try:
        found = asyncio.run(perform(load_settings(), "feedback.list", {}))
    except (OperationError, SettingsError, StoreSetupError, StoreUnavailableError) as error:
        sys.stderr.write(f"piaoda: {error}\n")
        return 1
    for entry in found:
        if entry["at"] < args.since.isoformat():
            continue
        if args.json:
            sys.stdout.write(json.dumps(entry, ensure_ascii=False) + "\n")
        else:
            # A user's words may hold anything; here they are one column.
            cells = (" ".join(str(entry.get(name, "")).split()) for name in _COLUMNS)
            sys.stdout.write("\t".join(cells) + "\n")
    return 0
