"""Original files (原始文件), content-addressed, and what was read from them."""

import hashlib
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from enum import StrEnum
from typing import Any

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection

from storage.invoices import InvoiceDraft, by_id, holder, record, store, visible
from storage.records import ChatId, InvoiceRecord, Role, Viewer
from storage.schema import documents, filings, invoices, messages
from storage.statements import insert

_DIGEST = re.compile(r"[0-9a-f]{64}")


def digest_of(content: bytes) -> str:
    """The address of a document: SHA-256, hex."""
    return hashlib.sha256(content).hexdigest()


@dataclass(frozen=True, slots=True)
class Document:
    """A kept file."""

    digest: str
    name: str
    mime: str
    content: bytes


@dataclass(frozen=True, slots=True)
class NewDocument:
    """A file to be kept."""

    content: bytes
    name: str
    mime: str
    at: datetime


async def keep(connection: AsyncConnection, files: Sequence[NewDocument]) -> list[str]:
    """Keep files; returns their digests. The same content is kept once."""
    digests = []
    for file in files:
        digest = digest_of(file.content)
        await connection.execute(
            insert(connection.dialect.name, documents)
            .values(
                digest=digest,
                name=file.name,
                mime=file.mime,
                size=len(file.content),
                content=file.content,
                created_at=file.at,
            )
            .on_conflict_do_nothing(index_elements=["digest"])
        )
        digests.append(digest)
    return digests


async def document(connection: AsyncConnection, digest: str) -> Document | None:
    """A kept file by its digest; the caller has the digest from a record it may see."""
    row = (await connection.execute(sa.select(documents).where(documents.c.digest == digest))).first()
    return None if row is None else Document(row.digest, row.name, row.mime, row.content)


async def is_in_chat(connection: AsyncConnection, chat: ChatId, digest: str) -> bool:
    """Whether a file was sent in a chat, by either side."""
    if not _DIGEST.fullmatch(digest):
        return False
    # Quotes in what a user types are escaped in JSON: only we write these two.
    body = sa.cast(messages.c.body, sa.Text)
    sent = body.contains(f'"ref": "{digest}"') | body.contains(f'"file": "{digest}"')
    found = await connection.execute(
        sa.select(messages.c.id).where(messages.c.chat == str(chat), sent).limit(1)
    )
    return found.first() is not None


@dataclass(frozen=True, slots=True)
class Filing:
    """What was read from a document, in a chat: a draft until the user files it (归档)."""

    id: int
    chat: ChatId
    document: str
    page: int
    fields: Mapping[str, Any]  # what was read, as JSON: fields, sources, checks …; never changed
    # field → [read, corrected], and after filing a list of [earlier value, when it was replaced]
    corrections: Mapping[str, Any] = field(default_factory=dict)
    state: str = "draft"
    invoice_id: int | None = None


@dataclass(frozen=True, slots=True)
class NewFiling:
    """A reading to be kept as a draft; `key` makes it safe to repeat."""

    key: str
    chat: ChatId
    document: str
    page: int
    fields: Mapping[str, Any]
    at: datetime


async def draft(connection: AsyncConnection, readings: Sequence[NewFiling]) -> list[int]:
    """Keep readings as drafts; returns their ids."""
    ids = []
    for reading in readings:
        await connection.execute(
            insert(connection.dialect.name, filings)
            .values(
                key=reading.key,
                chat=str(reading.chat),
                document=reading.document,
                page=reading.page,
                fields=dict(reading.fields),
                corrections={},
                state="draft",
                created_at=reading.at,
            )
            .on_conflict_do_nothing(index_elements=["key"])
        )
        found = await connection.execute(sa.select(filings.c.id).where(filings.c.key == reading.key))
        ids.append(found.scalar_one())
    return ids


async def filing(connection: AsyncConnection, chat: ChatId, filing_id: int) -> Filing | None:
    """A filing of this chat."""
    row = (
        await connection.execute(
            sa.select(filings).where(filings.c.id == filing_id, filings.c.chat == str(chat))
        )
    ).first()
    return None if row is None else filing_of(row)


@dataclass(frozen=True, slots=True)
class FilingChange:
    """New contents of a filing; None leaves a part as it is."""

    id: int
    fields: Mapping[str, Any] | None = None
    corrections: Mapping[str, Any] | None = None
    state: str | None = None
    invoice_id: int | None = None


async def change_filing(connection: AsyncConnection, entries: Sequence[FilingChange]) -> list[None]:
    """Correct, file or drop filings; the caller has loaded them for their chat."""
    for entry in entries:
        values = {
            name: value
            for name in ("fields", "corrections", "state", "invoice_id")
            if (value := getattr(entry, name)) is not None
        }
        await connection.execute(sa.update(filings).where(filings.c.id == entry.id).values(**values))
    return [None for _ in entries]


async def waiting(connection: AsyncConnection, chat: ChatId, since: datetime) -> list[Filing]:
    """The drafts of this chat that are neither filed nor dropped and came after `since`, newest first."""
    rows = await connection.execute(
        sa.select(filings)
        .where(filings.c.chat == str(chat), filings.c.state == "draft", filings.c.created_at > since)
        .order_by(filings.c.id.desc())
    )
    return [filing_of(row) for row in rows]


async def batch(connection: AsyncConnection, chat: ChatId, filing_id: int) -> list[Filing]:
    """The filings of this chat that came from the same message as one of them, in order."""
    found = await connection.execute(
        sa.select(filings.c.key).where(filings.c.id == filing_id, filings.c.chat == str(chat))
    )
    key = found.scalar_one_or_none()
    if key is None:
        return []
    together = filings.c.key.startswith(key.rpartition("/")[0] + "/", autoescape=True)
    rows = await connection.execute(
        sa.select(filings).where(together, filings.c.chat == str(chat)).order_by(filings.c.id)
    )
    return [filing_of(row) for row in rows]


class FiledAs(StrEnum):
    """What filing a draft came to."""

    NEW = "new"
    KNOWN = "known"  # the company had the invoice already: it has its file and its owner now
    AGAIN = "again"  # the same person filed it before; nothing changed
    TAKEN = "taken"  # it belongs to somebody else; nothing changed


@dataclass(frozen=True, slots=True)
class ToFile:
    """A draft on its way to be filed; the invoice names its owner."""

    id: int
    invoice: InvoiceDraft


@dataclass(frozen=True, slots=True)
class Filed:
    """What became of it."""

    outcome: FiledAs
    invoice_id: int


async def file(connection: AsyncConnection, entries: Sequence[ToFile]) -> list[Filed]:
    """File drafts (归档). Safe to repeat; what the company knows better than a reading is left as it is."""
    return [await _file(connection, entry) for entry in entries]


async def _file(connection: AsyncConnection, entry: ToFile) -> Filed:
    invoice = entry.invoice
    known = await holder(connection, invoice.number, invoice.code)
    if known is None:
        invoice = replace(invoice, states={"reimbursement": ("draft", None)})
    else:
        invoice_id, owner_id = known
        if owner_id is not None and owner_id != invoice.owner_id:
            return Filed(FiledAs.TAKEN, invoice_id)
        if await filed_on(connection, invoice_id) is not None:
            return Filed(FiledAs.AGAIN, invoice_id)
        kept = await by_id(connection, Viewer(None, Role.ADMIN), invoice_id)
        known_better: dict[str, Any] = {
            name: None for name in _READ if getattr(kept, name, None) not in (None, "unknown")
        }
        invoice = replace(invoice, **known_better)
    (stored,) = await store(connection, [invoice])
    await change_filing(connection, [FilingChange(entry.id, state="filed", invoice_id=stored.id)])
    return Filed(FiledAs.NEW if stored.created else FiledAs.KNOWN, stored.id)


_READ = (
    "kind",
    "issue_date",
    "check_code",
    "seller_name",
    "seller_tax_id",
    "buyer_name",
    "buyer_tax_id",
    "amount",
    "tax",
    "total",
)


async def filed_on(connection: AsyncConnection, invoice_id: int) -> datetime | None:
    """When an invoice was first filed in a chat, or None; the caller has checked that its owner asks."""
    found = await connection.execute(
        sa.select(sa.func.min(filings.c.created_at)).where(
            filings.c.invoice_id == invoice_id, filings.c.state == "filed"
        )
    )
    first: datetime | None = found.scalar_one()
    return first


async def filed_by(
    connection: AsyncConnection, viewer: Viewer, limit: int = 10_000
) -> list[tuple[Filing, InvoiceRecord]]:
    """Everything filed whose invoice the viewer may see and owns, newest first."""
    mine = sa.and_(visible(viewer), invoices.c.owner_id == viewer.employee_id)
    found = await connection.execute(
        sa.select(filings)
        .join(invoices, invoices.c.id == filings.c.invoice_id)
        .where(filings.c.state == "filed", mine)
        .order_by(filings.c.id.desc())
        .limit(limit)
    )
    filed = [(filing_of(row), row.invoice_id) for row in found]
    records: dict[int, InvoiceRecord] = {}
    ids = [invoice_id for _, invoice_id in filed]
    for start in range(0, len(ids), 500):  # databases bound the number of parameters
        some = sa.select(invoices).where(invoices.c.id.in_(ids[start : start + 500]), mine)
        records |= {row.id: record(row) for row in await connection.execute(some)}
    return [(entry, records[invoice_id]) for entry, invoice_id in filed if invoice_id in records]


def filing_of(row: Any) -> Filing:
    """A row of `filings` as a record."""
    return Filing(
        id=row.id,
        chat=ChatId.parse(row.chat),
        document=row.document,
        page=row.page,
        fields=row.fields,
        corrections=row.corrections,
        state=row.state,
        invoice_id=row.invoice_id,
    )
