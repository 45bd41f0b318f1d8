"""A voice message of any channel becomes plain 16 kHz sound, by ffmpeg in a confined child process."""

import asyncio
import contextlib
import os
import shutil
import signal
import sys
import tempfile
import wave
from dataclasses import dataclass
from io import BytesIO
from pathlib import Path
from typing import IO

import numpy as np

from bot.outside import confine
from handlers.core import TranscriptionUnavailableError
from handlers.voice import SpeechTooLongError, UnreadableSpeechError

RATE = 16_000  # samples a second: what speech recognisers are trained on
LONGEST = 60  # seconds; WeChat itself ends a voice message there
INPUT_LIMIT = 12 * 1024 * 1024  # bytes: 60 s of uncompressed studio sound
WALL_CLOCK = 20.0  # seconds; decoding a minute takes well under one
_BYTES_A_SECOND = RATE * 2
_SHORTEST = _BYTES_A_SECOND // 10  # bytes: a tenth of a second holds no word
_QUIET = 130  # peak of 32767 (-48 dB): recognisers invent sentences for silence
_AT_ONCE = 2
# Only what phones record: no playlists, no raw formats, no pictures.
_DECODERS = (
    "amrnb,amrwb,opus,libopus,vorbis,libvorbis,aac,alac,mp3float,mp3,flac,"
    "pcm_s16le,pcm_s24le,pcm_s32le,pcm_f32le,pcm_u8,pcm_alaw,pcm_mulaw,adpcm_ima_wav,adpcm_ms"
)


def demuxer(data: bytes) -> str | None:
    """The ffmpeg demuxer for these bytes, judged by how they begin; None for what we do not take."""
    if data.startswith((b"#!AMR\n", b"#!AMR-WB\n")):
        return "amr"
    if data.startswith(b"OggS"):
        return "ogg"
    if data.startswith(b"\x1aE\xdf\xa3"):
        return "matroska"
    if data.startswith(b"RIFF") and data[8:12] == b"WAVE":
        return "wav"
    if data.startswith(b"fLaC"):
        return "flac"
    if data[4:8] == b"ftyp":
        return "mov"
    if data.startswith(b"ID3"):
        return "mp3"
    if len(data) > 1 and data[0] == 0xFF and data[1] & 0xE0 == 0xE0:
        # MPEG sound: AAC frames have the layer bits 00, MP3 ones have not.
        return "aac" if data[1] & 0x06 == 0 else "mp3"
    return None


@dataclass(frozen=True, slots=True)
class Sound:
    """Mono sound, 16 bit, 16 kHz."""

    samples: bytes

    @property
    def seconds(self) -> float:
        """How long it lasts."""
        return len(self.samples) / _BYTES_A_SECOND

    @property
    def silent(self) -> bool:
        """Whether nothing in it is loud enough to be a voice."""
        return bool(np.abs(np.frombuffer(self.samples, "<i2").astype(np.int32)).max(initial=0) < _QUIET)

    def wav(self) -> bytes:
        """The same as a WAV file with a true length, which many endpoints insist on."""
        file = BytesIO()
        with wave.open(file, "wb") as writer:
            writer.setnchannels(1)
            writer.setsampwidth(2)
            writer.setframerate(RATE)
            writer.writeframes(self.samples)
        return file.getvalue()


class Converter:
    """Turns the bytes of a voice message into Sound, at most two at a time."""

    def __init__(
        self, *, ffmpeg: str | None = None, wall_clock: float = WALL_CLOCK, longest: int = LONGEST
    ) -> None:
        self._ffmpeg = ffmpeg
        self._wall_clock = wall_clock
        self._longest = longest
        self._places = asyncio.Semaphore(_AT_ONCE)

    async def convert(self, data: bytes) -> Sound:
        """Decode `data`.

        Raises SpeechTooLongError, UnreadableSpeechError, or TranscriptionUnavailableError without ffmpeg.
        """
        if len(data) > INPUT_LIMIT:
            raise SpeechTooLongError
        kind = demuxer(data)
        if kind is None:
            raise UnreadableSpeechError
        program = self._ffmpeg or shutil.which("ffmpeg")
        if program is None:
            raise TranscriptionUnavailableError("ffmpeg is not installed")
        async with self._places:
            source = await asyncio.to_thread(_kept, data)
            with source:
                samples = await self._decode(program, kind, source)
        if len(samples) > self._longest * _BYTES_A_SECOND:
            raise SpeechTooLongError
        if len(samples) < _SHORTEST:
            raise UnreadableSpeechError
        return Sound(samples)

    async def _decode(self, program: str, kind: str, source: IO[bytes]) -> bytes:
        child = await asyncio.create_subprocess_exec(
            sys.executable,
            "-I",
            "-S",
            str(Path(confine.__file__)),
            program,
            *_arguments(kind, self._longest + 1),
            stdin=source,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.DEVNULL,
            cwd="/",
            env={"PATH": "/usr/bin:/bin", "LC_ALL": "C"},
            start_new_session=True,
        )
        try:
            async with asyncio.timeout(self._wall_clock):
                samples = await _read(child, (self._longest + 2) * _BYTES_A_SECOND)
                status = await child.wait()
        except TimeoutError as error:
            raise UnreadableSpeechError from error
        finally:
            await _end(child)
        if status == confine.CANNOT_RUN:
            raise TranscriptionUnavailableError("ffmpeg cannot be run")
        # A recording that broke off ends in an error after good sound: what is there is used.
        return samples


def _arguments(kind: str, seconds: int) -> list[str]:
    """What ffmpeg is told: one known container from standard input, its first sound, nothing else."""
    return [
        *("-nostdin", "-hide_banner", "-loglevel", "quiet"),
        # Standard input is a real file, opened by its path: MP4 keeps its index at the end and must seek.
        # With the container fixed, nothing inside can make ffmpeg open a second file or address.
        *("-protocol_whitelist", "file,pipe", "-format_whitelist", kind, "-codec_whitelist", _DECODERS),
        *(("-enable_drefs", "0", "-use_absolute_path", "0") if kind == "mov" else ()),
        *("-threads", "1", "-f", kind, "-i", "file:/dev/stdin"),
        *("-map", "0:a:0", "-vn", "-sn", "-dn", "-map_metadata", "-1", "-t", str(seconds)),
        *("-ac", "1", "-ar", str(RATE), "-filter_threads", "1", "-f", "s16le", "pipe:1"),
    ]


def _kept(data: bytes) -> IO[bytes]:
    """A file without a name that holds `data`, open at its start."""
    file = tempfile.TemporaryFile()  # noqa: SIM115 - the caller closes it
    file.write(data)
    file.seek(0)
    return file


async def _read(child: asyncio.subprocess.Process, limit: int) -> bytes:
    """What the child writes, up to `limit` bytes; a child that writes more is killed."""
    assert child.stdout is not None
    parts = bytearray()
    while part := await child.stdout.read(65536):
        parts += part
        if len(parts) >= limit:
            _kill(child)
            break
    return bytes(parts[:limit])


def _kill(child: asyncio.subprocess.Process) -> None:
    if child.returncode is None:
        with contextlib.suppress(ProcessLookupError):
            os.killpg(child.pid, signal.SIGKILL)


async def _end(child: asyncio.subprocess.Process) -> None:
    """Leave no process behind, whatever ended the conversion."""
    _kill(child)
    with contextlib.suppress(ProcessLookupError):
        await child.wait()
