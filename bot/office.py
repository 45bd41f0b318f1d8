"""Operations from the command line (运维操作), also while `piaoda serve` has the database for itself.

On SQLite one process owns the data directory. Then the command hands its wish to that process through a Unix
socket in the data directory, which only the same user can open.
"""

import asyncio
import base64
import contextlib
import json
import os
import socket
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import structlog

from bot import requests
from bot.outside.cells import SheetError
from bot.outside.sheets import LARGEST, SheetRow, read_sheet
from bot.requests import RequestError, minute
from bot.settings import Settings
from storage import invoices, keys, notices, outbox, people
from storage.database import DirectoryBusyError, StoreUnavailableError
from storage.keys import NewKey
from storage.notices import Fact
from storage.outbox import Mark
from storage.people import NewCode, NewEmployee
from storage.records import OutboxState, Role
from storage.store import Store

_LIMIT = LARGEST * 2  # bytes of a request: a sheet in base64 and a little more
_BATCH = 2_000  # invoices that wait for the writer at once
_SECONDS = 600.0

_log = structlog.get_logger()

Operation = Callable[[Store, Mapping[str, Any]], Awaitable[Any]]


class OperationError(Exception):
    """An operation cannot be done; the message is one clear line."""


async def perform(settings: Settings, name: str, wish: Mapping[str, Any]) -> Any:
    """Do an operation here, or let the running server do it. Raises OperationError or StoreSetupError."""
    try:
        store = await Store.open(settings.database)
    except DirectoryBusyError as busy:
        try:
            return await _ask(_address(settings), name, wish)
        except OSError:
            raise busy from None
    try:
        return await _do(store, name, wish)
    finally:
        await store.close()


async def serve(store: Store, settings: Settings) -> asyncio.Server | None:
    """Take wishes of the command line while the server runs; None where nobody needs that."""
    if store.shared:
        return None
    address = _address(settings)
    address.unlink(missing_ok=True)
    listener = socket.socket(socket.AF_UNIX)
    mask = os.umask(0o177)
    try:
        listener.bind(str(address))
    finally:
        os.umask(mask)

    async def connected(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            writer.write(json.dumps(await _served(store, reader)).encode() + b"\n")
            await writer.drain()
        except (OSError, ValueError):
            _log.warning("office_broken_off")
        finally:
            await _close(writer)

    return await asyncio.start_unix_server(connected, sock=listener, limit=_LIMIT)


async def _served(store: Store, reader: asyncio.StreamReader) -> dict[str, Any]:
    wish = json.loads(await reader.readline())
    try:
        return {"done": await _do(store, wish["name"], wish["wish"])}
    except (OperationError, StoreUnavailableError) as error:
        return {"error": str(error)}


async def _ask(address: Path, name: str, wish: Mapping[str, Any]) -> Any:
    async with asyncio.timeout(_SECONDS):
        reader, writer = await asyncio.open_unix_connection(str(address), limit=_LIMIT)
        try:
            writer.write(json.dumps({"name": name, "wish": wish}).encode() + b"\n")
            await writer.drain()
            answer = json.loads(await reader.readline())
        finally:
            await _close(writer)
    if "error" in answer:
        raise OperationError(answer["error"])
    return answer["done"]


async def _close(writer: asyncio.StreamWriter) -> None:
    writer.close()
    with contextlib.suppress(OSError):
        await writer.wait_closed()


def _address(settings: Settings) -> Path:
    return Path(settings.database.split("///", 1)[-1]).parent / "office.sock"


async def _do(store: Store, name: str, wish: Mapping[str, Any]) -> Any:
    try:
        return await OPERATIONS[name](store, wish)
    except RequestError as error:
        raise OperationError(str(error)) from error


async def import_sheet(store: Store, wish: Mapping[str, Any]) -> dict[str, Any]:
    """Keep the invoices of a sheet; safe to repeat: an unchanged row changes nothing and tells nobody."""
    now = datetime.now(UTC)
    content = base64.b64decode(wish["content"])
    try:
        sheet = await asyncio.to_thread(read_sheet, content, wish["name"], source=wish["source"], at=now)
    except SheetError as error:
        raise OperationError(str(error)) from error
    numbers = sorted({row.owner for row in sheet.rows if row.owner})
    ids = await store.read(people.by_numbers, numbers)
    stored = []
    for start in range(0, len(sheet.rows), _BATCH):
        drafts = [_owned(row, ids) for row in sheet.rows[start : start + _BATCH]]
        stored += await asyncio.gather(*(store.write(invoices.store, draft) for draft in drafts))
    await store.write(notices.keep_fact, Fact("last_import", {"rows": len(stored)}, now))
    return {
        "read": len(sheet.rows),
        "created": sum(each.created for each in stored),
        "changed": sum(each.changed and not each.created for each in stored),
        "complaints": [[each.row, each.reason, each.value] for each in sheet.complaints],
        "strangers": sum(number not in ids for number in numbers),
    }


def _owned(row: SheetRow, ids: Mapping[str, int]) -> invoices.InvoiceDraft:
    owner_id = ids.get(row.owner or "")
    return row.draft if owner_id is None else replace(row.draft, owner_id=owner_id)


async def add_user(store: Store, wish: Mapping[str, Any]) -> str:
    """Add an employee or bring them up to date; returns a one-time code for binding a chat."""
    now = datetime.now(UTC)
    person = NewEmployee(wish["number"], wish["name"], Role(wish["role"]), now)
    employee_id = await store.write(people.add, person)
    return await store.write(people.make_code, NewCode(employee_id, now))


async def new_code(store: Store, wish: Mapping[str, Any]) -> str:
    """A further one-time code for an employee."""
    ids = await store.read(people.by_numbers, [wish["number"]])
    if not ids:
        raise OperationError(f"no employee has the staff number {wish['number']}")
    return await store.write(people.make_code, NewCode(ids[wish["number"]], datetime.now(UTC)))


async def list_users(store: Store, wish: Mapping[str, Any]) -> list[list[str]]:
    """[number, name, role] of all employees."""
    return [[each.number, each.name, each.role.value] for each in await store.read(people.everyone)]


async def make_key(store: Store, wish: Mapping[str, Any]) -> str:
    """A new REST key."""
    return await store.write(keys.make, NewKey(wish["name"], datetime.now(UTC)))


async def list_keys(store: Store, wish: Mapping[str, Any]) -> list[list[str]]:
    """[name, made at, revoked at] of all keys."""
    found = await store.read(keys.names)
    return [[name, minute(made), "" if ended is None else minute(ended)] for name, made, ended in found]


async def revoke_key(store: Store, wish: Mapping[str, Any]) -> int:
    """End the keys of a name; returns how many."""
    return await store.write(keys.revoke, NewKey(wish["name"], datetime.now(UTC)))


_RESENT = (OutboxState.HELD, OutboxState.IN_DOUBT, OutboxState.DEAD)
_DROPPED = (OutboxState.QUEUED, OutboxState.HELD, OutboxState.IN_DOUBT)


async def list_outbox(store: Store, wish: Mapping[str, Any]) -> list[dict[str, Any]]:
    """What is not delivered, without its words: they are the user's."""
    states = [OutboxState(state) for state in wish["states"]]
    return [
        {
            "id": item.id,
            "state": item.state.value,
            "chat": str(item.outgoing.chat),
            "reply": item.outgoing.key,
            "attempts": item.attempts,
            "created_at": minute(item.created_at),
        }
        for item in await store.read(outbox.waiting, states, wish["most"])
    ]


async def resend(store: Store, wish: Mapping[str, Any]) -> list[int]:
    """Send what was held, in doubt or given up once more; returns the ids that could be."""
    return await _mark(store, wish["ids"], OutboxState.QUEUED, _RESENT)


async def give_up(store: Store, wish: Mapping[str, Any]) -> list[int]:
    """Deliver these no more; returns the ids that could be stopped."""
    return await _mark(store, wish["ids"], OutboxState.DEAD, _DROPPED)


async def _mark(
    store: Store, ids: Sequence[int], state: OutboxState, only: tuple[OutboxState, ...]
) -> list[int]:
    now = datetime.now(UTC)
    marks = [Mark((id_,), state, now, only=only) for id_ in ids]
    changed = await asyncio.gather(*(store.write(outbox.mark, mark) for mark in marks))
    return [id_ for id_, count in zip(ids, changed, strict=True) if count]


async def list_feedback(store: Store, wish: Mapping[str, Any]) -> list[dict[str, Any]]:
    """Ratings, praise, complaints and suggestions, oldest first."""
    return [
        {"at": minute(kept.at), **kept.value} for kept in await store.read(notices.facts_under, "feedback:")
    ]


OPERATIONS: Mapping[str, Operation] = {
    "import": import_sheet,
    "users.add": add_user,
    "users.code": new_code,
    "users.list": list_users,
    "keys.make": make_key,
    "keys.list": list_keys,
    "keys.revoke": revoke_key,
    "outbox.list": list_outbox,
    "outbox.resend": resend,
    "outbox.drop": give_up,
    "feedback.list": list_feedback,
    "requests.list": requests.list_requests,
    "requests.done": requests.settle_request,
    "requests.copy": requests.copy_request,
    "requests.file": requests.file_of_request,
    "requests.erase": requests.erase_request,
}
