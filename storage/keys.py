"""Keys of the REST interface (接口密钥): made once, shown once, kept as digests."""

import hashlib
import secrets
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection

from storage.schema import api_keys


@dataclass(frozen=True, slots=True)
class NewKey:
    """A key to be made, with the name of who gets it."""

    name: str
    at: datetime


async def make(connection: AsyncConnection, wishes: Sequence[NewKey]) -> list[str]:
    """Make keys; each is returned this once."""
    made = []
    for wish in wishes:
        key = f"pd_{secrets.token_urlsafe(32)}"
        await connection.execute(
            sa.insert(api_keys).values(digest=_digest(key), name=wish.name, created_at=wish.at)
        )
        made.append(key)
    return made


async def holder(connection: AsyncConnection, key: str) -> str | None:
    """The name behind a key that is in force."""
    found = await connection.execute(
        sa.select(api_keys.c.name).where(api_keys.c.digest == _digest(key), api_keys.c.revoked_at.is_(None))
    )
    return found.scalar_one_or_none()


async def names(connection: AsyncConnection) -> list[tuple[str, datetime, datetime | None]]:
    """(name, made at, revoked at) of all keys."""
    rows = await connection.execute(sa.select(api_keys).order_by(api_keys.c.created_at))
    return [(row.name, row.created_at, row.revoked_at) for row in rows]


async def revoke(connection: AsyncConnection, wishes: Sequence[NewKey]) -> list[int]:
    """End all keys of a name; returns how many."""
    return [
        (
            await connection.execute(
                sa.update(api_keys)
                .where(api_keys.c.name == wish.name, api_keys.c.revoked_at.is_(None))
                .values(revoked_at=wish.at)
            )
        ).rowcount
        for wish in wishes
    ]


def _digest(key: str) -> str:
    return hashlib.sha256(key.encode()).hexdigest()
