"""All black-box rows of the channels, in all modes, against the running program. The tables name the rows.

Three programs run at the same time and all rows with them, as users do; each test then tells how its row came out.
"""

import asyncio
import re
from collections.abc import Awaitable, Callable, Iterable, Mapping
from typing import Any

import pytest
import pytest_asyncio

from storage.store import Store
from tests.databases import Cluster
from tests.rows import telegram_rows, wechat_rows
from tests.rows.running import Place, Running, prepare, running

MODES = {
    "plain": ("polling", "sqlite"),
    "compatible": ("webhook", "sqlite"),
    "safe": ("polling", "postgresql"),
}
NUMBERS = {
    "A": range(1, 10), "B": range(1, 21), "C": range(1, 30), "D": range(1, 27), "E": range(1, 21),
    "F": range(1, 9), "G": range(1, 7), "H": range(1, 6),
    "T": (*range(1, 4), *range(5, 16), *range(20, 32), 40, 41, *range(50, 56), *range(60, 63), 70, 71,
          *range(80, 83), *range(90, 94)),
}  # fmt: skip
AT_ONCE = 12
PATIENCE = 240.0  # seconds for all rows, of which a fraction is used

pytestmark = [pytest.mark.slow, pytest.mark.asyncio(loop_scope="module")]

Outcomes = Mapping[tuple[str, str], BaseException | None]


def of_mode(rows: Mapping[str, Mapping[str, Any]], mode: str) -> list[str]:
    """The rows that are played in a mode."""
    return [name for name, row in rows.items() if mode in row.get("modes", [mode])]


def ids(rows: list[tuple[str, str]]) -> dict[str, Any]:
    return {"argvalues": rows, "ids": [f"{mode}-{name}" for mode, name in rows]}


WECHAT = [(mode, name) for mode in MODES for name in of_mode(wechat_rows.ROWS, mode)]
TELEGRAM = [(mode, name) for mode in ("polling", "webhook") for name in of_mode(telegram_rows.ROWS, mode)]


async def test_every_row_is_there() -> None:
    numbers = {name.split()[0] for name in (*wechat_rows.ROWS, *telegram_rows.ROWS)}
    assert {f"{letter}{number:02d}" for letter, some in NUMBERS.items() for number in some} <= numbers


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def outcomes(postgres: Cluster, tmp_path_factory: pytest.TempPathFactory) -> Outcomes:
    """How every row came out."""
    places = {}
    for mode, (_, database) in MODES.items():
        url = postgres.database() if database == "postgresql" else None
        places[mode] = await prepare(tmp_path_factory.mktemp(mode), url, fill)
    async with asyncio.timeout(PATIENCE):
        found = await asyncio.gather(*(in_mode(mode, place) for mode, place in places.items()))
    return {key: outcome for each in found for key, outcome in each.items()}


async def fill(store: Store) -> None:
    """What the rows need to be known before."""
    await wechat_rows.fill(store)
    await telegram_rows.fill(store)


async def in_mode(mode: str, place: Place) -> Outcomes:
    """Play the rows of one program; Telegram's where no other program has that mode."""
    telegram_mode, _ = MODES[mode]
    results: dict[tuple[str, str], BaseException | None] = {}

    async def wechat(names: Iterable[str]) -> None:
        results.update(await all_of(mode, names, lambda name: wechat_rows.play(program, name)))

    async def telegram(names: Iterable[str]) -> None:
        if mode != "safe":
            results.update(
                await all_of(
                    telegram_mode, names, lambda name: telegram_rows.play(program, telegram_mode, name)
                )
            )

    async with running(place, mode=mode, telegram_mode=telegram_mode) as program:
        await wechat_rows.cause_notices(program)
        first, last = split(of_mode(wechat_rows.ROWS, mode), wechat_rows.ROWS)
        other_first, other_last = split(of_mode(telegram_rows.ROWS, telegram_mode), telegram_rows.ROWS)
        async with asyncio.TaskGroup() as group:
            group.create_task(wechat(name for name in first if name not in wechat_rows.NOTICES))
            group.create_task(telegram(other_first))
        await settled(program)
        await wechat(wechat_rows.NOTICES)
        await settled(program)
        await wechat(last)
        await telegram(other_last)
    return results


def split(names: list[str], rows: Mapping[str, Mapping[str, Any]]) -> tuple[list[str], list[str]]:
    """Rows to be played first, and those that judge the whole at the end."""
    last = [name for name in names if rows[name].get("last")]
    return [name for name in names if name not in last], last


async def all_of(mode: str, names: Iterable[str], play: Callable[[str], Awaitable[None]]) -> Outcomes:
    """Play rows, some of them at a time."""
    free = asyncio.Semaphore(AT_ONCE)

    async def one(name: str) -> None:
        async with free:
            await play(name)

    listed = list(names)
    ends = await asyncio.gather(*(one(name) for name in listed), return_exceptions=True)
    return {(mode, name): end for name, end in zip(listed, ends, strict=True)}


async def settled(program: Running) -> None:
    """Wait until every outgoing message has its fate."""
    while True:
        measured = (await program.http.get("/metrics")).text
        if not re.search(r'piaoda_outbox\{state="(queued|sending|passive)"\}', measured):
            return
        await asyncio.sleep(0.2)


@pytest.mark.parametrize(("mode", "row"), **ids(WECHAT))
async def test_wechat(outcomes: Outcomes, mode: str, row: str) -> None:
    if (error := outcomes[(mode, row)]) is not None:
        raise error


@pytest.mark.parametrize(("mode", "row"), **ids(TELEGRAM))
async def test_telegram(outcomes: Outcomes, mode: str, row: str) -> None:
    if (error := outcomes[(mode, row)]) is not None:
        raise error
