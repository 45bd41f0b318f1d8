"""A long mixed load, and what of the server grows under it.

    nice -n 10 .venv/bin/python -m benchmarks.soak [--minutes 10] [--texts 20] [--pages 40]

WeChat texts, chat pages that write, listen and come back, and a photo now and then. Every so often a line with the
memory of the server and of its reader, open handles, threads, and messages that are not settled.
"""

import argparse
import asyncio
import io
import json
import random
import secrets
import tempfile
import time
from pathlib import Path

import httpx
from PIL import Image, ImageDraw

from benchmarks import wechat
from tests.fakes.wechat import APP_ID
from tests.server import Server
from tests.wechat.doubles import AES_KEY, TOKEN, Platform, text_push

_SENTENCES = (
    "你好", "上个月的发票", "发票丢了怎么办", "why is my invoice not in the system", "領収書を失くしました", "帮助",
    "300 元以上的餐饮发票", "next", "谢谢", "电子发票和纸质发票有什么区别", "月底提醒我交票", "取消",
)  # fmt: skip
_TIMES = 20  # lines


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--minutes", type=float, default=10.0)
    parser.add_argument("--texts", type=float, default=20.0, help="WeChat texts a second")
    parser.add_argument("--pages", type=int, default=40, help="chat pages that are open")
    asyncio.run(_run(parser.parse_args()))


async def _run(args: argparse.Namespace) -> None:
    with tempfile.TemporaryDirectory() as home:
        await wechat._fill(f"sqlite:///{home}/data/piaoda.db")
        server = Server(
            Path(home), demo="true", wechat_token=TOKEN, wechat_app_id=APP_ID, wechat_aes_key=AES_KEY
        )
        await server.start()
        end = time.monotonic() + 60 * args.minutes
        counts = {"texts": 0, "written": 0, "events": 0, "photos": 0, "faults": 0}
        limits = httpx.Limits(max_connections=args.pages * 2 + 50)
        async with httpx.AsyncClient(
            base_url=server.base, timeout=60, trust_env=False, limits=limits
        ) as http:
            async with asyncio.TaskGroup() as group:
                group.create_task(_texts(http, args.texts, end, counts))
                for _ in range(args.pages):
                    group.create_task(_page(server.base, end, counts))
                await _watch(server, http, end, counts)
            await asyncio.sleep(10)  # what is still in work ends
            await _show(server, http, end, counts)
        print(f"stopped with {await server.stop()}")


async def _texts(http: httpx.AsyncClient, rate: float, end: float, counts: dict[str, int]) -> None:
    """Sealed pushes of 200 users at a fixed rate."""
    platform = Platform("safe", http)
    waiting: set[asyncio.Task[None]] = set()
    number = 0
    while time.monotonic() < end:
        number += 1
        text = random.choice((*_SENTENCES, wechat._number(number % wechat.USERS)))
        xml = text_push(f"o{number % wechat.USERS:027d}", str(number), text)
        task = asyncio.create_task(_push(platform, xml, counts))
        waiting.add(task)
        task.add_done_callback(waiting.discard)
        await asyncio.sleep(1 / rate)
    await asyncio.gather(*waiting)


async def _push(platform: Platform, xml: str, counts: dict[str, int]) -> None:
    response = await platform.push(xml)
    counts["texts"] += 1
    counts["faults"] += response.status_code != 200


async def _page(base: str, end: float, counts: dict[str, int]) -> None:
    """A browser: it opens the page, listens for some seconds at a time, writes, and sends a photo now and then."""
    while time.monotonic() < end:
        async with httpx.AsyncClient(base_url=base, timeout=60, trust_env=False) as http:
            await http.get("/")
            for _ in range(random.randint(1, 6)):
                listening = asyncio.create_task(_listen(http, random.uniform(1, 15), counts))
                content = _photo() if random.random() < 0.01 else None
                if content is not None:
                    query = {"id": secrets.token_hex(8), "name": "photo.jpg", "language": "zh"}
                    answer = await http.post("/chat/files", params=query, content=content)
                    counts["photos"] += 1
                else:
                    body = {"id": secrets.token_hex(8), "text": random.choice(_SENTENCES), "language": "zh"}
                    answer = await http.post("/chat/messages", content=json.dumps(body))
                counts["written"] += 1
                counts["faults"] += answer.status_code not in (202, 429)
                await listening


async def _listen(http: httpx.AsyncClient, seconds: float, counts: dict[str, int]) -> None:
    try:
        async with asyncio.timeout(seconds), http.stream("GET", "/chat/events") as stream:
            async for line in stream.aiter_lines():
                counts["events"] += line.startswith("data:")
    except (TimeoutError, httpx.TransportError):
        pass


def _photo() -> bytes:
    page = Image.new("RGB", (1200, 800), "white")
    ImageDraw.Draw(page).text((100, 100), f"No. 2611200000{random.randrange(10**10):010d}", "black")
    content = io.BytesIO()
    page.save(content, "JPEG")
    return content.getvalue()


async def _watch(server: Server, http: httpx.AsyncClient, end: float, counts: dict[str, int]) -> None:
    began, pause = time.monotonic(), (end - time.monotonic()) / _TIMES
    print(f"{'s':>6}{'MB':>7}{'reader':>8}{'handles':>9}{'threads':>9}  unsettled, and what was done")
    while time.monotonic() < end:
        await _show(server, http, began, counts)
        await asyncio.sleep(min(pause, max(0.1, end - time.monotonic())))


async def _show(server: Server, http: httpx.AsyncClient, began: float, counts: dict[str, int]) -> None:
    measured = (await http.get("/metrics")).text.splitlines()
    open_now = [line for line in measured if line.startswith(("piaoda_outbox{", "piaoda_inbox "))]
    print(_line(server, time.monotonic() - began), " ".join(open_now), counts, flush=True)


def _line(server: Server, seconds: float) -> str:
    process = Path(f"/proc/{server.pid}")
    status = dict(line.split(":", 1) for line in (process / "status").read_text().splitlines())
    children = (process / f"task/{server.pid}/children").read_text().split()
    read = [Path(f"/proc/{child}/statm").read_text().split()[1] for child in children]
    return (
        f"{seconds:6.0f}{int(status['VmRSS'].split()[0]) / 1024:7.0f}{sum(map(int, read)) * 4 / 1024:8.0f}"
        f"{len(list((process / 'fd').iterdir())):9d}{status['Threads'].strip():>9} "
    )


if __name__ == "__main__":
    main()
