"""The speech endpoint is asked as its interface wants, and its faults stay outside."""

import gzip
import socket
import wave
from collections.abc import AsyncIterator
from io import BytesIO

import pytest
import pytest_asyncio

from bot.outside.speech import SpeechEndpoint, address
from handlers.core import Transcriber, TranscriptionUnavailableError
from handlers.voice import SpeechTooLongError, UnreadableSpeechError
from tests.fakes.far_end import Answer
from tests.fakes.speech import HANG, RESET, FakeSpeech, says
from tests.outside.recordings import silence, tone


@pytest_asyncio.fixture
async def speech() -> AsyncIterator[FakeSpeech]:
    async with FakeSpeech() as running:
        yield running


@pytest_asyncio.fixture
async def endpoint(speech: FakeSpeech) -> AsyncIterator[SpeechEndpoint]:
    made = SpeechEndpoint(speech.base, "loopback-key", "whisper-loopback")
    yield made
    await made.aclose()


async def test_it_asks_as_the_interface_wants(speech: FakeSpeech, endpoint: SpeechEndpoint) -> None:
    transcriber: Transcriber = endpoint
    speech.script.append(says(" 查一下\n上个月的发票。\u0007 "))
    assert await transcriber.transcribe(tone("amr"), "audio/amr", "zh") == "查一下 上个月的发票。"
    asked = speech.asked[0]
    assert asked.path == "/v1/audio/transcriptions"
    assert asked.headers["authorization"] == "Bearer loopback-key"
    assert {name: value for name, value in asked.form.items() if name != "file"} == {
        "model": b"whisper-loopback",
        "language": b"zh",
        "response_format": b"json",
    }
    with wave.open(BytesIO(asked.form["file"])) as reader:
        assert (reader.getframerate(), reader.getnchannels()) == (16000, 1)


async def test_without_a_language_or_key_none_is_sent(speech: FakeSpeech) -> None:
    endpoint = SpeechEndpoint(speech.base)
    await endpoint.transcribe(tone("ogg"), "audio/ogg", "")
    await endpoint.aclose()
    assert "language" not in speech.asked[0].form
    assert "authorization" not in speech.asked[0].headers


async def test_silence_is_not_sent(speech: FakeSpeech, endpoint: SpeechEndpoint) -> None:
    assert await endpoint.transcribe(silence("ogg"), "audio/ogg", "zh") == ""
    assert speech.asked == []


async def test_a_wrong_mime_does_not_matter(endpoint: SpeechEndpoint) -> None:
    assert await endpoint.transcribe(tone("webm"), "audio/amr", "zh") == "你好"


async def test_what_cannot_be_decoded_is_not_sent(speech: FakeSpeech, endpoint: SpeechEndpoint) -> None:
    with pytest.raises(UnreadableSpeechError):
        await endpoint.transcribe(b"#EXTM3U\nfile:///etc/passwd\n", "audio/ogg", "zh")
    with pytest.raises(SpeechTooLongError):
        await endpoint.transcribe(tone("ogg", 75.0), "audio/ogg", "zh")
    assert speech.asked == []


async def test_a_broken_connection_is_tried_once_more(speech: FakeSpeech, endpoint: SpeechEndpoint) -> None:
    speech.script.extend([RESET, says("退订")])
    assert await endpoint.transcribe(tone("amr"), "", "zh") == "退订"
    assert len(speech.asked) == 2


async def test_two_broken_connections_are_enough(speech: FakeSpeech, endpoint: SpeechEndpoint) -> None:
    speech.script.extend([RESET, RESET, says("too late")])
    with pytest.raises(TranscriptionUnavailableError):
        await endpoint.transcribe(tone("amr"), "", "zh")
    assert len(speech.asked) == 2


async def test_nobody_listening_is_unavailable() -> None:
    with socket.socket() as taken:  # bound but not listening: connections are refused
        taken.bind(("127.0.0.1", 0))
        endpoint = SpeechEndpoint(f"http://127.0.0.1:{taken.getsockname()[1]}")
        with pytest.raises(TranscriptionUnavailableError):
            await endpoint.transcribe(tone("amr"), "", "zh")
        await endpoint.aclose()


async def test_an_endpoint_that_hangs_is_left(speech: FakeSpeech) -> None:
    endpoint = SpeechEndpoint(speech.base, seconds=0.3)
    speech.script.append(HANG)
    with pytest.raises(TranscriptionUnavailableError):
        await endpoint.transcribe(tone("amr"), "", "zh")
    await endpoint.aclose()
    assert len(speech.asked) == 1


@pytest.mark.parametrize(
    "answer",
    [
        *(Answer(b'{"text": "x"}', status) for status in (302, 400, 401, 404, 413, 429, 500, 503)),
        Answer(b""),
        Answer(b"<html>Please sign in to this network.</html>"),
        Answer(b"\xff\xfe"),
        Answer(b"[" * 100_000),
        Answer(b'{"text": "' + b"x" * 300_000 + b'"}'),
        Answer(b'{"error": "x"}'),
        says(None),
        says(["x"]),
        Answer(gzip.compress(b'{"text": "x"}', mtime=0), headers=(("Content-Encoding", "gzip"),)),
    ],
    ids=lambda answer: f"{answer.status}-{answer.body[:12]!r}",
)
async def test_a_bad_answer_is_unavailable(
    speech: FakeSpeech, endpoint: SpeechEndpoint, answer: Answer
) -> None:
    speech.script.append(answer)
    with pytest.raises(TranscriptionUnavailableError):
        await endpoint.transcribe(tone("amr"), "", "zh")


async def test_a_transcript_is_capped(speech: FakeSpeech, endpoint: SpeechEndpoint) -> None:
    speech.script.append(says("票" * 50_000))
    assert len(await endpoint.transcribe(tone("amr"), "", "zh")) == 2000


@pytest.mark.parametrize(
    ("given", "full"),
    [
        ("https://speech.example.com", "https://speech.example.com/v1/audio/transcriptions"),
        ("https://speech.example.com/", "https://speech.example.com/v1/audio/transcriptions"),
        ("http://10.0.0.5:9000/v1", "http://10.0.0.5:9000/v1/audio/transcriptions"),
        ("https://a.example.com/openai/v1/", "https://a.example.com/openai/v1/audio/transcriptions"),
        (
            "https://a.example.com/v1/audio/transcriptions?v=2",
            "https://a.example.com/v1/audio/transcriptions?v=2",
        ),
    ],
)
def test_the_address_may_be_short(given: str, full: str) -> None:
    assert address(given) == full


@pytest.mark.parametrize("given", ["", "speech.example.com", "file:///etc/passwd", "https://"])
def test_what_is_no_address_is_refused(given: str) -> None:
    with pytest.raises(ValueError, match="speech endpoint"):
        SpeechEndpoint(given)
