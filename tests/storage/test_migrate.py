"""A start asks Alembic only when a migration is due; what it knows without it has to agree."""

import subprocess
import sys
from pathlib import Path

import pytest
import sqlalchemy as sa
from alembic.config import Config
from alembic.script import ScriptDirectory

from storage import migrate
from storage.database import StoreSetupError
from storage.store import Store
from tests.server import ROOT

_OPEN = """
import asyncio, sys
from storage.store import Store
async def main():
    await (await Store.open(sys.argv[1])).close()
asyncio.run(main())
sys.exit("alembic" in sys.modules)
"""


def test_the_numbered_files_lead_where_alembic_says() -> None:
    config = Config()
    config.set_main_option("script_location", str(ROOT / "storage" / "migrations"))
    assert migrate.newest() == ScriptDirectory.from_config(config).get_current_head()


async def test_a_current_database_is_opened_without_alembic(tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path}/piaoda.db"
    await (await Store.open(url)).close()
    done = subprocess.run([sys.executable, "-c", _OPEN, url], cwd=ROOT, timeout=60)  # noqa: ASYNC221
    assert done.returncode == 0
    await (await Store.open(url, migrate_first=False)).close()


async def test_a_schema_of_the_future_is_refused(tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path}/piaoda.db"
    await (await Store.open(url)).close()
    engine = sa.create_engine(url)
    with engine.begin() as connection:
        connection.execute(sa.text("UPDATE alembic_version SET version_num = '9999'"))
    engine.dispose()
    with pytest.raises(StoreSetupError, match="9999"):
        await Store.open(url)
    with pytest.raises(StoreSetupError, match="not current"):
        await Store.open(url, migrate_first=False)
