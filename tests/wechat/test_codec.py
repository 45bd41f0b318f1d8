"""The wire format against wechatpy as an independent judge, and against noise."""

import string
import time

import pytest
import xmltodict
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from wechatpy import parse_message
from wechatpy.crypto import WeChatCrypto

from bot.channels.wechat.codec import Cryptor, MalformedError, read_fields, text_reply
from bot.channels.wechat.gate import Gate, RefusedError, read_query
from bot.channels.wechat.incoming import read_push
from tests.wechat.conftest import utc_now
from tests.wechat.doubles import AES_KEY, APP_ID, HERE, TOKEN

CRYPTOR = Cryptor(TOKEN, APP_ID, AES_KEY)
ORACLE = WeChatCrypto(TOKEN, AES_KEY, APP_ID)
PUSHES = sorted((HERE / "pushes").glob("[!o]*.xml"))  # without the odd ones
ANY_TEXT = st.text(st.characters(codec=None), max_size=300)  # half characters too
BODIES = st.sampled_from(sorted((HERE / "pushes").iterdir()) + sorted((HERE / "hostile").iterdir()))
FUZZ = settings(max_examples=300, deadline=None, suppress_health_check=[HealthCheck.too_slow])


@given(ANY_TEXT)
@FUZZ
def test_wechatpy_opens_what_we_seal(text: str) -> None:
    xml = text_reply("oUser", "gh_loopback", 1, text)
    sealed = CRYPTOR.seal(xml, 1790000000, "nonce")
    envelope = xmltodict.parse(sealed)["xml"]
    clear = ORACLE.decrypt_message(
        sealed.encode(), envelope["MsgSignature"], envelope["TimeStamp"], envelope["Nonce"]
    )
    assert clear.encode() == xml.encode()


@given(st.text(max_size=2000).filter(str.strip))
@FUZZ
def test_we_open_what_wechatpy_seals(text: str) -> None:
    envelope = xmltodict.parse(ORACLE.encrypt_message(text, "n", "1790000000"))["xml"]
    assert CRYPTOR.signature("1790000000", "n", envelope["Encrypt"]) == envelope["MsgSignature"]
    assert CRYPTOR.open(envelope["Encrypt"]).decode() == text


@pytest.mark.parametrize("key", ["A" * 43, "z" * 43, "/" * 43, AES_KEY[:-1] + "9"])
def test_any_key_of_the_console_works(key: str) -> None:
    """Also one whose last character has bits that Base64 does not use."""
    theirs = xmltodict.parse(WeChatCrypto(TOKEN, key, APP_ID).encrypt_message("<xml/>", "n", "1"))["xml"]
    assert Cryptor(TOKEN, APP_ID, key).open(theirs["Encrypt"]) == b"<xml/>"


@pytest.mark.parametrize("path", PUSHES, ids=lambda path: path.stem)
def test_wechatpy_reads_the_same_fields(path) -> None:  # type: ignore[no-untyped-def]
    body = path.read_bytes()
    theirs = parse_message(body)
    fields = read_fields(body)
    assert fields["FromUserName"] == theirs.source
    assert fields["ToUserName"] == theirs.target
    assert fields["MsgType"] == theirs._data["MsgType"]
    assert fields.get("MsgId") == theirs._data.get("MsgId")
    if theirs.type == "text":
        assert fields["Content"].strip() == (theirs.content or "")


@given(ANY_TEXT)
@FUZZ
def test_a_reply_is_valid_xml_whatever_it_says(text: str) -> None:
    fields = read_fields(text_reply(text, "gh", 1, text).encode())
    shown = fields["Content"]
    assert fields["MsgType"] == "text"
    assert {character for character in text if character.isprintable()} <= set(shown)


@given(st.binary(max_size=400))
@FUZZ
def test_noise_is_malformed_or_fields(body: bytes) -> None:
    try:
        fields = read_fields(body)
    except MalformedError:
        return
    read_push(fields)


@given(BODIES, st.data())
@FUZZ
def test_mutated_messages_are_read_or_refused(path, data) -> None:  # type: ignore[no-untyped-def]
    body = bytearray(path.read_bytes()[:4000] or b"x")
    for _ in range(data.draw(st.integers(1, 6))):
        place = data.draw(st.integers(0, len(body) - 1))
        body[place : place + data.draw(st.integers(0, 4))] = data.draw(st.binary(max_size=6))
        body = body or bytearray(b"x")
    try:
        push = read_push(read_fields(bytes(body)))
    except MalformedError:
        return
    if push.message is not None:
        assert push.user
        assert len(push.message.id) <= 128


@given(st.data())
@FUZZ
def test_mutated_envelopes_never_get_in(data) -> None:  # type: ignore[no-untyped-def]
    gate = Gate(TOKEN, "safe", CRYPTOR, utc_now)
    timestamp = str(int(time.time()))
    sealed = ORACLE.encrypt_message("<xml><MsgType>text</MsgType></xml>", "n0nce", timestamp)
    envelope = xmltodict.parse(sealed)["xml"]
    query = {
        "timestamp": timestamp,
        "nonce": "n0nce",
        "encrypt_type": "aes",
        "msg_signature": envelope["MsgSignature"],
    }
    assert gate.open(query, sealed.encode()).fields == {"MsgType": "text"}
    encrypted = envelope["Encrypt"]
    place = data.draw(st.integers(0, len(encrypted) - 1))
    other = data.draw(st.sampled_from(string.ascii_letters + string.digits + "+/=*").filter(
        lambda character: character != encrypted[place]
    ))  # fmt: skip
    forged = sealed.replace(encrypted, encrypted[:place] + other + encrypted[place + 1 :])
    with pytest.raises(RefusedError):
        gate.open(query, forged.encode())
    # Even signed rightly, by someone who has the token but not the key, it is refused or opens to the same.
    query["msg_signature"] = CRYPTOR.signature(
        timestamp, "n0nce", encrypted[:place] + other + encrypted[place + 1 :]
    )
    try:
        opened = gate.open(query, forged.encode())
    except RefusedError:
        return
    # Only the random bytes in front, which nothing refers to, or unused bits of Base64 can differ.
    assert opened.fields == {"MsgType": "text"}


@given(st.binary(max_size=200))
@FUZZ
def test_any_query_is_read_or_refused(query: bytes) -> None:
    try:
        read = read_query(query)
    except RefusedError:
        return
    assert all(isinstance(value, str) for value in read.values())
