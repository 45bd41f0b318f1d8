"""Recordings of a tone, as the channels send them; made when they are asked for."""

import random
import struct
import subprocess
import tempfile
from functools import cache

# Container and codec of: WeChat, Telegram, iPhone, Chrome, Safari, a desktop recorder, old players.
FORMATS = {
    "amr": (),
    "ogg": ("-c:a", "libopus", "-f", "ogg"),
    "m4a": ("-c:a", "aac", "-f", "ipod"),
    "webm": ("-c:a", "libopus", "-f", "webm"),
    "mp4": ("-c:a", "aac", "-f", "mp4"),
    "wav": ("-c:a", "pcm_s16le", "-ar", "44100", "-ac", "2", "-f", "wav"),
    "mp3": ("-c:a", "libmp3lame", "-f", "mp3"),
    "aac": ("-c:a", "aac", "-f", "adts"),
    "flac": ("-c:a", "flac", "-f", "flac"),
}


@cache
def tone(kind: str, seconds: float = 1.0) -> bytes:
    """A recording that is loud enough to be a voice."""
    if kind == "amr":
        return amr(seconds)
    return _made(f"sine=frequency=440:sample_rate=48000:duration={seconds}", kind)


@cache
def silence(kind: str, seconds: float = 1.0) -> bytes:
    """A recording of nothing."""
    return _made(f"anullsrc=sample_rate=8000:duration={seconds}", kind)


def amr(seconds: float) -> bytes:
    """AMR of 12.2 kbit/s with any bits in its 20 ms frames: noise. ffmpeg decodes AMR but cannot write it."""
    bits = random.Random(20261125)
    return b"#!AMR\n" + b"".join(b"\x3c" + bits.randbytes(31) for _ in range(round(seconds * 50)))


def mp4_pointing_at(path: str, m4a: bytes) -> bytes:
    """The same file without its sound, which it says lies at `path` (a Macintosh alias record)."""
    # Fields of the record that nobody reads are zero; 2 is the tag of the absolute path, 0xFFFF the end.
    absolute = path.encode() + b"\0" * (len(path) % 2)
    record = bytes(150) + struct.pack(">HH", 2, len(absolute)) + absolute + struct.pack(">HH", 0xFFFF, 0)
    alias = struct.pack(">I4sI", 12 + len(record), b"alis", 0) + record
    data = bytearray(m4a)
    sound, index = data.index(b"mdat"), data.index(b"moov")
    data[sound + 4 : index - 4] = bytes(index - 4 - sound - 4)
    own = data.index(b"url ", index)
    data[own - 4 : own + 8] = alias
    for name in (b"moov", b"trak", b"mdia", b"minf", b"dinf", b"dref"):
        place = data.index(name, index) - 4
        size = int.from_bytes(data[place : place + 4], "big") + len(alias) - 12
        data[place : place + 4] = size.to_bytes(4, "big")
    return bytes(data)


def _made(source: str, kind: str) -> bytes:
    command = ["ffmpeg", "-nostdin", "-v", "error", "-f", "lavfi", "-i", source, *FORMATS[kind]]
    # MP4 must seek while it is written, so it goes through a file.
    if kind in ("m4a", "mp4"):
        with tempfile.NamedTemporaryFile() as file:
            subprocess.run([*command, "-y", file.name], check=True, timeout=60)
            return file.read()
    return subprocess.run([*command, "pipe:1"], check=True, capture_output=True, timeout=60).stdout
