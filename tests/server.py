"""The real server as a process of its own, to be talked to, killed and started again."""

import asyncio
import contextlib
import os
import random
import signal
import socket
import sys
from pathlib import Path

import httpx

ROOT = Path(__file__).parent.parent
_READY_SECONDS = 90.0  # of which a few are used


def free_port() -> int:
    """A port that is free now, and that no outgoing connection is given.

    From the system's own range, clients that knock while a server is down would in the end be given its port as
    theirs, be connected to themselves, and leave it no port to come back to.
    """
    while True:
        port = random.randint(10_000, 32_000)
        with socket.socket() as probe, contextlib.suppress(OSError):
            probe.bind(("127.0.0.1", port))
            return port


class Server:
    """`piaoda serve` with the given settings; `kill` is SIGKILL, `stop` is SIGTERM."""

    def __init__(self, home: Path, **settings: str) -> None:
        self.home = home
        self.port = free_port()
        self.base = f"http://127.0.0.1:{self.port}"
        self._process: asyncio.subprocess.Process | None = None
        clean = {name: value for name, value in os.environ.items() if not name.startswith("PIAODA_")}
        self.environment = {
            **clean,
            "PYTHONPATH": str(ROOT),
            "PIAODA_DATA_DIR": str(home / "data"),
            "PIAODA_PORT": str(self.port),
            "PIAODA_LOG_LEVEL": "warning",
            **{f"PIAODA_{name.upper()}": value for name, value in settings.items()},
        }

    async def __aenter__(self) -> "Server":
        await self.start()
        return self

    async def __aexit__(self, *_: object) -> None:
        if self._process is not None and self._process.returncode is None:
            await self.kill()  # what was tested has failed

    async def start(self) -> None:
        """Start it and wait until it is ready."""
        with (self.home / "log").open("ab") as log:
            self._process = await asyncio.create_subprocess_exec(
                sys.executable, "-m", "bot", "serve",
                cwd=self.home, env=self.environment, stdout=log, stderr=log, start_new_session=True,
            )  # fmt: skip
        async with httpx.AsyncClient(trust_env=False) as client, asyncio.timeout(_READY_SECONDS):
            while True:
                if self._process.returncode is not None:
                    raise AssertionError(f"the server has ended:\n{self.log[-4000:]}")
                try:
                    if (await client.get(f"{self.base}/readyz")).status_code == 200:
                        return
                except httpx.TransportError:
                    pass
                await asyncio.sleep(0.05)

    async def kill(self) -> None:
        """SIGKILL, for it and its children."""
        await self._end(signal.SIGKILL)

    async def stop(self) -> int:
        """SIGTERM; returns the exit status."""
        return await self._end(signal.SIGTERM, group=False)

    async def _end(self, number: signal.Signals, *, group: bool = True) -> int:
        process = self._process
        assert process is not None
        if process.returncode is None:
            if group:
                os.killpg(process.pid, number)
            else:
                process.send_signal(number)
        async with asyncio.timeout(_READY_SECONDS):
            return await process.wait()

    @property
    def pid(self) -> int:
        """Its process number."""
        assert self._process is not None
        return self._process.pid

    @property
    def log(self) -> str:
        """What it has written."""
        return (self.home / "log").read_text("utf-8", "replace")
