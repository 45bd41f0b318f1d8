"""A load of ready-made requests over plain sockets: cheap enough to share two cores with what it measures."""

import asyncio
import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path


@dataclass
class Figures:
    """What a load saw."""

    seconds: float = 0.0
    took: list[float] = field(default_factory=list)  # seconds of each request
    faults: int = 0

    @property
    def rate(self) -> float:
        """Requests a second."""
        return len(self.took) / self.seconds if self.seconds else 0.0

    def quantile(self, part: float) -> float:
        """Milliseconds that this part of the requests did not exceed."""
        ordered = sorted(self.took)
        return 1000 * ordered[min(len(ordered) - 1, int(part * len(ordered)))] if ordered else 0.0


async def closed_loop(ports: Sequence[int], requests: Sequence[bytes], connections: int) -> Figures:
    """Send all requests over so many connections, each as soon as its last is answered; servers share them."""
    figures, waiting = Figures(), iter(requests)
    started = time.perf_counter()

    async def work(port: int) -> None:
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        for request in waiting:
            began = time.perf_counter()
            await _exchange(reader, writer, request, figures)
            figures.took.append(time.perf_counter() - began)
        writer.close()

    await asyncio.gather(*(work(ports[number % len(ports)]) for number in range(connections)))
    figures.seconds = time.perf_counter() - started
    return figures


async def open_loop(ports: Sequence[int], requests: Sequence[bytes], rate: float) -> Figures:
    """Send at a fixed rate, whatever the answers do; times count from when a request was due.

    Several servers have their turns one after the other.
    """
    figures = Figures()
    idle: dict[int, list[tuple[asyncio.StreamReader, asyncio.StreamWriter]]] = {port: [] for port in ports}
    started = time.perf_counter()

    async def work(port: int, request: bytes, due: float) -> None:
        pair = idle[port].pop() if idle[port] else await asyncio.open_connection("127.0.0.1", port)
        await _exchange(*pair, request, figures)
        figures.took.append(time.perf_counter() - due)
        idle[port].append(pair)

    tasks = []
    for number, request in enumerate(requests):
        due = started + number / rate
        if (pause := due - time.perf_counter()) > 0:
            await asyncio.sleep(pause)
        tasks.append(asyncio.create_task(work(ports[number % len(ports)], request, due)))
    await asyncio.gather(*tasks)
    figures.seconds = time.perf_counter() - started
    for pairs in idle.values():
        for _, writer in pairs:
            writer.close()
    return figures


async def _exchange(
    reader: asyncio.StreamReader, writer: asyncio.StreamWriter, request: bytes, figures: Figures
) -> None:
    writer.write(request)
    head = await reader.readuntil(b"\r\n\r\n")
    length = int(head.lower().split(b"content-length: ")[1].split(b"\r\n")[0])
    body = await reader.readexactly(length) if length else b""
    if b" 200 " not in head[:16] or (length and b"<xml>" not in body and body != b"success"):
        figures.faults += 1


def cpu_seconds(pid: int) -> float:
    """Processor time a process and its waited-for children have used."""
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / 100
