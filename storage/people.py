"""Employees (员工), the chats that are theirs, and the one-time codes that bind the two."""

import hashlib
import secrets
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection

from storage.records import ChatId, Employee, Role
from storage.schema import bind_codes, bind_failures, employees, identities
from storage.statements import insert

CODE_LIFETIME = timedelta(days=7)
MAX_FAILURES = 5  # wrong codes in a row from one chat
LOCK = timedelta(hours=1)  # then no further tries for this long


@dataclass(frozen=True, slots=True)
class NewEmployee:
    """An employee to be added, or brought up to date by number."""

    number: str
    name: str
    role: Role
    at: datetime
    demo: bool = False


async def add(connection: AsyncConnection, people: Sequence[NewEmployee]) -> list[int]:
    """Add or update employees by their number; returns their ids."""
    ids = []
    for person in people:
        statement = insert(connection.dialect.name, employees).values(
            number=person.number,
            name=person.name,
            role=person.role.value,
            demo=person.demo,
            created_at=person.at,
        )
        result = await connection.execute(
            statement.on_conflict_do_update(
                index_elements=["number"],
                set_={"name": statement.excluded.name, "role": statement.excluded.role},
            ).returning(employees.c.id)
        )
        ids.append(result.scalar_one())
    return ids


async def everyone(connection: AsyncConnection) -> list[Employee]:
    """All employees by number."""
    rows = await connection.execute(sa.select(employees).order_by(employees.c.number))
    return [_employee(row) for row in rows]


async def by_numbers(connection: AsyncConnection, numbers: Sequence[str]) -> dict[str, int]:
    """Employee ids by number (工号)."""
    rows = await connection.execute(
        sa.select(employees.c.number, employees.c.id).where(employees.c.number.in_(numbers))
    )
    return {number: id_ for number, id_ in rows}


async def named(connection: AsyncConnection, name: str) -> list[Employee]:
    """The employees whose name holds these words; for those who may see all."""
    columns = employees.c
    rows = await connection.execute(
        sa.select(employees)
        .where(sa.or_(columns.name.contains(name, autoescape=True), columns.number == name))
        .order_by(columns.id)
        .limit(5)
    )
    return [_employee(row) for row in rows]


async def of_chat(connection: AsyncConnection, chat: ChatId) -> Employee | None:
    """The employee behind a chat."""
    rows = await connection.execute(
        sa.select(employees)
        .join(identities, identities.c.employee_id == employees.c.id)
        .where(identities.c.chat == str(chat))
    )
    row = rows.first()
    return None if row is None else _employee(row)


@dataclass(frozen=True, slots=True)
class NewCode:
    """A one-time code to be made for an employee."""

    employee_id: int
    at: datetime


async def make_code(connection: AsyncConnection, requests: Sequence[NewCode]) -> list[str]:
    """One-time codes (绑定码) of eight digits; only their digests are kept."""
    codes = []
    for request in requests:
        code = f"{secrets.randbelow(10**8):08d}"
        await connection.execute(
            sa.insert(bind_codes).values(
                digest=_digest(code), employee_id=request.employee_id, expires_at=request.at + CODE_LIFETIME
            )
        )
        codes.append(code)
    return codes


@dataclass(frozen=True, slots=True)
class Binding:
    """A chat that shows a code."""

    chat: ChatId
    employee_number: str
    code: str
    at: datetime


async def bind(connection: AsyncConnection, bindings: Sequence[Binding]) -> list[Employee | str]:
    """Bind chats to employees: the employee, or the reason it was refused: wrong | locked."""
    return [await _bind(connection, binding) for binding in bindings]


async def _bind(connection: AsyncConnection, binding: Binding) -> Employee | str:
    chat = str(binding.chat)
    failures = (
        await connection.execute(sa.select(bind_failures).where(bind_failures.c.chat == chat))
    ).first()
    recent = failures is not None and failures.last_at > binding.at - LOCK
    if recent and failures is not None and failures.tries >= MAX_FAILURES:
        return "locked"
    used = await connection.execute(
        sa.update(bind_codes)
        .where(
            bind_codes.c.digest == _digest(binding.code),
            bind_codes.c.used_at.is_(None),
            bind_codes.c.expires_at > binding.at,
            bind_codes.c.employee_id
            == sa.select(employees.c.id)
            .where(employees.c.number == binding.employee_number)
            .scalar_subquery(),
        )
        .values(used_at=binding.at)
        .returning(bind_codes.c.employee_id)
    )
    employee_id = used.scalar_one_or_none()
    if employee_id is None:
        statement = insert(connection.dialect.name, bind_failures).values(
            chat=chat, tries=1, last_at=binding.at
        )
        await connection.execute(
            statement.on_conflict_do_update(
                index_elements=["chat"],
                set_={"tries": bind_failures.c.tries + 1 if recent else 1, "last_at": binding.at},
            )
        )
        return "wrong"
    await connection.execute(sa.delete(bind_failures).where(bind_failures.c.chat == chat))
    await attach(connection, [Attach(binding.chat, employee_id, binding.at)])
    row = (await connection.execute(sa.select(employees).where(employees.c.id == employee_id))).one()
    return _employee(row)


@dataclass(frozen=True, slots=True)
class Attach:
    """A chat that is known to be an employee's."""

    chat: ChatId
    employee_id: int
    at: datetime


async def attach(connection: AsyncConnection, pairs: Sequence[Attach]) -> list[None]:
    """Give chats to employees; an earlier binding of the chat ends."""
    for pair in pairs:
        statement = insert(connection.dialect.name, identities).values(
            chat=str(pair.chat), employee_id=pair.employee_id, bound_at=pair.at
        )
        await connection.execute(
            statement.on_conflict_do_update(
                index_elements=["chat"],
                set_={"employee_id": pair.employee_id, "bound_at": pair.at},
            )
        )
    return [None for _ in pairs]


async def unbind(connection: AsyncConnection, chats: Sequence[ChatId]) -> list[None]:
    """The chats are nobody's any more."""
    await connection.execute(
        sa.delete(identities).where(identities.c.chat.in_([str(chat) for chat in chats]))
    )
    return [None for _ in chats]


def _digest(code: str) -> str:
    return hashlib.sha256(code.encode()).hexdigest()


def _employee(row: Any) -> Employee:
    return Employee(row.id, row.number, row.name, Role(row.role), row.demo)
