"""`piaoda requests`: what users ask about their own data (个人信息): a copy or erasure, carried out by a person."""

import argparse
import asyncio
import base64
import json
import os
import sys
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

from bot.office import OperationError, perform
from bot.settings import Settings, SettingsError, load_settings
from storage.database import StoreSetupError, StoreUnavailableError

if TYPE_CHECKING:
    from argparse import _SubParsersAction

    Subparsers = _SubParsersAction[argparse.ArgumentParser]


_COLUMNS = ("at", "reference", "kind", "number", "name", "chat", "settled_at")


def add_parser(subparsers: "Subparsers") -> None:
    """Add `requests` with its own commands."""
    parser = subparsers.add_parser("requests", help="requests of users for a copy or erasure of their data")
    commands = parser.add_subparsers(dest="requests_command", required=True)
    listed = commands.add_parser("list", help="the open requests, oldest first")
    listed.add_argument("--all", action="store_true", help="those that are done, too")
    listed.add_argument("--json", action="store_true", help="one JSON object a line")
    copied = commands.add_parser("copy", help="write all that is kept of who asked into a ZIP file")
    erased = commands.add_parser(
        "erase", help="erase chats, bindings, follows, reminders, feedback, drafts and files of who asked"
    )
    erased.add_argument("--yes", action="store_true", help="you have checked who asked: it cannot be undone")
    done = commands.add_parser("done", help="note that a request has been carried out elsewhere")
    for command in (copied, erased, done):
        command.add_argument("reference", help="the reference (编号) that the user was given")
    copied.add_argument("file", type=Path, help="a new file, readable by you only")
    parser.set_defaults(run=run)


def run(args: argparse.Namespace) -> int:
    """Do it; 1 with one line of reason when it cannot be done."""
    try:
        return _RUNS[args.requests_command](load_settings(), args)
    except (OperationError, SettingsError, StoreSetupError, StoreUnavailableError) as error:
        sys.stderr.write(f"piaoda: {error}\n")
    except OSError as error:
        sys.stderr.write(f"piaoda: {args.file}: {error.strerror}\n")
    return 1


def _list(settings: Settings, args: argparse.Namespace) -> int:
    for entry in asyncio.run(perform(settings, "requests.list", {"all": args.all})):
        cells = "\t".join(str(entry.get(name, "")) for name in _COLUMNS)
        sys.stdout.write((json.dumps(entry, ensure_ascii=False) if args.json else cells) + "\n")
    return 0


def _done(settings: Settings, args: argparse.Namespace) -> int:
    asyncio.run(perform(settings, "requests.done", {"reference": args.reference}))
    sys.stdout.write(f"{args.reference.upper()}: done\n")
    return 0


def _copy(settings: Settings, args: argparse.Namespace) -> int:
    reference = {"reference": args.reference}
    found = asyncio.run(perform(settings, "requests.copy", reference))
    with (
        os.fdopen(os.open(args.file, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as file,
        zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as archive,
    ):
        archive.writestr("data.json", json.dumps(found, ensure_ascii=False, indent=1))
        for digest, name in found["documents"].items():
            wish = {**reference, "digest": digest}
            content = asyncio.run(perform(settings, "requests.file", wish))
            if content is not None:
                suffix = Path(name).suffix if Path(name).suffix.isascii() else ""
                archive.writestr(f"files/{digest}{suffix}", base64.b64decode(content))
    sys.stdout.write(f"{args.file}: {len(found['messages'])} messages, {len(found['invoices'])} invoices\n")
    return 0


def _erase(settings: Settings, args: argparse.Namespace) -> int:
    if not args.yes:
        raise OperationError(f"look with `piaoda requests copy`, then add --yes to erase {args.reference}")
    counts = asyncio.run(perform(settings, "requests.erase", {"reference": args.reference}))
    told = ", ".join(f"{count} {name}" for name, count in counts.items() if count) or "nothing was left"
    sys.stdout.write(f"{args.reference.upper()}: erased {told}; invoices and what was filed stay\n")
    return 0


_RUNS: dict[str, Callable[[Settings, argparse.Namespace], int]] = {
    "list": _list,
    "copy": _copy,
    "erase": _erase,
    "done": _done,
}
