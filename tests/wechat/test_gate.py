"""Who may come in: addresses, signatures, time, replays, modes, sizes (rows A, B, C15-C29)."""

import asyncio
import time
from collections.abc import AsyncIterator
from urllib.parse import urlencode

import pytest
import xmltodict

from bot.channels.wechat.account import Account
from bot.channels.wechat.codec import sign
from tests.wechat.conftest import Stage
from tests.wechat.doubles import APP_ID, TOKEN, bad_ciphertexts, payload, text_push


def test_the_documented_signature() -> None:
    assert sign("AAAAA", "1714036504", "1514711492") == "f464b24fc39322e44b38aa78f5edd27bd1441696"


async def test_the_address_check_is_echoed_exactly(stage: Stage) -> None:
    for echo in ("4375120948345356249", "<b>&\"' 票", "e" * 4000):
        response = await stage.platform.http.get("/wechat", params=stage.platform.query(echostr=echo))
        assert (response.status_code, response.text) == (200, echo)
        assert response.headers["content-type"].startswith("text/plain")
        assert response.headers["x-content-type-options"] == "nosniff"


@pytest.mark.parametrize(
    "changes",
    [
        {"signature": "0" * 40},
        {"signature": None},
        {"signature": ""},
        {"signature": "票"},
        {"timestamp": None},
        {"nonce": None, "signature": sign(TOKEN, "1", "")},
        {"timestamp": str(int(time.time()) - 86_400)},
        {"timestamp": str(int(time.time()) + 86_400)},
        {"timestamp": "-1"},
        {"timestamp": "१२३"},
        {"timestamp": "9" * 400},
    ],
)
async def test_a_wrong_address_check_is_refused_and_not_reflected(
    stage: Stage, changes: dict[str, str | None]
) -> None:
    query = stage.platform.query(echostr="reflected", **changes)
    response = await stage.platform.http.get("/wechat", params=query)
    assert response.status_code == 403
    assert response.content == b""


async def test_odd_requests_are_refused(stage: Stage) -> None:
    http = stage.platform.http
    good = urlencode(stage.platform.query(echostr="e"))
    for method in ("PUT", "DELETE", "PATCH", "OPTIONS", "HEAD", "TRACE"):
        assert (await http.request(method, f"/wechat?{good}")).status_code == 405
    for query in (f"{good}&{good}", f"{good}&x=%ff", "&".join(f"a{n}=1" for n in range(1000))):
        for method in ("GET", "POST"):
            assert (await http.request(method, f"/wechat?{query}")).status_code == 400


async def test_a_wrong_signature_is_refused(stage: Stage) -> None:
    name = "signature" if stage.platform.mode == "plain" else "msg_signature"
    push = text_push("oForged", "1", "你好")
    for wrong in ("0" * 40, "", "票", "x" * 5000):
        assert (await stage.platform.push(push, **{name: wrong})).status_code == 403
    query, body = stage.platform.envelope(push)
    del query[name]
    assert (await stage.platform.http.post("/wechat", params=query, content=body)).status_code == 403
    assert stage.assistant.messages == []


async def test_an_old_signature_is_refused(stage: Stage) -> None:
    for seconds in (-86_400, -310, 310):
        old = str(int(time.time()) + seconds)
        assert (await stage.platform.push(text_push("oOld", "1", "你好"), timestamp=old)).status_code == 403
    recent = str(int(time.time()) - 280)
    assert await stage.platform.say(text_push("oOld", "2", "你好")) == "回 你好"
    assert (await stage.platform.push(text_push("oOld", "3", "你好"), timestamp=recent)).status_code == 200


async def test_a_nonce_with_another_body_is_refused_in_plain_mode(plain: Stage) -> None:
    query, body = plain.platform.envelope(text_push("oNonce", "1", "你好"))
    first = await plain.platform.http.post("/wechat", params=query, content=body)
    again = await plain.platform.http.post("/wechat", params=query, content=body)
    assert first.status_code == again.status_code == 200
    forged = await plain.platform.http.post(
        "/wechat", params=query, content=body.replace(b"oNonce", b"oVictim")
    )
    assert forged.status_code == 403


@pytest.mark.parametrize("encrypt_type", [None, "raw", "aes", "", "AES", "other"])
async def test_plaintext_is_never_processed_in_an_encrypted_mode(
    sealed: Stage, encrypt_type: str | None
) -> None:
    stage = sealed
    query = stage.platform.query(encrypt_type=encrypt_type)
    for signature in (None, query["signature"]):
        each = {**query, **({"msg_signature": signature} if signature else {})}
        response = await stage.platform.http.post("/wechat", params=each, content=payload("text").encode())
        assert response.status_code == 403
    assert stage.assistant.messages == []


async def test_an_encrypted_body_is_refused_in_plain_mode(plain: Stage) -> None:
    query = plain.platform.query(encrypt_type="aes")
    assert (await plain.platform.http.post("/wechat", params=query, content=b"<xml/>")).status_code == 403


async def test_every_fault_of_encryption_looks_the_same(safe: Stage) -> None:
    answers = set()
    for name, encrypted in bad_ciphertexts().items():
        query = safe.platform.query(encrypt_type="aes")
        query["msg_signature"] = sign(TOKEN, query["timestamp"], query["nonce"], encrypted)
        body = f"<xml><Encrypt><![CDATA[{encrypted}]]></Encrypt></xml>".encode()
        response = await safe.platform.http.post("/wechat", params=query, content=body)
        answers.add((response.status_code, response.content))
        assert response.status_code == 403, name
    assert len(answers) == 1  # nothing to probe
    assert safe.assistant.messages == []


async def test_large_bodies_are_cut_off(stage: Stage) -> None:
    for size in (300_000, 2_000_000, 16_000_000):
        query = stage.platform.query(**({} if stage.platform.mode == "plain" else {"encrypt_type": "aes"}))
        query["msg_signature"] = "0" * 40
        status = await _post_raw(stage, query, b"x" * size, f"Content-Length: {size}")
        assert status in (413, None)
        status = await _post_raw(stage, query, b"%x\r\n" % size + b"x" * size + b"\r\n0\r\n\r\n", CHUNKED)
        assert status in (413, None)
    assert await stage.platform.say(text_push("oAfter", "1", "你好")) == "回 你好"
    for length in ("-1", "1e9", "9" * 30):
        assert await _post_raw(stage, query, b"", f"Content-Length: {length}") in (400, 413, None)


CHUNKED = "Transfer-Encoding: chunked"


async def _post_raw(stage: Stage, query: dict[str, str], body: bytes, header: str) -> int | None:
    """The status of a request written by hand; None if the server hung up."""
    reader, writer = await asyncio.open_connection(*stage.address)
    head = f"POST /wechat?{urlencode(query)} HTTP/1.1\r\nHost: loopback\r\n{header}\r\n\r\n"
    try:
        writer.write(head.encode() + body)
        await writer.drain()
        line = await asyncio.wait_for(reader.readline(), 8)
        return int(line.split()[1]) if line else None
    except ConnectionError:
        return None
    finally:
        writer.close()


async def test_a_chunked_body_is_served(stage: Stage) -> None:
    query, body = stage.platform.envelope(text_push("oChunked", "1", "你好"))

    async def pieces() -> AsyncIterator[bytes]:
        for start in range(0, len(body), 50):
            yield body[start : start + 50]

    response = await stage.platform.http.post("/wechat", params=query, content=pieces())
    reply = stage.platform.read(response)
    assert reply is not None
    assert reply["Content"] == "回 你好"


@pytest.mark.parametrize(
    "kind", [b"application/json", b"text/plain", b"multipart/form-data", b"", "票".encode()]
)
async def test_any_content_type_is_served(safe: Stage, kind: bytes) -> None:
    query, body = safe.platform.envelope(text_push("oType", "1", "你好"))
    response = await safe.platform.http.post(
        "/wechat", params=query, content=body, headers=[(b"content-type", kind)]
    )
    assert safe.platform.read(response) is not None


async def test_stalled_clients_are_let_go_and_block_nobody(safe: Stage) -> None:
    query = safe.platform.query(encrypt_type="aes", msg_signature="0" * 40)
    stalled = [
        asyncio.create_task(_post_raw(safe, query, b"<xml>", "Content-Length: 500")) for _ in range(30)
    ]
    await asyncio.sleep(0.1)
    start = time.monotonic()
    assert await safe.platform.say(text_push("oQuick", "1", "你好")) == "回 你好"
    assert time.monotonic() - start < 1
    assert set(await asyncio.gather(*stalled)) == {408}


async def test_an_encrypted_reply_is_new_each_time_and_carries_the_nonce(safe: Stage) -> None:
    ciphertexts = set()
    for number in range(20):
        query, body = safe.platform.envelope(text_push("oNew", str(number), "你好"))
        response = await safe.platform.http.post("/wechat", params=query, content=body)
        envelope = xmltodict.parse(response.content)["xml"]
        assert list(envelope) == ["Encrypt", "MsgSignature", "TimeStamp", "Nonce"]
        assert envelope["Nonce"] == query["nonce"]
        assert abs(int(envelope["TimeStamp"]) - time.time()) < 3
        ciphertexts.add(envelope["Encrypt"][:40])
    assert len(ciphertexts) == 20


@pytest.mark.parametrize(
    "settings",
    [
        {"token": "a"},
        {"token": "with space"},
        {"token": TOKEN, "mode": "safe"},
        {"token": TOKEN, "mode": "compatible", "aes_key": "A" * 43},
        {"token": TOKEN, "aes_key": "A" * 42, "app_id": APP_ID},
        {"token": TOKEN, "aes_key": "票" * 43, "app_id": APP_ID},
        {"token": TOKEN, "app_secret": "s"},
        {"token": TOKEN, "template_id": "t", "template_fields": "thing1=nothing"},
    ],
)
def test_a_wrong_setting_is_refused(settings: dict[str, str]) -> None:
    with pytest.raises(ValueError, match=r"wechat|EncodingAESKey|field"):
        Account(**settings)  # type: ignore[arg-type]
