"""The WeChat text path against a bare handler of the same server, in the same run.

    .venv/bin/python -m benchmarks.wechat [--messages 6000] [--database postgresql] [--nodes 2]

Signed, encrypted, understood, looked up, transcript stored, reply encrypted; every message is a status question
by number of a bound user with a few invoices.
"""

import argparse
import asyncio
import contextlib
import os
import secrets
import subprocess
import sys
import tempfile
import time
from datetime import UTC, date, datetime
from decimal import Decimal
from pathlib import Path
from urllib.parse import urlencode

import xmltodict
from wechatpy.crypto import WeChatCrypto

from benchmarks import layers
from benchmarks.load import Figures, closed_loop, cpu_seconds, open_loop
from bot.channels.wechat.codec import Cryptor, sign
from nlu.text.understanding import Understander
from storage import invoices, people
from storage.invoices import InvoiceDraft
from storage.people import Attach, NewEmployee
from storage.records import ChatId, Role
from storage.store import Store
from tests.databases import cluster
from tests.server import Server, free_port

TOKEN, APP_ID = "benchmarkTOKEN", "wxbenchmark000000"
AES_KEY = "benchmarkKEY0123456789abcdefghijklmnopqrstu"
USERS = 200
_CONNECTIONS = 50

_BARE = """
import asyncio, sys, uvicorn, uvloop
async def app(scope, receive, send):
    if scope["type"] != "http":
        return
    while (await receive()).get("more_body"):
        pass
    await send({"type": "http.response.start", "status": 200, "headers": [(b"content-length", b"7")]})
    await send({"type": "http.response.body", "body": b"success"})
config = uvicorn.Config(app, port=int(sys.argv[1]), loop="none", http="httptools", lifespan="off",
                        log_config=None, access_log=False, server_header=False)
uvloop.run(uvicorn.Server(config).serve())
"""


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--messages", type=int, default=6000)
    parser.add_argument("--seconds", type=float, default=10.0, help="of the open loop at 200 a second")
    parser.add_argument(
        "--database", default="", help="an address, or `postgresql` for a server of this run's own"
    )
    parser.add_argument("--nodes", type=int, default=1, help="servers on one PostgreSQL that share the load")
    parser.add_argument("--text", default="{number}", help="what users write; {number} is replaced")
    args = parser.parse_args()
    if args.nodes > 1 and not args.database:
        parser.error("--nodes needs --database: SQLite has one process")
    with contextlib.ExitStack() as stack:
        if args.database == "postgresql":
            args.database = stack.enter_context(cluster()).database()
        asyncio.run(_run(args))


async def _run(args: argparse.Namespace) -> None:
    print(f"{'':34}{'req/s':>9}{'p50 ms':>9}{'p99 ms':>9}{'CPU us':>9}{'faults':>8}")
    requests = _requests(args.messages, args.text)
    bare = await _bare(requests)
    with tempfile.TemporaryDirectory() as home:
        url = args.database or f"sqlite:///{home}/0/data/piaoda.db"
        servers = [_server(Path(home) / str(node), args.database) for node in range(args.nodes)]
        await _fill(url)
        began = time.perf_counter()
        await servers[0].start()
        ready = time.perf_counter() - began
        for server in servers[1:]:
            await server.start()
        ports = [server.port for server in servers]
        name = "piaoda" if args.nodes == 1 else f"piaoda, {args.nodes} nodes"
        await closed_loop(ports, _requests(300, args.text), 8)  # warm
        requests = _requests(args.messages, args.text)
        before = _cpu(servers)
        closed = await closed_loop(ports, requests, _CONNECTIONS)
        _show(f"{name}, {_CONNECTIONS} at once", closed, _cpu(servers) - before)
        requests = _requests(int(200 * args.seconds), args.text)
        before = _cpu(servers)
        opened = await open_loop(ports, requests, 200)
        _show(f"{name}, 200 a second", opened, _cpu(servers) - before)
        for server in servers:
            await server.stop()
        print(f"start to ready {ready:.2f} s; piaoda / bare: {closed.rate / bare.rate:.3f} of its rate")
        await _show_layers(url, Path(home) / "0", args.text)


def _server(home: Path, database: str) -> Server:
    home.mkdir()
    return Server(
        home, wechat_token=TOKEN, wechat_app_id=APP_ID, wechat_aes_key=AES_KEY,
        **({"database_url": database} if database else {}),
    )  # fmt: skip


def _cpu(servers: list[Server]) -> float:
    return sum(cpu_seconds(server.pid) for server in servers)


async def _bare(requests: list[bytes]) -> Figures:
    port = free_port()
    process = subprocess.Popen([sys.executable, "-c", _BARE, str(port)], env={**os.environ})  # noqa: ASYNC220
    try:
        while True:
            try:
                _, writer = await asyncio.open_connection("127.0.0.1", port)
                writer.close()
                break
            except OSError:
                await asyncio.sleep(0.05)
        before = cpu_seconds(process.pid)
        figures = await closed_loop([port], requests, _CONNECTIONS)
        _show("bare handler, 50 at once", figures, cpu_seconds(process.pid) - before)
        return figures
    finally:
        process.terminate()
        process.wait()


def _show(name: str, figures: Figures, cpu: float) -> None:
    each = 1e6 * cpu / max(1, len(figures.took))
    print(
        f"{name:34}{figures.rate:9.0f}{figures.quantile(0.5):9.1f}{figures.quantile(0.99):9.1f}"
        f"{each:9.0f}{figures.faults:8d}"
    )


async def _show_layers(url: str, home: Path, text: str) -> None:
    """CPU of each layer by itself, in this process, where a user speaks once in each round of 50."""
    understander = Understander.load(cache=home / "data" / "understanding")
    cryptor = Cryptor(TOKEN, APP_ID, AES_KEY)
    pushes = [
        (request[13 : request.index(b" HTTP")], request.partition(b"\r\n\r\n")[2])
        for request in _requests(1000, text)
    ]
    spent = await layers.measure(url, understander, cryptor, TOKEN, pushes)
    print("CPU us a message, each layer by itself (the rest of the above is HTTP, tasks, routing and log):")
    for layer, each in spent.items():
        print(f"  {layer:32}{each:7.0f}")
    print(f"  {'together':32}{sum(spent.values()):7.0f}")


def _number(user: int) -> str:
    return f"2611200000{user:010d}"


def _requests(count: int, text: str) -> list[bytes]:
    """Ready-made, signed and sealed requests, each a new message."""
    crypto = WeChatCrypto(TOKEN, AES_KEY, APP_ID)
    return [_request(crypto, number % USERS, text) for number in range(count)]


def _request(crypto: WeChatCrypto, user: int, text: str) -> bytes:
    now, nonce = str(int(time.time())), secrets.token_hex(5)
    content = text.format(number=_number(user))
    xml = (
        f"<xml><ToUserName><![CDATA[gh_bench]]></ToUserName><FromUserName><![CDATA[o{user:027d}]]></FromUserName>"
        f"<CreateTime>{now}</CreateTime><MsgType><![CDATA[text]]></MsgType><Content><![CDATA[{content}]]></Content>"
        f"<MsgId>{secrets.randbelow(2**62)}</MsgId></xml>"
    )
    sealed = xmltodict.parse(crypto.encrypt_message(xml, nonce, now))["xml"]
    query = urlencode(
        {
            "signature": sign(TOKEN, now, nonce), "timestamp": now, "nonce": nonce, "encrypt_type": "aes",
            "msg_signature": sealed["MsgSignature"],
        }
    )  # fmt: skip
    body = f"<xml><ToUserName>gh_bench</ToUserName><Encrypt><![CDATA[{sealed['Encrypt']}]]></Encrypt></xml>".encode()
    head = f"POST /wechat?{query} HTTP/1.1\r\nhost: localhost\r\ncontent-length: {len(body)}\r\n\r\n"
    return head.encode() + body


async def _fill(url: str) -> None:
    """Bound users with an invoice each, and 20,000 invoices of others."""
    Path(url.removeprefix("sqlite:///")).parent.mkdir(parents=True, exist_ok=True)
    store, now = await Store.open(url), datetime.now(UTC)
    for user in range(USERS):
        employee = await store.write(people.add, NewEmployee(f"B{user}", "员工", Role.EMPLOYEE, now))
        await store.write(people.attach, Attach(ChatId("wechat", f"o{user:027d}"), employee, now))
        await store.write(invoices.store, _draft(_number(user), employee, now))
    for start in range(0, 20_000, 2_000):
        drafts = [_draft(f"2611200001{place:010d}", None, now) for place in range(start, start + 2_000)]
        await asyncio.gather(*(store.write(invoices.store, draft) for draft in drafts))
    await store.close()


def _draft(number: str, owner: int | None, now: datetime) -> InvoiceDraft:
    return InvoiceDraft(
        number=number, kind="digital_ordinary", issue_date=date(2026, 8, 3), seller_name=f"卖方{number[-3:]}有限公司",
        total=Decimal("106.00"), amount=Decimal("100.00"), tax=Decimal("6.00"), owner_id=owner, at=now,
        states={"tax": ("normal", None), "reimbursement": ("under_review", None)},
    )  # fmt: skip


if __name__ == "__main__":
    main()
