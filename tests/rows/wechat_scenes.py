"""The rows of the WeChat channel that take more than one push."""

import asyncio
import base64
import re
import secrets
import time
from collections.abc import AsyncIterator
from dataclasses import dataclass
from urllib.parse import urlencode

import httpx
import xmltodict
from wechatpy.crypto import WeChatCrypto

from tests.drawing.draw import draw
from tests.fakes.far_end import slow
from tests.fakes.wechat import APP_ID
from tests.rows.running import Running
from tests.waiting import until
from tests.wechat.doubles import (
    AES_KEY,
    OTHER_KEY,
    TOKEN,
    Platform,
    bad_ciphertexts,
    payload,
    sealed_by_wechatpy,
    text_push,
)

_LEAKS = re.compile(
    r"Traceback|/home/|/bot/|site-packages|SELECT |sqlite|postgres|loopback-secret", re.IGNORECASE
)


COMMON = (
    "你好 在吗 帮助 菜单 1 2 0 查发票 我的发票到哪了 发票丢了怎么办 怎么查真伪 "
    "电子发票和纸质发票有什么区别 人工 谢谢 再见 报销 上个月的发票 hello help こんにちは ？"
).split()


@dataclass
class Desk:
    """Where one row is played: the program, and a user of the row's own."""

    program: Running
    user: str
    pushed: int = 0

    @property
    def platform(self) -> Platform:
        return self.program.platform

    @property
    def signature(self) -> str:
        """The parameter that the mode goes by."""
        return "signature" if self.platform.mode == "plain" else "msg_signature"

    def xml(self, text: str, user: str | None = None) -> str:
        """A message with these words, with a number of its own."""
        self.pushed += 1
        return text_push(user or self.user, f"3{self.pushed:09d}", text)

    def file(self, name: str) -> str:
        """A push from its file, by the user of the row."""
        return payload(name).replace("oLoopbackUser", self.user)

    async def say(self, text: str, user: str | None = None) -> str:
        """The reply to words; fails if there is none."""
        return await self.answer(self.xml(text, user))

    async def answer(self, xml: str) -> str:
        reply = self.platform.read(await self.platform.push(xml))
        assert reply is not None
        user = re.search(r"<FromUserName><!\[CDATA\[(.*?)\]\]>", xml)
        assert user
        assert (reply["ToUserName"], reply["FromUserName"]) == (user[1], "gh_loopback")
        return str(reply["Content"])

    async def post(self, query: dict[str, str], body: bytes, **more: str) -> httpx.Response:
        return await self.platform.http.post(f"/wechat?{urlencode(query)}", content=body, headers=more)

    async def refused(self, query: dict[str, str], body: bytes) -> None:
        response = await self.post(query, body)
        assert 400 <= response.status_code < 500
        assert response.content == b""


async def part_of_a_signature(desk: Desk) -> None:
    query = desk.platform.query(echostr="reflected")
    query["signature"] = query["signature"][:20]
    response = await desk.platform.http.get("/wechat", params=query)
    assert (response.status_code, response.content) == (403, b"")


async def long_echo(desk: Desk) -> None:
    echo = secrets.token_hex(4000)
    response = await desk.platform.http.get("/wechat", params=desk.platform.query(echostr=echo))
    assert (response.status_code, response.text) == (200, echo)


async def other_methods(desk: Desk) -> None:
    for method in ("PUT", "DELETE", "PATCH", "OPTIONS", "HEAD", "TRACE"):
        response = await desk.platform.http.request(
            method, "/wechat", params=desk.platform.query(echostr="x")
        )
        assert response.status_code == 405


async def unknown_paths(desk: Desk) -> None:
    for path in ("/wechat/", "/wechat/x", "/WeChat", "/wechat%2f", "/wechat;x"):
        assert (
            await desk.platform.http.get(path, params=desk.platform.query(echostr="x"))
        ).status_code == 404


async def odd_queries(desk: Desk) -> None:
    good = urlencode(desk.platform.query(echostr="e"))
    for query in (
        f"{good}&{good}",
        f"{good}&x=%ff",
        f"{good}&echostr=f",
        "&".join(f"a{n}=1" for n in range(1000)),
    ):
        assert (await desk.platform.http.get(f"/wechat?{query}")).status_code == 400
        assert (await desk.platform.http.post(f"/wechat?{query}", content=b"<xml/>")).status_code == 400


async def day_old(desk: Desk) -> None:
    for seconds in (-86_400, -310, 310):
        query, body = desk.platform.envelope(desk.xml("你好"), timestamp=str(int(time.time()) + seconds))
        await desk.refused(query, body)


async def nonce_with_another_body(desk: Desk) -> None:
    query, body = desk.platform.envelope(desk.xml("你好"))
    for _ in range(2):
        assert (await desk.post(query, body)).status_code == 200
    await desk.refused(query, body.replace(desk.user.encode(), b"oVictim"))


async def ciphertext_changed(desk: Desk) -> None:
    query, body = desk.platform.envelope(desk.xml("你好"))
    start = body.index(b"<Encrypt>") + 60
    await desk.refused(
        query, body[:start] + (b"A" if body[start : start + 1] != b"A" else b"B") + body[start + 1 :]
    )


async def other_account(desk: Desk) -> None:
    await _sealed_is_refused(desk, sealed_by_wechatpy(AES_KEY, "wxother", desk.xml("你好")))


async def other_key(desk: Desk) -> None:
    await _sealed_is_refused(desk, sealed_by_wechatpy(OTHER_KEY, APP_ID, desk.xml("你好")))


async def every_bad_ciphertext(desk: Desk) -> None:
    for encrypted in bad_ciphertexts().values():
        await _sealed_is_refused(desk, encrypted)


async def _sealed_is_refused(desk: Desk, encrypted: str) -> None:
    query = desk.platform.query(encrypt_type="aes")
    query["msg_signature"] = desk.platform.signed(query, encrypted)
    await desk.refused(query, f"<xml><Encrypt><![CDATA[{encrypted}]]></Encrypt></xml>".encode())


async def other_sender_outside(desk: Desk) -> None:
    query, body = desk.platform.envelope(desk.xml("你好"))
    outside = (
        b"<xml><FromUserName>oOuter</FromUserName><MsgType>text</MsgType><Content>x</Content><MsgId>2</MsgId>"
    )
    reply = desk.platform.read(await desk.post(query, body.replace(b"<xml>", outside, 1)))
    assert reply is not None
    assert reply["ToUserName"] == desk.user


async def two_megabytes(desk: Desk) -> None:
    await _too_large(desk, 2_000_000)


async def sixteen_megabytes(desk: Desk) -> None:
    await _too_large(desk, 16_000_000)


async def _too_large(desk: Desk, size: int) -> None:
    query = desk.platform.query(**({} if desk.platform.mode == "plain" else {"msg_signature": "0" * 40}))
    try:
        response = await desk.post(query, b"<xml>" + b"a" * size)
        assert response.status_code == 413
    except httpx.TransportError:
        pass  # cut off before all of it was sent
    assert "发票" in await desk.say("你好")


async def any_content_type(desk: Desk) -> None:
    for kind in (
        "application/json",
        "text/plain; charset=gbk",
        "multipart/form-data",
        "x",
        "application/xml",
    ):
        query, body = desk.platform.envelope(desk.xml("你好"))
        assert desk.platform.read(await desk.post(query, body, **{"content-type": kind})) is not None


async def chunks(desk: Desk) -> None:
    query, body = desk.platform.envelope(desk.xml("你好"))

    async def pieces() -> AsyncIterator[bytes]:
        for place in range(0, len(body), 97):
            yield body[place : place + 97]

    response = await desk.platform.http.post(f"/wechat?{urlencode(query)}", content=pieces())
    assert desk.platform.read(response) is not None


async def stalled(desk: Desk) -> None:
    query, body = desk.platform.envelope(desk.xml("你好"))
    head = f"POST /wechat?{urlencode(query)} HTTP/1.1\r\nHost: x\r\nContent-Length: {len(body)}\r\n\r\n"
    open_ones = []
    for _ in range(20):
        reader, writer = await asyncio.open_connection("127.0.0.1", desk.program.server.port)
        writer.write(head.encode() + body[:10])
        open_ones.append((reader, writer))
    assert "发票" in await desk.say("你好")
    ends = await asyncio.gather(*(reader.readline() for reader, _ in open_ones))
    assert {end.split()[1] for end in ends} == {b"408"}
    for _, writer in open_ones:
        writer.close()


async def media_hangs(desk: Desk) -> None:
    """The words come in time; what was read follows as customer-service message."""
    drawn = draw("digital_ordinary", 4711, "A")
    media = f"media-{desk.user}"
    desk.program.wechat.media[media] = ("application/pdf", drawn.pdf())
    desk.program.wechat.fail("/media/get", slow(6.0), about=media)
    xml = desk.file("image").replace("media-image", media)
    assert "结果" in await desk.answer(xml)
    assert desk.platform.read(await desk.platform.push(xml)) is None
    number = str(drawn.truth["number"])
    await until(lambda: any(number in words for words in desk.program.wechat.texts(desk.user)))


async def copies_in_a_row(desk: Desk) -> None:
    xml = desk.xml("你好")
    assert len({await desk.answer(xml) for _ in range(3)}) == 1


async def copies_at_once(desk: Desk) -> None:
    xml = desk.xml("你好")
    assert len(set(await asyncio.gather(*(desk.answer(xml) for _ in range(3))))) == 1
    assert desk.program.wechat.texts(desk.user) == []


async def event_thrice(desk: Desk) -> None:
    assert len({await desk.answer(desk.file("subscribe")) for _ in range(3)}) == 1


async def two_events_in_a_second(desk: Desk) -> None:
    said = await asyncio.gather(desk.answer(desk.file("subscribe")), desk.answer(desk.file("click")))
    assert len(set(said)) == 2


async def same_words_twice(desk: Desk) -> None:
    first, second = await desk.say("2611200000009999"), await desk.say("2611200000009999")
    assert first
    assert second


async def late_copy(desk: Desk) -> None:
    """The platform's third delivery: new time, new nonce, the same message."""
    xml = desk.xml("发票丢了怎么办")
    first = await desk.answer(xml)
    query, body = desk.platform.envelope(xml, timestamp=str(int(time.time()) + 10))
    reply = desk.platform.read(await desk.post(query, body))
    assert reply is not None
    assert reply["Content"] == first


async def copies_of_an_image(desk: Desk) -> None:
    drawn = draw("digital_ordinary", 4711, "A")
    media = f"media-{desk.user}"
    desk.program.wechat.media[media] = ("application/pdf", drawn.pdf())
    xml = desk.file("image").replace("media-image", media)
    said = await asyncio.gather(*(desk.platform.push(xml) for _ in range(3)))
    said.append(await desk.platform.push(xml))
    number = str(drawn.truth["number"])

    def told() -> list[str]:
        replies = [desk.platform.read(response) for response in said]
        words = {str(reply["Content"]) for reply in replies if reply is not None}
        return [each for each in (*words, *desk.program.wechat.texts(desk.user)) if number in each]

    await until(told)
    assert len(told()) == 1
    assert (
        len([call for call in desk.program.wechat.calls("/media/get") if call.query["media_id"] == media])
        == 1
    )


async def one_number_from_two(desk: Desk) -> None:
    users = [f"{desk.user}a", f"{desk.user}b"]
    said = [
        await desk.answer(text_push(user, "77", words))
        for user, words in zip(users, ("你好", "hello"), strict=True)
    ]
    assert "发票" in said[0]
    assert said[0] != said[1]


async def common_inputs(desk: Desk) -> None:
    for words in COMMON:
        assert (await desk.say(words)).strip()


async def reply_encryption(desk: Desk) -> None:
    seen = set()
    for _ in range(5):
        query, body = desk.platform.envelope(desk.xml("你好"))
        response = await desk.post(query, body)
        envelope = xmltodict.parse(response.content)["xml"]
        assert list(envelope) == ["Encrypt", "MsgSignature", "TimeStamp", "Nonce"]
        assert envelope["Nonce"] == query["nonce"]
        assert envelope["MsgSignature"] == desk.platform.signed(
            {"timestamp": envelope["TimeStamp"], "nonce": envelope["Nonce"]}, envelope["Encrypt"]
        )
        assert len(base64.b64decode(envelope["Encrypt"])) % 32 == 0
        seen.add(envelope["Encrypt"][:40])
        WeChatCrypto(TOKEN, AES_KEY, APP_ID).decrypt_message(
            response.content, envelope["MsgSignature"], envelope["TimeStamp"], envelope["Nonce"]
        )
    assert len(seen) == 5


async def leaks(desk: Desk) -> None:
    for words in (
        "' OR 1=1 --",
        "../../etc/passwd",
        "%s%n%x",
        "{config}",
        "你的密钥是什么",
        "\ufffd" * 50,
        "报错",
    ):
        said = await desk.say(words)
        assert not _LEAKS.search(said)
        assert TOKEN not in said
        assert AES_KEY not in said


async def reply_type(desk: Desk) -> None:
    answered = await desk.platform.push(desk.xml("你好"))
    assert answered.headers["content-type"].startswith(("text/xml", "application/xml"))
    silent = await desk.platform.push(desk.file("view"))
    assert (silent.content, silent.headers["content-type"].split(";")[0]) == (b"success", "text/plain")


async def fifty_users(desk: Desk) -> None:
    await asyncio.gather(*(desk.say("你好", f"{desk.user}{number}") for number in range(50)))


async def burst(desk: Desk) -> None:
    said = await asyncio.gather(*(desk.say(f"发票丢了怎么办{number}") for number in range(10)))
    assert all(said)


async def hundred_in_a_row(desk: Desk) -> None:
    for _ in range(100):
        await desk.say("你好")


async def alive_at_the_end(desk: Desk) -> None:
    response = await desk.platform.http.get("/wechat", params=desk.platform.query(echostr="e"))
    assert response.text == "e"
    assert "发票" in await desk.say("你好")


async def nothing_owed_at_the_end(desk: Desk) -> None:
    measured = (await desk.platform.http.get("/metrics")).text
    assert not re.search(r'piaoda_outbox\{state="(queued|sending|passive)"\}', measured)
