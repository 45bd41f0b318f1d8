"""`piaoda users`: employees, their roles, and the one-time codes that bind a chat."""

import argparse
import asyncio
import sys
from typing import TYPE_CHECKING

from bot.office import OperationError, perform
from bot.settings import SettingsError, load_settings
from storage.database import StoreSetupError, StoreUnavailableError
from storage.records import Role

if TYPE_CHECKING:
    from argparse import _SubParsersAction

    Subparsers = _SubParsersAction[argparse.ArgumentParser]


def add_parser(subparsers: "Subparsers") -> None:
    """Add `users` with its own commands."""
    parser = subparsers.add_parser("users", help="employees, their roles and one-time codes")
    commands = parser.add_subparsers(dest="users_command", required=True)
    add = commands.add_parser("add", help="add an employee and print a code for binding a chat")
    add.add_argument("number", help="staff number (工号)")
    add.add_argument("name")
    add.add_argument("--role", choices=[role.value for role in Role], default=Role.EMPLOYEE.value)
    code = commands.add_parser("code", help="print a further one-time code")
    code.add_argument("number", help="staff number (工号)")
    commands.add_parser("list", help="all employees")
    parser.set_defaults(run=run)


def run(args: argparse.Namespace) -> int:
    """Do it; 1 with one line of reason when it cannot be done."""
    wish = {name: value for name, value in vars(args).items() if name in ("number", "name", "role")}
    try:
        done = asyncio.run(perform(load_settings(), f"users.{args.users_command}", wish))
    except (OperationError, SettingsError, StoreSetupError, StoreUnavailableError) as error:
        sys.stderr.write(f"piaoda: {error}\n")
        return 1
    if args.users_command == "list":
        sys.stdout.writelines("\t".join(line) + "\n" for line in done)
    else:
        sys.stdout.write(f"{done}\n")
        sys.stderr.write("The employee sends 绑定 to Piaoda, then the staff number and this code (7 days).\n")
    return 0
