"""All black-box rows of the channels, in all modes, against the running program. The tables name the rows.

Three programs run at the same time and all rows with them, as users do; each test then tells how its row came out.
"""

import asyncio
import re
from collections.abc import Awaitable, Callable, Mapping
from typing import Any

import pytest
import pytest_asyncio

from tests.databases import Cluster
from tests.rows import wechat_rows
from tests.rows.running import Place, Running, prepare, running

MODES = {
    "plain": ("polling", "sqlite"),
    "compatible": ("webhook", "sqlite"),
    "safe": ("polling", "postgresql"),
}
NUMBERS = {
    "A": range(1, 10), "B": range(1, 21), "C": range(1, 30), "D": range(1, 27), "E": range(1, 21),
    "F": range(1, 9), "G": range(1, 7), "H": range(1, 6),
}  # fmt: skip
AT_ONCE = 12
PATIENCE = 240.0  # seconds for all rows, of which a fraction is used

pytestmark = [pytest.mark.slow, pytest.mark.asyncio(loop_scope="module")]

Outcomes = Mapping[tuple[str, str], BaseException | None]
Play = Callable[[Running, str], Awaitable[None]]


def of_mode(rows: Mapping[str, Mapping[str, Any]], mode: str) -> list[str]:
    """The rows that are played in a mode."""
    return [name for name, row in rows.items() if mode in row.get("modes", [mode])]


WECHAT = [(mode, name) for mode in MODES for name in of_mode(wechat_rows.ROWS, mode)]


async def test_every_row_is_there() -> None:
    numbers = {name.split()[0] for name in wechat_rows.ROWS}
    assert {f"{letter}{number:02d}" for letter, some in NUMBERS.items() for number in some} <= numbers


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def outcomes(postgres: Cluster, tmp_path_factory: pytest.TempPathFactory) -> Outcomes:
    """How every row came out."""
    places = {}
    for mode, (_, database) in MODES.items():
        url = postgres.database() if database == "postgresql" else None
        places[mode] = await prepare(tmp_path_factory.mktemp(mode), url, wechat_rows.fill)
    async with asyncio.timeout(PATIENCE):
        found = await asyncio.gather(*(in_mode(mode, place) for mode, place in places.items()))
    return {key: outcome for each in found for key, outcome in each.items()}


async def in_mode(mode: str, place: Place) -> Outcomes:
    """Play the rows of one mode."""
    telegram_mode, _ = MODES[mode]
    rows = of_mode(wechat_rows.ROWS, mode)
    last = [name for name in rows if wechat_rows.ROWS[name].get("last")]
    results: dict[tuple[str, str], BaseException | None] = {}

    async def all_of(names: list[str], play: Play) -> None:
        free = asyncio.Semaphore(AT_ONCE)

        async def one(name: str) -> None:
            async with free:
                await play(program, name)

        ends = await asyncio.gather(*(one(name) for name in names), return_exceptions=True)
        results.update({(mode, name): end for name, end in zip(names, ends, strict=True)})

    async with running(place, mode=mode, telegram_mode=telegram_mode) as program:
        await wechat_rows.cause_notices(program)
        await all_of([name for name in rows if name not in (*last, *wechat_rows.NOTICES)], wechat_rows.play)
        await settled(program)
        await all_of(list(wechat_rows.NOTICES), wechat_rows.play)
        await settled(program)
        await all_of(last, wechat_rows.play)
    return results


async def settled(program: Running) -> None:
    """Wait until every outgoing message has its fate."""
    while True:
        measured = (await program.http.get("/metrics")).text
        if not re.search(r'piaoda_outbox\{state="(queued|sending|passive)"\}', measured):
            return
        await asyncio.sleep(0.2)


@pytest.mark.parametrize(("mode", "row"), WECHAT)
async def test_wechat(outcomes: Outcomes, mode: str, row: str) -> None:
    if (error := outcomes[(mode, row)]) is not None:
        raise error
