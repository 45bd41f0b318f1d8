"""A person's own data (个人信息): all of it for a copy, and its erasure as far as the law lets it go."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection

from storage.notices import Fact, keep_fact
from storage.records import ChatId
from storage.schema import (
    bind_failures,
    conversations,
    documents,
    facts,
    filings,
    identities,
    invoices,
    messages,
    reminders,
    watches,
)

_ERASED = "erased:-"  # in the place of the chat, where the record itself has to stay


@dataclass(frozen=True, slots=True)
class Person:
    """Whose data are meant: who asked, in which chat."""

    chat: ChatId
    employee_id: int | None


@dataclass(frozen=True, slots=True)
class Erasure:
    """A person to be erased, and the note that stays of it, which names no chat."""

    person: Person
    note: Fact


async def chats_of(connection: AsyncConnection, person: Person) -> list[str]:
    """The chats of a person: the one that asked, unless it is somebody else's by now, and all bound to them."""
    asked, owner = str(person.chat), identities.c.employee_id
    rows = await connection.execute(
        sa.select(identities.c.chat, owner).where(
            (owner == person.employee_id) | (identities.c.chat == asked)
        )
    )
    owners = {asked: person.employee_id, **{chat: bound for chat, bound in rows}}
    return sorted(chat for chat, bound in owners.items() if bound == person.employee_id)


async def copy(connection: AsyncConnection, person: Person) -> dict[str, Any]:
    """What is kept of a person beside their invoices, as plain values; `documents` are digest → name."""
    chats = await chats_of(connection, person)
    names: dict[str, str] = {}
    said = []
    rows = await connection.execute(
        sa.select(messages).where(messages.c.chat.in_(chats)).order_by(messages.c.id)
    )
    for row in rows:
        names.update(_files(row.direction, row.body))
        said.append(
            {
                "at": row.created_at.isoformat(),
                "chat": row.chat,
                "from": "you" if row.direction == "in" else "piaoda",
                "text": row.body.get("text", ""),
                "files": sorted(_files(row.direction, row.body)),
            }
        )
    return {
        "chats": [
            {"chat": row.chat, "language": row.language, "remembered": row.slots}
            for row in await _of(connection, conversations, chats)
        ],
        "messages": said,
        "follows": [
            {"chat": chat, "invoice": number}
            for chat, number in await connection.execute(
                sa.select(watches.c.chat, invoices.c.number)
                .join(invoices, invoices.c.id == watches.c.invoice_id)
                .where(watches.c.chat.in_(chats))
                .order_by(watches.c.id)
            )
        ],
        "reminders": [
            {"chat": row.chat, "at": row.due_at.isoformat(), "subject": row.subject, "repeat": row.repeat}
            for row in await _of(connection, reminders, chats)
        ],
        "filings": [
            {
                "document": row.document,
                "state": row.state,
                "fields": row.fields,
                "corrections": row.corrections,
            }
            for row in await _of(connection, filings, chats)
        ],
        "feedback": [row.value for row in await connection.execute(sa.select(facts).where(_feedback(chats)))],
        "documents": names,
    }


async def erase(connection: AsyncConnection, erasures: Sequence[Erasure]) -> list[dict[str, int]]:
    """Erase chats, bindings, follows, reminders, feedback, drafts and files that nothing else needs.

    Invoices and what was filed stay: vouchers have to be kept (会计档案); the chat they came from is forgotten.
    Returns how many rows of each went.
    """
    counts = []
    for entry in erasures:
        counts.append(await _erase(connection, entry.person))
        await keep_fact(connection, [replace(entry.note, value={**entry.note.value, "erased": counts[-1]})])
    return counts


async def _erase(connection: AsyncConnection, person: Person) -> dict[str, int]:
    chats = await chats_of(connection, person)
    rows = await connection.execute(
        sa.select(messages.c.direction, messages.c.body).where(messages.c.chat.in_(chats))
    )
    digests = {digest for direction, body in rows for digest in _files(direction, body)}
    digests |= {row.document for row in await _of(connection, filings, chats)}
    counts = {}
    for name, table in (
        ("messages", messages),
        ("conversations", conversations),
        ("follows", watches),
        ("reminders", reminders),
        ("bindings", identities),
        ("failed bindings", bind_failures),
    ):
        counts[name] = (await connection.execute(sa.delete(table).where(table.c.chat.in_(chats)))).rowcount
    unfiled = sa.delete(filings).where(filings.c.chat.in_(chats), filings.c.state != "filed")
    counts["drafts"] = (await connection.execute(unfiled)).rowcount
    await connection.execute(sa.update(filings).where(filings.c.chat.in_(chats)).values(chat=_ERASED))
    counts["feedback"] = (await connection.execute(sa.delete(facts).where(_feedback(chats)))).rowcount
    await connection.execute(sa.delete(facts).where(_starts(_asked(chats))))
    unneeded = digests - await _needed(connection, digests)
    gone = await connection.execute(sa.delete(documents).where(documents.c.digest.in_(sorted(unneeded))))
    counts["files"] = gone.rowcount
    return counts


async def _needed(connection: AsyncConnection, digests: set[str]) -> set[str]:
    """Those files that a record or another chat has, too. One look at the transcript, however many they are."""
    found: set[str] = set()
    for column in (filings.c.document, invoices.c.document):
        rows = await connection.execute(sa.select(column).where(column.in_(sorted(digests))))
        found |= {digest for (digest,) in rows}
    body = sa.cast(messages.c.body, sa.Text)
    with_files = body.contains('"attachments": [') | body.contains('"file": "')  # as only we write them
    for row in await connection.execute(sa.select(messages.c.direction, messages.c.body).where(with_files)):
        found |= digests & _files(row.direction, row.body).keys()
    return found


def _feedback(chats: Sequence[str]) -> sa.ColumnElement[bool]:
    return _starts([f"feedback:{chat}:" for chat in chats])


def _asked(chats: Sequence[str]) -> list[str]:
    return [f"privacy:{kind}:{chat}:" for kind in ("export", "delete") for chat in chats]


def _starts(prefixes: Sequence[str]) -> sa.ColumnElement[bool]:
    return sa.or_(sa.false(), *(facts.c.key.startswith(prefix, autoescape=True) for prefix in prefixes))


async def _of(connection: AsyncConnection, table: sa.Table, chats: Sequence[str]) -> list[sa.Row[Any]]:
    rows = await connection.execute(sa.select(table).where(table.c.chat.in_(chats)).order_by(table.c.chat))
    return list(rows)


def _files(direction: str, body: dict[str, Any]) -> dict[str, str]:
    """digest → name of the files of one message."""
    if direction == "in":
        return {part["ref"]: part["name"] for part in body.get("attachments", ()) if part["ref"]}
    return {body["file"]: body.get("file_name") or ""} if body.get("file") else {}
