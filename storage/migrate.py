"""Schema migrations through Alembic: old or new, never between, on both databases."""

from pathlib import Path
from typing import TYPE_CHECKING

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncEngine

from storage.database import StoreSetupError

if TYPE_CHECKING:
    from alembic.config import Config

_MIGRATIONS = Path(__file__).parent / "migrations"
_LOCK = 7_301_846  # advisory lock on PostgreSQL: one node migrates, the others wait


async def migrate(engine: AsyncEngine) -> None:
    """Bring the schema to the newest version, in one transaction."""
    async with engine.begin() as connection:
        await connection.run_sync(_upgrade)


async def check_current(engine: AsyncEngine) -> None:
    """Raise StoreSetupError when the schema is not the newest."""
    async with engine.connect() as connection:
        if await connection.run_sync(_version) != newest():
            raise StoreSetupError("the database schema is not current; run `piaoda migrate`")


def newest() -> str:
    """The version that the migrations lead to: their files are numbered, so that Alembic need not be asked."""
    return max(path.name for path in (_MIGRATIONS / "versions").glob("[0-9]*_*.py")).partition("_")[0]


def _upgrade(connection: sa.Connection) -> None:
    if connection.dialect.name == "postgresql":
        connection.execute(sa.select(sa.func.pg_advisory_xact_lock(_LOCK)))
    version = _version(connection)
    if version == newest():
        return
    from alembic import command  # slow to import, and most starts find the newest schema
    from alembic.script import ScriptDirectory

    config = _config()
    known = {script.revision for script in ScriptDirectory.from_config(config).walk_revisions()}
    if version is not None and version not in known:
        raise StoreSetupError(
            f"the database has schema {version}, which this version of Piaoda does not know"
        )
    config.attributes["connection"] = connection
    command.upgrade(config, "head")


def _version(connection: sa.Connection) -> str | None:
    if not sa.inspect(connection).has_table(_VERSIONS.name):
        return None
    return connection.scalar(sa.select(_VERSIONS.c.version_num))


_VERSIONS = sa.table("alembic_version", sa.column("version_num", sa.Text))


def _config() -> "Config":
    from alembic.config import Config

    config = Config()
    config.set_main_option("script_location", str(_MIGRATIONS))
    return config
