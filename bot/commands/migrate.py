"""`piaoda migrate`: the database schema."""

import argparse
import asyncio
import sys
from typing import TYPE_CHECKING

from bot.settings import SettingsError, load_settings
from storage.database import StoreSetupError
from storage.store import Store

if TYPE_CHECKING:
    from argparse import _SubParsersAction

    Subparsers = _SubParsersAction[argparse.ArgumentParser]


def add_parser(subparsers: "Subparsers") -> None:
    """Add `migrate`."""
    parser = subparsers.add_parser("migrate", help="bring the database to the newest schema")
    parser.set_defaults(run=run)


def run(args: argparse.Namespace) -> int:
    """Migrate; 0 when the schema is the newest, 1 with one line of reason otherwise."""
    try:
        asyncio.run(_migrate(load_settings().database))
    except (SettingsError, StoreSetupError) as error:
        sys.stderr.write(f"piaoda: {error}\n")
        return 1
    sys.stdout.write("The database has the newest schema.\n")
    return 0


async def _migrate(url: str) -> None:
    store = await Store.open(url)
    await store.close()
