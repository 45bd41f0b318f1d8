"""The wire format of the callback: signatures, envelopes and XML.

Written beside wechatpy because its codec neither checks the padding nor compares in constant time, draws the
random bytes of a reply from a predictable source, and turns malformed bodies into errors of seven kinds.
"""

import base64
import hashlib
import hmac
import re
import secrets
import struct
from xml.parsers import expat

from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes

_BLOCK = 32  # the platform pads to 32 bytes, not to the 16 of AES
_RANDOM = 16
_LENGTH = struct.Struct(">I")
_DEPTH = 8  # of elements; the platform's own lists need four
_BOM_AND_SPACE = "\ufeff \t\r\n"
_CDATA_END = "]]>"


class MalformedError(Exception):
    """The bytes are not what the platform sends. One error for all causes: nothing to probe."""


def sign(*parts: str) -> str:
    """The signature (签名) of the platform: SHA-1 of the sorted parts, in hex."""
    return hashlib.sha1("".join(sorted(parts)).encode(), usedforsecurity=False).hexdigest()


def matches(expected: str, presented: str) -> bool:
    """Whether two signatures are equal, in constant time."""
    return hmac.compare_digest(expected.encode(), presented.encode("utf-8", "surrogatepass"))


class Cryptor:
    """Opens and seals the encrypted messages (消息加解密) of one account.

    `key` is the EncodingAESKey of the console, 43 characters. Raises ValueError for any other.
    """

    def __init__(self, token: str, app_id: str, key: str) -> None:
        try:
            # Lenient on purpose: the last character of the key may carry bits that Base64 does not use.
            secret = base64.b64decode(key + "=")
        except ValueError:
            secret = b""
        if len(key) != 43 or len(secret) != 32:
            raise ValueError(
                "wechat_aes_key must be the 43 characters that the console shows as EncodingAESKey"
            )
        self._token = token
        self._app_id = app_id.encode()
        self._cipher = Cipher(algorithms.AES256(secret), modes.CBC(secret[:16]))

    def signature(self, timestamp: str, nonce: str, encrypted: str) -> str:
        """The msg_signature over an encrypted message."""
        return sign(self._token, timestamp, nonce, encrypted)

    def open(self, encrypted: str) -> bytes:
        """The message inside; raises MalformedError for anything that is not one to this account."""
        try:
            sealed = base64.b64decode("".join(encrypted.split()), validate=True)
        except ValueError:
            raise MalformedError from None
        if not sealed or len(sealed) % 16:
            raise MalformedError
        decryptor = self._cipher.decryptor()
        padded = decryptor.update(sealed) + decryptor.finalize()
        pad = padded[-1]
        if not (1 <= pad <= _BLOCK and padded.endswith(bytes((pad,)) * pad)):
            raise MalformedError
        content = padded[_RANDOM:-pad]
        if len(content) < _LENGTH.size:
            raise MalformedError
        end = _LENGTH.size + _LENGTH.unpack_from(content)[0]
        if not hmac.compare_digest(content[end:], self._app_id):  # also when the length leads past the end
            raise MalformedError
        return content[_LENGTH.size : end]

    def seal(self, xml: str, timestamp: int, nonce: str) -> str:
        """The encrypted reply, as the envelope to send."""
        message = xml.encode()
        content = secrets.token_bytes(_RANDOM) + _LENGTH.pack(len(message)) + message + self._app_id
        pad = _BLOCK - len(content) % _BLOCK
        encryptor = self._cipher.encryptor()
        sealed = encryptor.update(content + bytes((pad,)) * pad) + encryptor.finalize()
        encrypted = base64.b64encode(sealed).decode()
        signature = self.signature(str(timestamp), nonce, encrypted)
        return (
            f"<xml><Encrypt>{cdata(encrypted)}</Encrypt><MsgSignature>{cdata(signature)}</MsgSignature>"
            f"<TimeStamp>{timestamp}</TimeStamp><Nonce>{cdata(nonce)}</Nonce></xml>"
        )


def read_fields(body: bytes) -> dict[str, str]:
    """The leaf elements of a message: path below the root (`MsgType`, `ScanCodeInfo/ScanResult`) → text.

    The first of equal names counts. Raises MalformedError for what is not UTF-8 XML under <xml>, for any
    DOCTYPE (entities can only be declared there), and for nesting deeper than the platform's.
    """
    fields: dict[str, str] = {}
    path: list[str] = []
    texts: list[str] = []
    is_leaf = False

    def start(name: str, _attributes: object) -> None:
        nonlocal is_leaf
        path.append(name)
        if len(path) > _DEPTH or path[0] != "xml":
            raise MalformedError
        texts.clear()
        is_leaf = True

    def end(_name: str) -> None:
        nonlocal is_leaf
        if is_leaf and len(path) > 1:
            fields.setdefault("/".join(path[1:]), "".join(texts))
        path.pop()
        is_leaf = False

    parser = expat.ParserCreate()
    parser.buffer_text = True
    parser.StartElementHandler = start
    parser.EndElementHandler = end
    parser.CharacterDataHandler = texts.append
    parser.StartDoctypeDeclHandler = _refuse
    try:
        # As text, so that no byte order mark can choose another encoding.
        parser.Parse(body.decode().lstrip(_BOM_AND_SPACE), True)
    except (expat.ExpatError, ValueError):
        raise MalformedError from None
    return fields


def _refuse(*_: object) -> None:
    raise MalformedError


def cdata(text: str) -> str:
    """A CDATA section that holds `text`, whatever it holds; characters that XML forbids are left out."""
    clean = _FORBIDDEN.sub("", text)
    if _CDATA_END in clean:
        clean = clean.replace(_CDATA_END, "]]]]><![CDATA[>")
    return f"<![CDATA[{clean}]]>"


# An expression, which passes over an ordinary text ten times as fast as a table of characters.
_FORBIDDEN = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\ud800-\udfff\ufffe\uffff]+")


def text_reply(recipient: str, sender: str, at: int, text: str) -> str:
    """The passive text reply (被动回复)."""
    return (
        f"<xml><ToUserName>{cdata(recipient)}</ToUserName><FromUserName>{cdata(sender)}</FromUserName>"
        f"<CreateTime>{at}</CreateTime><MsgType><![CDATA[text]]></MsgType>"
        f"<Content>{cdata(text)}</Content></xml>"
    )
