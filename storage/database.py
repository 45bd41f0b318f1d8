"""Engines for SQLite and PostgreSQL, set up so that nothing acknowledged can be lost."""

import fcntl
import os
import sqlite3
from pathlib import Path
from typing import IO, Any

import sqlalchemy as sa
from sqlalchemy.engine import URL, make_url
from sqlalchemy.ext.asyncio import AsyncEngine, create_async_engine
from sqlalchemy.pool import AsyncAdaptedQueuePool

from storage.onehop import DRIVER

READERS = 4  # questions asked at the same time


class StoreUnavailableError(Exception):
    """The database does not answer; the platform should deliver again."""


class StoreSetupError(Exception):
    """The database cannot be used as configured; the message is one clear line."""


class DirectoryBusyError(StoreSetupError):
    """Another process has the data directory."""


def database_url(text: str) -> URL:
    """Return the async URL for what an administrator would write.

    Accepts sqlite:///path, sqlite+aiosqlite:///path, postgresql://…, postgres://…, postgresql+asyncpg://….
    Raises StoreSetupError for anything else.
    """
    try:
        url = make_url(text)
    except sa.exc.ArgumentError as error:
        raise StoreSetupError("PIAODA_DATABASE_URL is not a database address") from error
    match url.get_backend_name():
        case "sqlite":
            return url.set(drivername=DRIVER)
        case "postgresql" | "postgres":
            return url.set(drivername="postgresql+asyncpg")
        case other:
            raise StoreSetupError(f"PIAODA_DATABASE_URL: {other} is not supported; use sqlite or postgresql")


def writing_engine(url: URL) -> AsyncEngine:
    """An engine for the one writer: a single connection."""
    return _engine(url, size=1, read_only=False)


def reading_engine(url: URL) -> AsyncEngine:
    """An engine for reads beside the writer."""
    return _engine(url, size=READERS, read_only=True)


def _engine(url: URL, *, size: int, read_only: bool) -> AsyncEngine:
    if url.get_backend_name() == "sqlite":
        # A read is one statement: no transaction around it that would have to be rolled back.
        alone: dict[str, Any] = {"isolation_level": "AUTOCOMMIT", "skip_autocommit_rollback": True}
        engine = create_async_engine(
            url,
            poolclass=AsyncAdaptedQueuePool,
            pool_size=size,
            max_overflow=0,
            hide_parameters=True,  # errors are logged, and texts of users are not
            connect_args={"timeout": 5},
            **(alone if read_only else {}),
        )
        _prepare_sqlite(engine, read_only=read_only)
        return engine
    return create_async_engine(
        url,
        pool_size=size,
        max_overflow=0 if not read_only else 4,
        pool_pre_ping=False,
        hide_parameters=True,
        connect_args={"timeout": 10, "command_timeout": 30},
        # A read is one statement: no BEGIN and ROLLBACK around it.
        isolation_level="AUTOCOMMIT" if read_only else "READ COMMITTED",
    )


def _prepare_sqlite(engine: AsyncEngine, *, read_only: bool) -> None:
    """WAL with synchronous=FULL loses no acknowledged commit in a power cut; NORMAL does.

    The driver's own BEGIN is switched off: it starts none before DDL (half-done migrations) and a deferred
    one before writes (SQLITE_BUSY_SNAPSHOT).
    """

    @sa.event.listens_for(engine.sync_engine, "connect")
    def connect(connection: Any, record: Any) -> None:
        connection.isolation_level = None
        cursor = connection.cursor()
        cursor.execute("PRAGMA busy_timeout=5000")
        if read_only:
            cursor.execute("PRAGMA query_only=1")
        else:
            cursor.execute("PRAGMA journal_mode=WAL")
            cursor.execute("PRAGMA synchronous=FULL")
            cursor.execute("PRAGMA foreign_keys=ON")
        cursor.close()

    if not read_only:

        @sa.event.listens_for(engine.sync_engine, "begin")
        def begin(connection: sa.Connection) -> None:
            connection.exec_driver_sql("BEGIN IMMEDIATE")


# The WAL-reset corruption bug needs two connections that write or checkpoint at once; we have one writer.
_FIXED = ((3, 44, 6), (3, 50, 7), (3, 51, 3))


def sqlite_warning() -> str | None:
    """A line for the log when this SQLite has the WAL-reset bug (3.7.0 to 3.51.2); one writer avoids it."""
    version = sqlite3.sqlite_version_info
    fixed = version >= _FIXED[2] or any(version[:2] == f[:2] and version >= f for f in _FIXED)
    if fixed:
        return None
    return (
        f"SQLite {sqlite3.sqlite_version} has the WAL-reset bug (fixed in 3.51.3); "
        "keep other programs away from the file"
    )


class DirectoryLock:
    """One process owns a data directory: SQLite has one writer."""

    def __init__(self, directory: Path) -> None:
        self._path = directory / "lock"
        self._file: IO[str] | None = None

    def acquire(self) -> None:
        """Take the lock; raises DirectoryBusyError when another process has it, StoreSetupError without the right."""
        try:
            self._path.parent.mkdir(parents=True, exist_ok=True)
            file = self._path.open("a+")
        except OSError as error:
            raise StoreSetupError(
                f"{self._path.parent} cannot be written to ({error.strerror}); set PIAODA_DATA_DIR"
            ) from error
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError as error:
            file.close()
            raise DirectoryBusyError(
                f"another piaoda uses {self._path.parent}; stop it, or set PIAODA_DATA_DIR"
            ) from error
        file.truncate(0)
        file.write(str(os.getpid()))
        file.flush()
        self._file = file

    def release(self) -> None:
        if self._file is not None:
            self._file.close()
            self._file = None
