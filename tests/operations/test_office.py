"""Operations from the command line, also while the server has the database for itself."""

import base64
from pathlib import Path
from typing import Any

import pytest

from bot import office
from bot.office import OperationError, perform
from bot.settings import Settings
from storage import invoices, keys
from storage.database import DirectoryBusyError
from storage.records import Role, Viewer
from storage.store import Store

ALL = Viewer(None, Role.ADMIN)


def settings(home: Path) -> Settings:
    return Settings(data_dir=home, _env_file=None)  # type: ignore[call-arg]


def sheet(state: str) -> dict[str, Any]:
    text = f"发票号码,价税合计,报销状态,工号\n26112000000000000001,106.00,{state},1001\n"
    return {"content": base64.b64encode(text.encode()).decode(), "name": "list.csv", "source": "import"}


async def test_a_second_import_of_the_same_sheet_changes_nothing(tmp_path: Path) -> None:
    here = settings(tmp_path)
    await perform(here, "users.add", {"number": "1001", "name": "员工一", "role": "employee"})
    first = await perform(here, "import", sheet("审批中"))
    assert (first["created"], first["changed"], first["strangers"]) == (1, 0, 0)
    second = await perform(here, "import", sheet("审批中"))
    assert (second["created"], second["changed"]) == (0, 0)
    third = await perform(here, "import", sheet("已到账"))
    assert (third["created"], third["changed"]) == (0, 1)


async def test_a_staff_number_that_nobody_has_is_said(tmp_path: Path) -> None:
    result = await perform(settings(tmp_path), "import", sheet("审批中"))
    assert result["strangers"] == 1


async def test_a_running_server_does_it_for_the_command(tmp_path: Path) -> None:
    here = settings(tmp_path)
    store = await Store.open(here.database)
    try:
        with pytest.raises(DirectoryBusyError):
            await perform(here, "import", sheet("审批中"))
        server = await office.serve(store, here)
        assert server is not None
        assert (tmp_path / "office.sock").stat().st_mode & 0o077 == 0
        result = await perform(here, "import", sheet("审批中"))
        assert result["created"] == 1
        assert len(await store.ask(invoices.by_number, invoices.Named(ALL, "26112000000000000001"))) == 1
        with pytest.raises(OperationError):
            await perform(here, "users.code", {"number": "9999"})
        server.close()
        await server.wait_closed()
    finally:
        await store.close()


async def test_a_key_is_in_force_until_it_is_revoked(tmp_path: Path) -> None:
    here = settings(tmp_path)
    key = await perform(here, "keys.make", {"name": "finance"})
    store = await Store.open(here.database)
    assert await store.read(keys.holder, key) == "finance"
    assert await store.read(keys.holder, key + "x") is None
    await store.close()
    assert await perform(here, "keys.revoke", {"name": "finance"}) == 1
    store = await Store.open(here.database)
    assert await store.read(keys.holder, key) is None
    await store.close()
