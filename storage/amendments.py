"""Corrections of what is filed already (归档后更正): by its owner, until the company has booked it."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection

from fapiao.status import BOOKED
from storage.documents import Filing, filing_of
from storage.invoices import folded, key_of
from storage.schema import filings, invoices


class Amended(StrEnum):
    """What a correction came to."""

    DONE = "done"
    BOOKED = "booked"  # the books hold it: finance has to correct them
    TAKEN = "taken"  # the new number is another invoice's
    KEPT = "kept"  # the company knows this field from elsewhere, and better
    GONE = "gone"  # not filed, or not this person's


@dataclass(frozen=True, slots=True)
class Amendment:
    """One or more fields of a filed invoice as its owner says they are."""

    filing_id: int
    owner_id: int
    values: Mapping[str, Any]  # field → value, as the invoice's columns hold it
    texts: Mapping[str, tuple[str | None, str]]  # field → (as it was read, corrected), as text
    before: Mapping[str, Any]  # field → the value that the filing holds now
    at: datetime


async def amend(connection: AsyncConnection, entries: Sequence[Amendment]) -> list[Amended]:
    """Correct filed invoices; what was read and every earlier value stay in the filing."""
    return [await _amend(connection, entry) for entry in entries]


async def filed_as(connection: AsyncConnection, owner_id: int, invoice_id: int) -> Filing | None:
    """The filing by which a person's own invoice came in, whatever the chat."""
    wanted = (filings.c.invoice_id == invoice_id, invoices.c.owner_id == owner_id)
    return await _own(connection, *wanted)


async def own(connection: AsyncConnection, owner_id: int, filing_id: int) -> Filing | None:
    """A filing of a person's own invoice, whatever the chat."""
    return await _own(connection, filings.c.id == filing_id, invoices.c.owner_id == owner_id)


async def _own(connection: AsyncConnection, *wanted: sa.ColumnElement[bool]) -> Filing | None:
    found = await connection.execute(
        sa.select(filings)
        .join(invoices, invoices.c.id == filings.c.invoice_id)
        .where(filings.c.state == "filed", *wanted)
        .order_by(filings.c.id)
        .limit(1)
    )
    row = found.first()
    return None if row is None else filing_of(row)


async def _amend(connection: AsyncConnection, entry: Amendment) -> Amended:
    filing = await own(connection, entry.owner_id, entry.filing_id)
    if filing is None:
        return Amended.GONE
    row = (
        await connection.execute(
            sa.select(invoices).where(invoices.c.id == filing.invoice_id).with_for_update()
        )
    ).one()
    if {row.reimbursement_state, row.use_state} & BOOKED:
        return Amended.BOOKED
    for name in entry.values:
        held = getattr(row, name)
        if held is not None and held != entry.before.get(name):
            return Amended.KEPT
    values = dict(entry.values)
    if "seller_name" in values:
        values["seller_folded"] = folded(values["seller_name"])
    values["key"] = key = key_of(values.get("number", row.number), values.get("code", row.code))
    if key != row.key:
        other = await connection.execute(sa.select(invoices.c.id).where(invoices.c.key == key))
        if other.first() is not None:
            return Amended.TAKEN
    try:
        async with connection.begin_nested():
            await connection.execute(sa.update(invoices).where(invoices.c.id == row.id).values(**values))
    except sa.exc.IntegrityError:  # another node has written that invoice since we looked
        return Amended.TAKEN
    corrections = dict(filing.corrections)
    for name, (read, corrected) in entry.texts.items():
        _, *before = corrections.get(name, (read,))
        earlier = [*(before[1] if len(before) > 1 else ()), [before[0] if before else read, _time(entry.at)]]
        corrections[name] = [read, corrected, earlier]
    await connection.execute(
        sa.update(filings).where(filings.c.id == filing.id).values(corrections=corrections)
    )
    return Amended.DONE


def _time(at: datetime) -> str:
    return at.isoformat(timespec="seconds")
