"""Waiting for what no event tells."""

import asyncio
from collections.abc import Callable

_PATIENCE = 60.0  # seconds; of which a busy machine uses a few


async def until(true: Callable[[], object], seconds: float = _PATIENCE) -> None:
    """Wait for something to become true; fail if it does not."""
    async with asyncio.timeout(seconds):
        while not true():  # noqa: ASYNC110 -- many different things are waited for, in other processes too
            await asyncio.sleep(0.01)
