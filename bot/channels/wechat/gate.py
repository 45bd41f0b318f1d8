"""Who may come in: signatures, the time window, replays, and what each mode takes."""

import hashlib
from collections import OrderedDict
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Literal
from urllib.parse import parse_qsl

from bot.channels.wechat.codec import Cryptor, MalformedError, matches, read_fields, sign

Mode = Literal["plain", "compatible", "safe"]

PLAIN_BYTES = 64 * 1024  # of a message; the platform's own stay far below
SEALED_BYTES = 256 * 1024  # of an encrypted body: the compatible mode carries the message twice and a third
_WINDOW = 300  # seconds that a signature may be old, or ahead
_NONCES = 200_000
_QUERY_FIELDS = 32


class RefusedError(Exception):
    """The request is not the platform's, or not one we take; `reason` is for the log only."""

    def __init__(self, status: int, reason: str) -> None:
        super().__init__(reason)
        self.status = status
        self.reason = reason


@dataclass(frozen=True, slots=True)
class Delivery:
    """One authentic push (推送)."""

    fields: Mapping[str, str]
    timestamp: int  # of this push, by the platform's clock
    nonce: str
    sealed: bool  # it came encrypted


class Gate:
    """Checks every request; in an encrypted mode nothing but what was inside the encryption gets through."""

    def __init__(self, token: str, mode: Mode, cryptor: Cryptor | None, now: Callable[[], datetime]) -> None:
        self._token = token
        self._mode = mode
        self._cryptor = cryptor
        self._now = now
        self._nonces: OrderedDict[tuple[int, str], bytes] = OrderedDict()
        self.body_limit = PLAIN_BYTES if mode == "plain" else SEALED_BYTES

    def check_address(self, query_string: bytes) -> str:
        """The echostr to answer to the console's check of our address (接入验证); raises RefusedError."""
        query = read_query(query_string)
        self._check_plain(query)
        return query.get("echostr", "")

    def open(self, query: Mapping[str, str], body: bytes) -> Delivery:
        """The push in a POST; raises RefusedError."""
        return self._open_plain(query, body) if self._mode == "plain" else self._open_sealed(query, body)

    def check_before_body(self, query: Mapping[str, str]) -> None:
        """Refuse what its query alone gives away, before a byte of the body is read."""
        if self._mode == "plain":
            if query.get("encrypt_type", "raw") not in ("raw", ""):
                raise RefusedError(403, "encrypted though the mode is plain")
            self._check_plain(query)
            return
        self._time(query)
        if not (query.get("msg_signature") and query.get("encrypt_type", "aes") == "aes"):
            raise RefusedError(403, "not encrypted")

    def _open_plain(self, query: Mapping[str, str], body: bytes) -> Delivery:
        timestamp = self._time(query)
        nonce = query.get("nonce", "")
        if len(body) > PLAIN_BYTES:
            raise RefusedError(413, "too large")
        self._check_replay(timestamp, nonce, body)
        return Delivery(_fields(body), timestamp, nonce, sealed=False)

    def _open_sealed(self, query: Mapping[str, str], body: bytes) -> Delivery:
        timestamp = self._time(query)
        nonce = query.get("nonce", "")
        encrypted = _fields(body).get("Encrypt", "")
        if not encrypted:
            raise RefusedError(403, "not encrypted")
        assert self._cryptor is not None
        expected = self._cryptor.signature(query.get("timestamp", ""), nonce, encrypted)
        if not matches(expected, query.get("msg_signature", "")):
            raise RefusedError(403, "signature")
        try:
            message = self._cryptor.open(encrypted)
            if len(message) > PLAIN_BYTES:
                raise RefusedError(413, "too large")
            return Delivery(read_fields(message), timestamp, nonce, sealed=True)
        except MalformedError:
            # Whether key, padding, length, account or content is wrong: the same to the outside.
            raise RefusedError(403, "not a message to this account") from None

    def _check_plain(self, query: Mapping[str, str]) -> None:
        expected = sign(self._token, query.get("timestamp", ""), query.get("nonce", ""))
        if not matches(expected, query.get("signature", "")):
            raise RefusedError(403, "signature")
        self._time(query)

    def _time(self, query: Mapping[str, str]) -> int:
        text = query.get("timestamp", "")
        if not (text.isascii() and text.isdigit() and len(text) <= 12):
            raise RefusedError(403, "timestamp")
        timestamp = int(text)
        skew = timestamp - self._now().timestamp()
        if abs(skew) > _WINDOW:
            raise RefusedError(403, f"timestamp is {skew:.0f} s off")
        return timestamp

    def _check_replay(self, timestamp: int, nonce: str, body: bytes) -> None:
        """In plain mode the signature does not cover the body: the same one with another body is forged."""
        digest = hashlib.blake2b(body, digest_size=16).digest()
        known = self._nonces.setdefault((timestamp, nonce), digest)
        if known != digest:
            raise RefusedError(403, "nonce used before")
        while len(self._nonces) > _NONCES or self._is_stale(next(iter(self._nonces))[0]):
            self._nonces.popitem(last=False)

    def _is_stale(self, timestamp: int) -> bool:
        return timestamp < self._now().timestamp() - _WINDOW


def read_query(query_string: bytes) -> dict[str, str]:
    """The parameters of a query; raises RefusedError for repeated ones and for what is not UTF-8."""
    try:
        pairs = parse_qsl(
            query_string.decode(), keep_blank_values=True, errors="strict", max_num_fields=_QUERY_FIELDS
        )
    except ValueError:
        raise RefusedError(400, "query") from None
    query = dict(pairs)
    if len(query) != len(pairs):
        raise RefusedError(400, "query")
    return query


def _fields(body: bytes) -> dict[str, str]:
    try:
        return read_fields(body)
    except MalformedError:
        raise RefusedError(400, "malformed") from None
