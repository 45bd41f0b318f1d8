"""Every kind of push, well-formed, odd and hostile, in every mode, over a socket (rows C, D, E)."""

from pathlib import Path
from typing import Any

import pytest

from locales.strict_yaml import load
from tests.wechat.conftest import Stage
from tests.wechat.doubles import HERE, payload, text_push

ROWS: dict[str, dict[str, Any]] = load(HERE / "rows.yaml")
HOSTILE = sorted((HERE / "hostile").iterdir())


def test_every_payload_has_a_row() -> None:
    assert {path.stem for path in (HERE / "pushes").iterdir()} == set(ROWS)


@pytest.mark.parametrize("name", ROWS)
async def test_a_push_is_answered_or_accepted(stage: Stage, name: str) -> None:
    expected = ROWS[name]
    assert await stage.platform.say(payload(name)) == expected.get("says")
    assert bool(stage.assistant.silenced) is ("silenced" in expected)
    assert len(stage.assistant.messages) == ("says" in expected)
    for message in stage.assistant.messages:
        assert message.chat.user == "oLoopbackUser"
        assert message.action == expected.get("action")
        assert message.spoken is ("spoken" in expected)
        assert [[each.ref, each.kind] for each in message.attachments] == (
            [expected["attachment"]] if "attachment" in expected else []
        )
        for name in ("text", "kind"):
            assert getattr(message, name) == expected.get(name, getattr(message, name))
    # PicUrl is never followed: whatever was called, only the platform was.
    assert not stage.far_end.calls("media/get")


@pytest.mark.parametrize("path", HOSTILE, ids=lambda path: path.stem)
async def test_hostile_xml_is_refused(stage: Stage, path: Path) -> None:
    hostile = path.read_bytes()  # noqa: ASYNC240
    response = await stage.platform.push(hostile)
    assert 400 <= response.status_code < 500
    assert response.content == b""
    if stage.platform.mode != "plain":
        query = stage.platform.query(encrypt_type="aes", msg_signature="0" * 40)
        assert (
            400
            <= (await stage.platform.http.post("/wechat", params=query, content=hostile)).status_code
            < 500
        )
    assert stage.assistant.messages == []
    assert await stage.platform.say(text_push("oNext", "1", "你好")) == "回 你好"


HARD_TEXTS = {
    "emoji": "👨‍👩‍👧‍👦🇨🇳👍🏽",
    "2000 bytes": "票" * 666,
    "20000 characters": "票据问题。" * 4000,
    "html": "<script>alert(1)</script><a href='https://example.com'>x</a><img src=x onerror=alert(1)>",
    "cdata end": "a]]>b]]>]]>",
    "xml injection": "]]></Content><MsgType>image</MsgType><Content><![CDATA[",
    "doctype": "<!DOCTYPE html><!ENTITY x 'y'><!-- -->",
    "sql": "'; DROP TABLE messages; --",
    "template": "{{7*7}} ${7*7} {0} %s %(a)s {text}",
    "rtl": "\u202eabc\u202c\u200f",
    "full-width": "ＡＢＣ１２３！",
    "private use": "\ue000\ufffd",
}


@pytest.mark.parametrize("text", HARD_TEXTS.values(), ids=HARD_TEXTS)
async def test_hard_text_comes_back_whole(stage: Stage, text: str) -> None:
    said = await stage.platform.say(text_push("oHard", "9", text))
    assert said is not None
    assert "<script" not in said
    assert "<a " not in said
    shown = f"回 {text}".replace("<", "＜")
    assert shown.startswith(said.replace("<", "＜").removesuffix("\n\n[channel.more zh]").rstrip()[:600])


async def test_the_reply_is_addressed_to_the_inner_sender(sealed: Stage) -> None:
    stage = sealed
    query, body = stage.platform.envelope(text_push("oInner", "1", "你好"))
    clear = b"<FromUserName>oOuter</FromUserName><MsgType>text</MsgType><Content>x</Content><MsgId>2</MsgId>"
    body = body.replace(b"<xml>", b"<xml>" + clear, 1)
    reply = stage.platform.read(await stage.platform.http.post("/wechat", params=query, content=body))
    assert reply is not None
    assert (reply["ToUserName"], reply["FromUserName"]) == ("oInner", "gh_loopback")
    assert [message.text for message in stage.assistant.messages] == ["你好"]
