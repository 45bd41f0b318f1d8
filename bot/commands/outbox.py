"""`piaoda outbox`: messages that are not delivered (发件箱): see them, send them again, or give them up."""

import argparse
import asyncio
import json
import sys
from typing import TYPE_CHECKING

from bot.office import OperationError, perform
from bot.settings import SettingsError, load_settings
from storage.database import StoreSetupError, StoreUnavailableError
from storage.records import OutboxState

if TYPE_CHECKING:
    from argparse import _SubParsersAction

    Subparsers = _SubParsersAction[argparse.ArgumentParser]


_STATES = [state.value for state in OutboxState if state is not OutboxState.SENT]
_MEANING = """states:
  queued    waits for its turn, or for a next try
  sending   the call is in the air
  passive   goes out as the answer to a request of WeChat
  held      the channel may not write first: given at the user's next contact
  in_doubt  nobody knows whether it arrived: shown at the next contact, never pushed again by itself
  dead      given up"""


def add_parser(subparsers: "Subparsers") -> None:
    """Add `outbox` with its own commands."""
    parser = subparsers.add_parser("outbox", help="messages that wait, are in doubt or have failed")
    commands = parser.add_subparsers(dest="outbox_command", required=True)
    listed = commands.add_parser(
        "list", help="what is not delivered, oldest first, without its words", epilog=_MEANING,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )  # fmt: skip
    listed.add_argument("--state", action="append", choices=_STATES, help="only these; may be repeated")
    listed.add_argument("--most", type=int, default=200, metavar="N", help="the newest N (default: 200)")
    listed.add_argument("--json", action="store_true", help="one JSON object a line")
    for name, text in (
        ("resend", "send held, doubtful or dead messages once more; a doubtful one may then arrive twice"),
        ("drop", "give messages up that wait or are in doubt"),
    ):
        command = commands.add_parser(name, help=text)
        command.add_argument("ids", nargs="+", type=int, metavar="ID", help="from `piaoda outbox list`")
    parser.set_defaults(run=run)


def run(args: argparse.Namespace) -> int:
    """Do it; 1 with one line of reason when it cannot be done, 2 when it could not for some of the ids."""
    is_list = args.outbox_command == "list"
    wish = {"states": args.state or _STATES, "most": args.most} if is_list else {"ids": args.ids}
    try:
        done = asyncio.run(perform(load_settings(), f"outbox.{args.outbox_command}", wish))
    except (OperationError, SettingsError, StoreSetupError, StoreUnavailableError) as error:
        sys.stderr.write(f"piaoda: {error}\n")
        return 1
    if is_list:
        for entry in done:
            line = json.dumps(entry, ensure_ascii=False) if args.json else "\t".join(map(str, entry.values()))
            sys.stdout.write(line + "\n")
        return 0
    word = "will be sent again" if args.outbox_command == "resend" else "given up"
    sys.stdout.writelines(f"{id_}: {word}\n" for id_ in done)
    left = [id_ for id_ in args.ids if id_ not in done]
    sys.stderr.writelines(f"{id_}: not in a state for that; see `piaoda outbox list`\n" for id_ in left)
    return 2 if left else 0
