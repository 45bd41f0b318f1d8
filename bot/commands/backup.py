"""`piaoda backup`: a copy of the SQLite database (备份), also while the server writes."""

import argparse
import os
import sqlite3
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from bot.settings import SettingsError, load_settings
from storage.database import StoreSetupError, database_url

if TYPE_CHECKING:
    from argparse import _SubParsersAction

    Subparsers = _SubParsersAction[argparse.ArgumentParser]


class BackupError(Exception):
    """There is no copy; the message is one clear line."""


def add_parser(subparsers: "Subparsers") -> None:
    """Add `backup`."""
    parser = subparsers.add_parser("backup", help="copy the SQLite database, also while the server runs")
    parser.add_argument(
        "file", type=Path, help="a new file; it holds personal data and is readable by you only"
    )
    parser.set_defaults(run=run)


def run(args: argparse.Namespace) -> int:
    """Copy and check the copy; 1 with one line of reason when there is none."""
    try:
        size = backup(load_settings().database, args.file)
    except (BackupError, SettingsError, StoreSetupError) as error:
        sys.stderr.write(f"piaoda: {error}\n")
        return 1
    sys.stdout.write(f"{args.file}: {size:,} bytes, checked\n")
    return 0


def backup(url: str, target: Path) -> int:
    """Write a whole and checked copy of the database to a new file; returns its bytes. Raises BackupError."""
    parsed = database_url(url)
    if parsed.get_backend_name() != "sqlite" or not parsed.database:
        raise BackupError("this database is not SQLite; use pg_dump")
    draft = target.with_name(f".{target.name}.part")
    try:
        if target.exists():
            raise BackupError(f"{target} is there already")
        draft.unlink(missing_ok=True)
        os.close(os.open(draft, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600))
        _copy(Path(parsed.database), draft)
        draft.replace(target)  # a file of that name is a whole backup
    except (OSError, sqlite3.Error) as error:
        raise BackupError(f"no backup: {error}") from error
    finally:
        draft.unlink(missing_ok=True)
    return target.stat().st_size


def _copy(source: Path, target: Path) -> None:
    # A connection that can only read never checkpoints, so that the server stays the only one to touch the WAL.
    reading = sqlite3.connect(f"{source.resolve().as_uri()}?mode=ro", uri=True, timeout=30)
    try:
        reading.execute("VACUUM INTO ?", (str(target),))
    finally:
        reading.close()
    copy = sqlite3.connect(target)
    try:
        (found,) = copy.execute("PRAGMA integrity_check").fetchone()
    finally:
        copy.close()
    if found != "ok":
        raise BackupError(f"the copy is damaged ({found}); so may be the database")
    with target.open("rb") as file:
        os.fsync(file.fileno())
