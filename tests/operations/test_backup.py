"""A backup is whole, taken beside a server that writes, and never half a file."""

import asyncio
from datetime import UTC, datetime
from pathlib import Path

import pytest

from bot.cli import main
from bot.commands.backup import BackupError, backup
from storage import people
from storage.people import NewEmployee
from storage.records import Role
from storage.store import Store

NOW = datetime(2026, 8, 19, 2, 0, tzinfo=UTC)


async def add(store: Store, number: int) -> None:
    await store.write(people.add, NewEmployee(f"{number:04d}", "员工", Role.EMPLOYEE, NOW))


async def test_a_copy_beside_a_writer_opens_and_holds_what_was_acknowledged(tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path}/data/piaoda.db"
    store = await Store.open(url)
    for number in range(50):
        await add(store, number)
    stopping = asyncio.Event()

    async def go_on() -> None:
        number = 1000
        while not stopping.is_set():
            number += 1
            await add(store, number)

    writing = asyncio.create_task(go_on())
    (tmp_path / "copy").mkdir()
    copy = tmp_path / "copy" / "piaoda.db"
    size = await asyncio.to_thread(backup, url, copy)
    stopping.set()
    await writing
    await store.close()
    assert size == copy.stat().st_size
    assert copy.stat().st_mode & 0o077 == 0
    assert [path.name for path in copy.parent.iterdir()] == ["piaoda.db"]
    restored = await Store.open(f"sqlite:///{copy}")
    numbers = {each.number for each in await restored.read(people.everyone)}
    await restored.close()
    assert {f"{number:04d}" for number in range(50)} <= numbers


def test_a_file_that_is_there_is_not_touched(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("PIAODA_DATA_DIR", str(tmp_path))
    asyncio.run(_empty(tmp_path))
    assert main(["backup", "one.db"]) == 0
    assert "checked" in capsys.readouterr().out
    before = Path("one.db").read_bytes()
    assert main(["backup", "one.db"]) == 1
    assert "there already" in capsys.readouterr().err
    assert Path("one.db").read_bytes() == before


async def _empty(home: Path) -> None:
    await (await Store.open(f"sqlite:///{home}/piaoda.db")).close()


@pytest.mark.parametrize("url", ["postgresql://u@h/d", "sqlite:////nowhere/at/all.db"])
def test_what_cannot_be_copied_is_refused_in_one_line(tmp_path: Path, url: str) -> None:
    with pytest.raises(BackupError) as refused:
        backup(url, tmp_path / "x.db")
    assert "\n" not in str(refused.value)
    assert list(tmp_path.iterdir()) == []
