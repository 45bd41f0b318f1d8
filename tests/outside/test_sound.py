"""Recordings of every channel are decoded; hostile ones reach no file, no network and no second minute."""

import asyncio
import os
import random
import subprocess
import sys
import wave
from io import BytesIO
from pathlib import Path

import pytest

from bot.outside.sound import INPUT_LIMIT, Converter, demuxer
from handlers.core import TranscriptionUnavailableError
from handlers.voice import SpeechTooLongError, UnreadableSpeechError
from tests.outside.recordings import FORMATS, mp4_pointing_at, silence, tone

GARBAGE = random.Random(7).randbytes(4096)
PLAYLISTS = {
    "hls": b"#EXTM3U\n#EXT-X-TARGETDURATION:10\n#EXTINF:10,\nfile:///etc/passwd\n#EXT-X-ENDLIST\n",
    "concat": b"ffconcat version 1.0\nfile '/etc/passwd'\n",
    "sdp": b"v=0\no=- 0 0 IN IP4 127.0.0.1\nc=IN IP4 127.0.0.1\nm=audio 5004 RTP/AVP 0\n",
    "dash": b'<?xml version="1.0"?><MPD><BaseURL>file:///etc/passwd</BaseURL></MPD>',
    "picture": b"\x89PNG\r\n\x1a\n" + bytes(64),
    "silk": b"\x02#!SILK_V3" + bytes(64),
}


def witness(folder: Path, body: str) -> Converter:
    """A converter whose ffmpeg is a script of ours: what it may do is what a captured ffmpeg may do."""
    script = folder / "ffmpeg"
    script.write_text(f"#!{sys.executable} -IS\nimport os, sys, time\n{body}\n", encoding="utf-8")
    script.chmod(0o755)
    return Converter(ffmpeg=str(script))


@pytest.mark.parametrize("kind", FORMATS)
async def test_every_format_becomes_16_khz_mono(kind: str) -> None:
    sound = await Converter().convert(tone(kind))
    assert sound.seconds == pytest.approx(1.0, abs=0.1)
    assert not sound.silent
    with wave.open(BytesIO(sound.wav())) as reader:
        assert (reader.getnchannels(), reader.getsampwidth(), reader.getframerate()) == (1, 2, 16000)
        assert reader.getnframes() * 2 == len(sound.samples)


async def test_silence_is_known() -> None:
    assert (await Converter().convert(silence("flac"))).silent


@pytest.mark.parametrize("kind", ["amr", "ogg", "mp3", "wav"])
async def test_a_recording_that_broke_off_is_used_as_far_as_it_goes(kind: str) -> None:
    whole = tone(kind, 2.0)
    sound = await Converter().convert(whole[: len(whole) * 3 // 4])
    assert 0.5 < sound.seconds < 2.0


@pytest.mark.parametrize("data", [b"", b"\xff", GARBAGE, *PLAYLISTS.values()])
async def test_what_is_no_recording_never_reaches_a_decoder(data: bytes, tmp_path: Path) -> None:
    converter = witness(tmp_path, "os.write(1, bytes(32000))")
    with pytest.raises(UnreadableSpeechError):
        await converter.convert(data)


@pytest.mark.parametrize("head", [b"#!AMR\n", b"OggS", b"ID3\x04", b"fLaC", b"\x1aE\xdf\xa3", b"\xff\xf1"])
@pytest.mark.parametrize(
    "rest", [GARBAGE, PLAYLISTS["hls"], PLAYLISTS["concat"]], ids=["garbage", "hls", "concat"]
)
async def test_a_true_first_word_does_not_open_the_rest(head: bytes, rest: bytes) -> None:
    """Garbage may decode to noise, as AMR has no check; text that names a file must give no sound of it."""
    try:
        sound = await Converter().convert(head + rest)
    except UnreadableSpeechError:
        return
    assert sound.seconds < 5


async def test_mp4_that_points_to_another_file_gives_nothing(tmp_path: Path) -> None:
    outside = tmp_path / "secret.m4a"
    outside.write_bytes(tone("m4a"))
    pointing = mp4_pointing_at(str(outside), tone("m4a"))
    # The pointer is a good one: ffmpeg follows it where it is allowed to.
    lured = tmp_path / "lure.m4a"
    lured.write_bytes(pointing)
    lax = ["ffmpeg", "-v", "quiet", "-enable_drefs", "1", "-use_absolute_path", "1", "-i", str(lured)]
    followed = subprocess.run([*lax, "-f", "s16le", "pipe:1"], capture_output=True, timeout=60)  # noqa: ASYNC221
    assert len(followed.stdout) > 32000
    with pytest.raises(UnreadableSpeechError):
        await Converter().convert(pointing)


async def test_more_than_a_minute_is_refused() -> None:
    with pytest.raises(SpeechTooLongError):
        await Converter().convert(tone("ogg", 75.0))


async def test_an_hour_in_a_few_bytes_costs_a_minute_at_most() -> None:
    hour = silence("flac", 3600.0)
    assert len(hour) < INPUT_LIMIT
    with pytest.raises(SpeechTooLongError):
        await Converter().convert(hour)


async def test_a_header_that_promises_hours_is_not_believed() -> None:
    data = bytearray(tone("wav"))
    place = data.index(b"data") + 4
    data[4:8] = data[place : place + 4] = b"\xf0\xff\xff\x7f"
    assert (await Converter().convert(bytes(data))).seconds == pytest.approx(1.0, abs=0.1)


async def test_a_file_beyond_the_cap_is_refused_unread() -> None:
    with pytest.raises(SpeechTooLongError):
        await Converter().convert(b"OggS" + bytes(INPUT_LIMIT))


async def test_a_decoder_that_floods_is_stopped(tmp_path: Path) -> None:
    converter = witness(tmp_path, "while True: os.write(1, b'x' * 65536)")
    with pytest.raises(SpeechTooLongError):
        await converter.convert(tone("amr"))


async def test_a_decoder_that_hangs_is_stopped(tmp_path: Path) -> None:
    witness(tmp_path, "time.sleep(600)")
    with pytest.raises(UnreadableSpeechError):
        await Converter(ffmpeg=str(tmp_path / "ffmpeg"), wall_clock=0.2).convert(tone("amr"))


async def test_a_decoder_can_write_no_file(tmp_path: Path) -> None:
    target = tmp_path / "written"
    converter = witness(
        tmp_path,
        f"try:\n    os.write(os.open({str(target)!r}, os.O_CREAT | os.O_WRONLY), b'x')\n"
        "except OSError: pass\nos.write(1, bytes(32000))",
    )
    await converter.convert(tone("amr"))
    assert not target.exists() or target.stat().st_size == 0


async def test_a_decoder_gets_no_settings_of_ours(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PIAODA_SPEECH_KEY", "loopback-secret")
    converter = witness(
        tmp_path, "os.write(1, b'\\x10\\x10' * (16000 if 'PIAODA_SPEECH_KEY' not in os.environ else 0))"
    )
    assert (await converter.convert(tone("amr"))).seconds == 1.0


async def test_nothing_stays_behind_when_the_turn_is_cancelled(tmp_path: Path) -> None:
    fifo = tmp_path / "alive"
    os.mkfifo(fifo)
    reading = os.open(fifo, os.O_RDONLY | os.O_NONBLOCK)
    os.set_blocking(reading, True)
    holding = os.open(fifo, os.O_WRONLY)  # until the script has it open itself
    converter = witness(
        tmp_path, f"os.fork(); os.write(os.open({str(fifo)!r}, os.O_WRONLY), b'!'); time.sleep(600)"
    )
    task = asyncio.create_task(converter.convert(tone("amr")))
    started = b""
    while len(started) < 2:
        started += await asyncio.to_thread(os.read, reading, 2)
    os.close(holding)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    # The end of the pipe comes only when the script and its child are both gone.
    assert await asyncio.to_thread(os.read, reading, 1) == b""
    os.close(reading)


async def test_the_event_loop_goes_on_meanwhile(tmp_path: Path) -> None:
    fifo = tmp_path / "go"
    os.mkfifo(fifo)
    converter = witness(
        tmp_path, f"os.read(os.open({str(fifo)!r}, os.O_RDONLY), 1); os.write(1, b'\\x10\\x10' * 16000)"
    )
    task = asyncio.create_task(converter.convert(tone("amr")))
    # The decoder waits for this line, which only a free loop can run.
    descriptor = await asyncio.to_thread(os.open, fifo, os.O_WRONLY)
    os.write(descriptor, b"!")
    os.close(descriptor)
    assert (await task).seconds == 1.0


async def test_without_ffmpeg_it_is_unavailable(tmp_path: Path) -> None:
    with pytest.raises(TranscriptionUnavailableError):
        await Converter(ffmpeg=str(tmp_path / "none")).convert(tone("amr"))


def test_mpeg_frames_are_told_apart() -> None:
    assert demuxer(b"\xff\xfb\x90") == "mp3"
    assert demuxer(b"\xff\xf1\x50") == "aac"
