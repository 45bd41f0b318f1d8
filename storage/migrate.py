"""Schema migrations through Alembic: old or new, never between, on both databases."""

from pathlib import Path

import sqlalchemy as sa
from alembic import command
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy.ext.asyncio import AsyncEngine

from storage.database import StoreSetupError

_LOCK = 7_301_846  # advisory lock on PostgreSQL: one node migrates, the others wait


async def migrate(engine: AsyncEngine) -> None:
    """Bring the schema to the newest version, in one transaction."""
    async with engine.begin() as connection:
        await connection.run_sync(_upgrade)


async def check_current(engine: AsyncEngine) -> None:
    """Raise StoreSetupError when the schema is not the newest."""
    async with engine.connect() as connection:
        if await connection.run_sync(_version) != _newest(_config()):
            raise StoreSetupError("the database schema is not current; run `piaoda migrate`")


def _upgrade(connection: sa.Connection) -> None:
    config = _config()
    if connection.dialect.name == "postgresql":
        connection.execute(sa.select(sa.func.pg_advisory_xact_lock(_LOCK)))
    version = _version(connection)
    if version == _newest(config):
        return
    if version is not None and version not in _known(config):
        raise StoreSetupError(
            f"the database has schema {version}, which this version of Piaoda does not know"
        )
    config.attributes["connection"] = connection
    command.upgrade(config, "head")


def _version(connection: sa.Connection) -> str | None:
    return MigrationContext.configure(connection).get_current_revision()


def _newest(config: Config) -> str | None:
    return ScriptDirectory.from_config(config).get_current_head()


def _known(config: Config) -> set[str]:
    return {script.revision for script in ScriptDirectory.from_config(config).walk_revisions()}


def _config() -> Config:
    config = Config()
    config.set_main_option("script_location", str(Path(__file__).parent / "migrations"))
    return config
