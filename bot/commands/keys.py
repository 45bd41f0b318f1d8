"""`piaoda keys`: keys for the REST interface."""

import argparse
import asyncio
import sys
from typing import TYPE_CHECKING

from bot.office import OperationError, perform
from bot.settings import SettingsError, load_settings
from storage.database import StoreSetupError, StoreUnavailableError

if TYPE_CHECKING:
    from argparse import _SubParsersAction

    Subparsers = _SubParsersAction[argparse.ArgumentParser]


def add_parser(subparsers: "Subparsers") -> None:
    """Add `keys` with its own commands."""
    parser = subparsers.add_parser("keys", help="keys for the REST interface")
    commands = parser.add_subparsers(dest="keys_command", required=True)
    make = commands.add_parser("make", help="make a key and print it, this once")
    make.add_argument("name", help="who gets it")
    revoke = commands.add_parser("revoke", help="end all keys of a name")
    revoke.add_argument("name")
    commands.add_parser("list", help="names and times of all keys")
    parser.set_defaults(run=run)


def run(args: argparse.Namespace) -> int:
    """Do it; 1 with one line of reason when it cannot be done."""
    wish = {"name": args.name} if "name" in args else {}
    try:
        done = asyncio.run(perform(load_settings(), f"keys.{args.keys_command}", wish))
    except (OperationError, SettingsError, StoreSetupError, StoreUnavailableError) as error:
        sys.stderr.write(f"piaoda: {error}\n")
        return 1
    if args.keys_command == "list":
        sys.stdout.writelines("\t".join(line) + "\n" for line in done)
    elif args.keys_command == "revoke":
        sys.stdout.write(f"{done} keys ended\n")
    else:
        sys.stdout.write(f"{done}\n")
    return 0
