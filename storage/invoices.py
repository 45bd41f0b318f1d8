"""Invoices (发票) with their three states and history. Every read of one goes through `visible`."""

import unicodedata
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from decimal import Decimal
from typing import Any

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection

from storage import statements
from storage.prepared import Prepared
from storage.records import ChatId, InvoiceRecord, StatusLine, Viewer
from storage.schema import invoices, status_changes, watches
from storage.statements import insert

LINES = ("tax", "use", "reimbursement")


def visible(viewer: Viewer) -> sa.ColumnElement[bool]:
    """The one access check: the owner sees their invoices, finance and administrators see all."""
    if viewer.sees_all:
        return sa.true()
    if viewer.employee_id is None:
        return sa.false()
    return invoices.c.owner_id == viewer.employee_id


def _visible_to_each(of: Mapping[str, Any]) -> sa.ColumnElement[bool]:
    """The same check for many askers in one statement; `of` are the fields that `_asker` gives of each."""
    return sa.or_(of["all"].as_boolean(), invoices.c.owner_id == of["owner"].as_integer())


def _asker(viewer: Viewer) -> dict[str, Any]:
    return {"owner": viewer.employee_id, "all": viewer.sees_all}


def folded(name: str) -> str:
    """A party name as searches compare it: width, case, brackets and spaces folded."""
    return "".join(unicodedata.normalize("NFKC", name).casefold().split())


def key_of(number: str, code: str | None) -> str:
    """The duplicate key: the 20-digit number alone, or code and number of an older invoice."""
    return f"{code}-{number}" if code and len(number) != 20 else number


@dataclass(frozen=True, slots=True)
class InvoiceDraft:
    """An invoice on its way in: what an import line, a filed document or a REST call says of it.

    Fields that are None leave what is known as it is. `states` maps a line (tax, use, reimbursement) to
    (value, raw text).
    """

    number: str
    code: str | None = None
    kind: str | None = None
    issue_date: date | None = None
    check_code: str | None = None
    seller_name: str | None = None
    seller_tax_id: str | None = None
    buyer_name: str | None = None
    buyer_tax_id: str | None = None
    amount: Decimal | None = None
    tax: Decimal | None = None
    total: Decimal | None = None
    owner_id: int | None = None
    document: str | None = None
    demo: bool = False
    states: Mapping[str, tuple[str, str | None]] = field(default_factory=dict)
    source: str = "import"
    at: datetime | None = None


@dataclass(frozen=True, slots=True)
class Stored:
    """What became of a draft."""

    id: int
    created: bool
    changed: bool  # a state changed
    owner_id: int | None


_PLAIN = (
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
    "document",
)
_FIRST_STATES = {"tax": "unknown", "use": "unknown", "reimbursement": "draft"}


async def store(connection: AsyncConnection, drafts: Sequence[InvoiceDraft]) -> list[Stored]:
    """Insert new invoices and bring known ones up to date; each changed state is kept in the history."""
    results: dict[int, Stored] = {}
    # Two nodes that write the same invoices lock them in the same order, so that neither waits for the other.
    for place in sorted(
        range(len(drafts)), key=lambda place: key_of(drafts[place].number, drafts[place].code)
    ):
        results[place] = await _store(connection, drafts[place])
    return [results[place] for place in range(len(drafts))]


async def _store(connection: AsyncConnection, draft: InvoiceDraft) -> Stored:
    known = sa.select(invoices).where(invoices.c.key == key_of(draft.number, draft.code)).with_for_update()
    row = (await connection.execute(known)).first()
    if row is None and (stored := await _insert(connection, draft)) is not None:
        return stored
    # Where it was not inserted after all, another node has done so meanwhile and committed.
    row = row or (await connection.execute(known)).one()
    return await _update(connection, row, draft)


async def _insert(connection: AsyncConnection, draft: InvoiceDraft) -> Stored | None:
    values: dict[str, Any] = {name: getattr(draft, name) for name in _PLAIN}
    values["kind"] = draft.kind or "unknown"  # a list of states need not tell
    for line in LINES:
        value, _ = draft.states.get(line, (_FIRST_STATES[line], None))
        known = line in draft.states
        values[f"{line}_state"] = value
        values[f"{line}_state_at"] = draft.at if known else None
        values[f"{line}_state_source"] = draft.source if known else None
    result = await connection.execute(
        insert(connection.dialect.name, invoices)
        .values(
            **values,
            key=key_of(draft.number, draft.code),
            number=draft.number,
            code=draft.code,
            owner_id=draft.owner_id,
            seller_folded=folded(draft.seller_name) if draft.seller_name else None,
            change=0,
            demo=draft.demo,
            created_at=draft.at,
        )
        .on_conflict_do_nothing(index_elements=["key"])
        .returning(invoices.c.id)
    )
    id_ = result.scalar_one_or_none()
    return None if id_ is None else Stored(id_, created=True, changed=False, owner_id=draft.owner_id)


async def _update(connection: AsyncConnection, row: Any, draft: InvoiceDraft) -> Stored:
    values: dict[str, Any] = {
        name: value
        for name in _PLAIN
        if (value := getattr(draft, name)) is not None and value != getattr(row, name)
    }
    if "seller_name" in values:
        values["seller_folded"] = folded(values["seller_name"])
    if draft.owner_id is not None and row.owner_id is None:
        values["owner_id"] = draft.owner_id
    change = row.change
    history = []
    for line, (value, raw) in draft.states.items():
        old = getattr(row, f"{line}_state")
        values[f"{line}_state_at"] = draft.at
        values[f"{line}_state_source"] = draft.source
        if value == old:
            continue
        change += 1
        values[f"{line}_state"] = value
        history.append(
            {
                "invoice_id": row.id,
                "change": change,
                "line": line,
                "old": old,
                "new": value,
                "raw": raw,
                "source": draft.source,
                "at": draft.at,
            }
        )
    if values:
        await connection.execute(
            sa.update(invoices).where(invoices.c.id == row.id).values(**values, change=change)
        )
    if history:
        await connection.execute(sa.insert(status_changes), history)
    return Stored(row.id, created=False, changed=bool(history), owner_id=values.get("owner_id", row.owner_id))


@dataclass(frozen=True, slots=True)
class Named:
    """An invoice as somebody names it: all with this number, or the one of this code."""

    viewer: Viewer
    number: str
    code: str | None = None
    chat: ChatId | None = None  # to be told whether it follows the invoice


_MOST = 20  # invoices of one number that are told


async def by_number(connection: AsyncConnection, asked: Sequence[Named]) -> list[list[InvoiceRecord]]:
    """For each: the invoices with this number that the viewer may see, newest first.

    Several older ones may share eight digits.
    """
    questions = [
        {
            "place": place,
            "number": each.number,
            "code": each.code,
            "chat": None if each.chat is None else str(each.chat),
            **_asker(each.viewer),
        }
        for place, each in enumerate(asked)
    ]
    rows = await _BY_NUMBER.rows(connection, asked=questions)
    found: list[list[InvoiceRecord]] = [[] for _ in asked]
    for row in rows:
        followed = None if asked[row.place].chat is None else bool(row.followed)
        found[row.place].append(record(row, followed))
    return [records[:_MOST] for records in found]


def _by_number(dialect: str) -> sa.Select[Any]:
    rows, of = statements.asked(dialect, "place", "number", "code", "chat", "owner", "all")
    code = of["code"].as_string()
    watch = (watches.c.chat == of["chat"].as_string()) & (watches.c.invoice_id == invoices.c.id)
    return (
        sa.select(
            of["place"].as_integer().label("place"), invoices, sa.exists().where(watch).label("followed")
        )
        .select_from(rows.join(invoices, invoices.c.number == of["number"].as_string()))
        .where(
            _visible_to_each(of),
            sa.or_(code.is_(None), invoices.c.code == code),
        )
        .order_by(invoices.c.issue_date.desc(), invoices.c.id.desc())
    )


_BY_NUMBER = Prepared(_by_number)


async def by_id(connection: AsyncConnection, viewer: Viewer, invoice_id: int) -> InvoiceRecord | None:
    """One invoice, if the viewer may see it."""
    found = await connection.execute(sa.select(invoices).where(invoices.c.id == invoice_id, visible(viewer)))
    row = found.first()
    return None if row is None else record(row)


@dataclass(frozen=True, slots=True)
class Beside:
    """A person's own invoices of the seller of one of them."""

    owner_id: int
    invoice_id: int


async def beside(connection: AsyncConnection, asked: Sequence[Beside]) -> list[dict[str, int]]:
    """For each: how many further invoices of that seller the person has, by reimbursement state."""
    found: list[dict[str, int]] = [{} for _ in asked]
    questions = [
        {"place": place, "owner": each.owner_id, "invoice": each.invoice_id}
        for place, each in enumerate(asked)
    ]
    for place, state, count in await _BESIDE.rows(connection, asked=questions):
        found[place][state] = count
    return found


def _beside(dialect: str) -> sa.Select[Any]:
    rows, of = statements.asked(dialect, "place", "owner", "invoice")
    owner, one, other = of["owner"].as_integer(), invoices.alias("one"), invoices.alias("other")
    place = of["place"].as_integer()
    same = (other.c.owner_id == one.c.owner_id) & (other.c.seller_folded == one.c.seller_folded)
    return (
        sa.select(place.label("place"), other.c.reimbursement_state, sa.func.count().label("count"))
        .select_from(
            rows.join(one, one.c.id == of["invoice"].as_integer()).join(
                other, same & (other.c.id != one.c.id)
            )
        )
        .where(one.c.owner_id == owner)
        .group_by(place, other.c.reimbursement_state)
    )


_BESIDE = Prepared(_beside)


@dataclass(frozen=True, slots=True)
class Change:
    """One entry of an invoice's history."""

    line: str
    old: str | None
    new: str
    source: str
    at: datetime


async def changes(connection: AsyncConnection, invoice_id: int, after: int = 0) -> list[Change]:
    """The history of one invoice after change number `after`; the caller has checked access to it."""
    rows = await connection.execute(
        sa.select(status_changes)
        .where(status_changes.c.invoice_id == invoice_id, status_changes.c.change > after)
        .order_by(status_changes.c.change)
    )
    return [Change(row.line, row.old, row.new, row.source, row.at) for row in rows]


async def holder(connection: AsyncConnection, number: str, code: str | None) -> tuple[int, int | None] | None:
    """(invoice id, owner id) behind a duplicate key, for the duplicate check alone: tells that, never who."""
    found = await connection.execute(
        sa.select(invoices.c.id, invoices.c.owner_id).where(invoices.c.key == key_of(number, code))
    )
    row = found.first()
    return None if row is None else (row.id, row.owner_id)


async def sellers(connection: AsyncConnection, limit: int = 1_000_000) -> list[str]:
    """The distinct seller names, for the seller index."""
    rows = await connection.execute(
        sa.select(invoices.c.seller_name).where(invoices.c.seller_name.is_not(None)).distinct().limit(limit)
    )
    return [name for (name,) in rows]


def record(row: Any, followed: bool | None = None) -> InvoiceRecord:
    """A row as a record."""
    return InvoiceRecord(
        id=row.id,
        owner_id=row.owner_id,
        kind=row.kind or "unknown",
        code=row.code,
        number=row.number,
        issue_date=row.issue_date,
        seller_name=row.seller_name,
        seller_tax_id=row.seller_tax_id,
        buyer_name=row.buyer_name,
        buyer_tax_id=row.buyer_tax_id,
        amount=row.amount,
        tax=row.tax,
        total=row.total,
        check_code=row.check_code,
        tax_state=StatusLine(row.tax_state, row.tax_state_at, row.tax_state_source),
        use_state=StatusLine(row.use_state, row.use_state_at, row.use_state_source),
        reimbursement_state=StatusLine(
            row.reimbursement_state, row.reimbursement_state_at, row.reimbursement_state_source
        ),
        change=row.change,
        demo=row.demo,
        document=row.document,
        created_at=row.created_at,
        followed=followed,
    )
