"""Strangers at every public address of the running program: a 4xx for each, and nothing else happens."""

import asyncio
import json
import re
import resource
import secrets
from collections.abc import AsyncIterator, Awaitable, Callable
from pathlib import Path
from typing import Any

import httpx
import pytest
import pytest_asyncio
import yaml

from tests.databases import Cluster
from tests.rows.running import SECRET, Running, prepare, running
from tests.wechat.doubles import text_push

ROWS: dict[str, Any] = yaml.safe_load((Path(__file__).parent / "hostile.yaml").read_text("utf-8"))
CROWD = 2000  # connections that say nothing
PATIENCE = 40.0  # seconds, past the program's own limits
_MANY = re.compile(r"\{(.+?) × (\d+)\}", re.DOTALL)

pytestmark = [pytest.mark.slow, pytest.mark.asyncio(loop_scope="module")]

Content = bytes | AsyncIterator[bytes]
Send = Callable[[Running, Content], Awaitable[httpx.Response]]


def text(written: str) -> str:
    """What a row writes: `{a × 3}` is aaa."""
    return _MANY.sub(lambda found: found[1] * int(found[2]), written)


@pytest_asyncio.fixture(scope="module", loop_scope="module", params=["sqlite", "postgresql"])
async def here(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> AsyncIterator[Running]:
    database = None
    if request.param == "postgresql":
        server: Cluster = request.getfixturevalue("postgres")
        database = server.database()
    place = await prepare(tmp_path_factory.mktemp("hostile"), database)
    async with running(place, mode="safe", telegram_mode="webhook") as program:
        assert (await program.http.get("/")).status_code == 200
        yield program


async def alive(here: Running) -> None:
    assert (await here.http.get("/readyz")).status_code == 200


@pytest.mark.parametrize("name", ROWS["raw"])
async def test_odd_requests_are_refused(here: Running, name: str) -> None:
    row = ROWS["raw"][name]
    assert await status_of(here, text(row["sends"]).encode("latin-1")) in row["says"]
    await alive(here)


async def status_of(here: Running, request: bytes) -> int | str:
    """The status that a whole request gets."""
    reader, writer = await asyncio.open_connection("127.0.0.1", here.server.port)
    try:
        async with asyncio.timeout(PATIENCE):
            writer.write(request)
            await writer.drain()
            head = await reader.readline()
    except ConnectionError:
        return "closed"
    finally:
        writer.close()
    return int(head.split()[1]) if head else "closed"


async def _to_wechat(here: Running, body: Content) -> httpx.Response:
    return await here.http.post("/wechat", params=here.platform.query(msg_signature="0" * 40), content=body)


async def _to_telegram(here: Running, body: Content) -> httpx.Response:
    headers = {"X-Telegram-Bot-Api-Secret-Token": SECRET}
    return await here.http.post("/telegram", content=body, headers=headers)


async def _to_page(here: Running, body: Content) -> httpx.Response:
    return await here.http.post("/chat/messages", content=body)


async def _to_rest(here: Running, body: Content) -> httpx.Response:
    return await here.http.post("/api/v1/invoices", content=body, headers=_key(here))


def _key(here: Running) -> dict[str, str]:
    return {"authorization": f"Bearer {here.key}"}


ENTRIES: dict[str, Send] = {
    "wechat": _to_wechat, "telegram": _to_telegram, "page": _to_page, "rest": _to_rest,
}  # fmt: skip


@pytest.mark.parametrize("name", ROWS["bodies"])
@pytest.mark.parametrize("entry", ENTRIES)
async def test_odd_bodies_are_refused(here: Running, entry: str, name: str) -> None:
    body = text(ROWS["bodies"][name]["body"]).encode("latin-1")
    pieces = [body[at : at + 50_000] for at in range(0, len(body), 50_000)]
    for content in (body, _stream(pieces)):
        try:
            answer = await ENTRIES[entry](here, content)
        except httpx.TransportError:
            # The WeChat callback is closed to what is too large before all of it is sent.
            assert (entry, name) == ("wechat", "large")
        else:
            assert 400 <= answer.status_code < 500, answer.text
            assert len(answer.content) < 200
    await alive(here)


async def _stream(pieces: list[bytes]) -> AsyncIterator[bytes]:
    for piece in pieces:
        yield piece


def _fields(allowed: str) -> list[Any]:
    return [
        pytest.param(name, value, id=f"{name}-{place}")
        for name, row in ROWS["invoice"].items()
        for place, value in enumerate(row.get(allowed, ()))
    ]


def _invoice(name: str, value: Any) -> bytes:
    value = text(value) if isinstance(value, str) else value
    written = json.dumps({"invoices": [{"number": "26112000000000000009", name: value}]})
    return written.replace("\\\\ud", "\\ud").encode()


@pytest.mark.parametrize(("name", "value"), _fields("no"))
async def test_an_invoice_with_nonsense_is_refused(here: Running, name: str, value: Any) -> None:
    answer = await _to_rest(here, _invoice(name, value))
    assert answer.status_code == 422, answer.text


@pytest.mark.parametrize(("name", "value"), _fields("yes"))
async def test_an_odd_invoice_is_taken(here: Running, name: str, value: Any) -> None:
    answer = await _to_rest(here, _invoice(name, value))
    assert answer.status_code == 200, answer.text


@pytest.mark.parametrize("path", ROWS["paths"])
async def test_what_is_not_there_is_not_found(here: Running, path: str) -> None:
    for headers in ({}, _key(here)):
        answer = await here.http.get(text(path), headers=headers)
        assert answer.status_code in (400, 401, 404, 405), answer.text
        assert "location" not in answer.headers


@pytest.mark.parametrize("method", ["PUT", "DELETE", "PATCH", "OPTIONS", "TRACE"])
async def test_other_methods_are_refused(here: Running, method: str) -> None:
    for path in (
        "/",
        "/wechat",
        "/telegram",
        "/chat/messages",
        "/chat/events",
        "/api/v1/invoices",
        "/healthz",
    ):
        assert (await here.http.request(method, path)).status_code == 405


async def test_headers_lead_nowhere(here: Running) -> None:
    for name, value in (
        (b"cookie", b"piaoda_chat=\xff"), (b"host", b"other.example"), (b"host", b"\xff"), (b"accept", b"\xff"),
        (b"origin", b"http://[::1"), (b"origin", b"null"), (b"authorization", b"Bearer \xff"),
        (b"last-event-id", b"9" * 40), (b"x-forwarded-for", b"\xff"), (b"content-type", b"\xff/\xff"),
    ):  # fmt: skip
        for path in ("/healthz", "/", "/chat/messages", "/api/v1/invoices/1", "/metrics"):
            answer = await here.http.get(path, headers=[(name, value)])
            assert answer.status_code < 500
            assert "other.example" not in answer.text + str(answer.headers)
        assert (await here.http.post("/chat/messages", headers=[(name, value)])).status_code < 500


async def test_hostile_file_names_are_names(here: Running) -> None:
    for query in (
        "name=%00",
        "name=..%2f..%2fa.pdf",
        "name=a%0d%0aX-Evil:1.pdf",
        "name=%ff",
        "name=" + "n" * 9000,
    ):
        id_ = secrets.token_hex(8)
        answer = await here.http.post(f"/chat/files?id={id_}&{query}", content=b"%PDF-1.7 nonsense")
        assert answer.status_code == 202
    for query in ("", "id=x", "id=..%2f..%2fabcd", "id=abcdefgh&album=%00"):
        assert (await here.http.post(f"/chat/files?{query}", content=b"%PDF-1.7")).status_code == 400
    assert (await here.http.post("/chat/files?id=abcdefgh", content=b"a" * 20_000_001)).status_code == 413
    async with asyncio.timeout(PATIENCE):
        while len(files := await _files(here)) < 5:  # noqa: ASYNC110 -- the program is watched
            await asyncio.sleep(0.05)
    assert not any(re.search(r"[\x00-\x1f/\\]", name) for name in files)


async def _files(here: Running) -> list[str]:
    messages = (await here.http.get("/chat/messages")).json()["messages"]
    return [part["name"] for message in messages for part in message["files"]]


SLOW = {
    "silent": b"",
    "half a head": b"POST /wechat?signature=1 HTTP/1.1\r\nHost: x\r\nX: ",
    "line feeds": b"\r\n",
    "half a body, refused": b"POST /telegram HTTP/1.1\r\nHost: x\r\nContent-Length: 9\r\n\r\n{",
}


@pytest.mark.parametrize("here", ["sqlite"], indirect=True, scope="module")
async def test_thousands_who_say_nothing_hold_nobody_up(here: Running) -> None:
    soft, most = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (most, most))
    crowd = []
    try:
        for number in range(min(CROWD, most // 2)):
            reader, writer = await asyncio.open_connection("127.0.0.1", here.server.port)
            writer.write(list(SLOW.values())[number % len(SLOW)])
            crowd.append((reader, writer))
        said = [here.platform.say(text_push(f"oCrowd{number}", "1", "你好")) for number in range(20)]
        assert all("发票" in (words or "") for words in await asyncio.gather(*said))
        await alive(here)
        async with asyncio.timeout(PATIENCE):
            ends = await asyncio.gather(*(_end(reader) for reader, _ in crowd))
        assert {end for number, end in enumerate(ends) if number % len(SLOW) == 1} == {408}
    finally:
        for _, writer in crowd:
            writer.close()
        resource.setrlimit(resource.RLIMIT_NOFILE, (soft, most))


async def _end(reader: asyncio.StreamReader) -> int | None:
    """The status that came before the connection ended."""
    try:
        said = await reader.read()
    except ConnectionError:
        return None
    return int(said.split()[1]) if said else None


async def test_nothing_was_kept_or_told(here: Running) -> None:
    """After all of the above, and once more in bulk: the same memory, the same handles, a clean log."""
    body = text(ROWS["bodies"]["large"]["body"]).encode()
    before = _size(here)
    for _ in range(2):
        sends = [send(here, body) for send in ENTRIES.values() for _ in range(10)]
        await asyncio.gather(*sends, return_exceptions=True)
    assert _size(here)[0] < before[0] + 60_000  # kB
    assert _size(here)[1] < before[1] + 100  # handles
    name, number = "张三丰测试有限公司", "26112000000000000009"
    await _to_rest(here, _invoice("owner", name))
    await here.platform.say(text_push("oSecretive", "2", f"{name} {number}"))
    answer = await here.http.post(
        "/chat/messages", json={"id": secrets.token_hex(8), "text": f"{name} {number}", "language": "zh"}
    )
    assert answer.status_code == 202
    for secret in (name, number, here.key, SECRET, "oSecretive", here.http.cookies["piaoda_chat"]):
        assert secret not in here.server.log
    assert "Traceback" not in here.server.log


def _size(here: Running) -> tuple[int, int]:
    """(resident kB, open files) of the program."""
    process = Path(f"/proc/{here.server.pid}")
    found = re.search(r"VmRSS:\s+(\d+)", (process / "status").read_text())
    assert found
    return int(found[1]), len(list((process / "fd").iterdir()))
