"""Speech to text by an OpenAI-compatible endpoint that the administrator has set."""

import json
import re
import unicodedata
from urllib.parse import urlsplit

import httpx
import structlog

from bot.outside.sound import Converter
from handlers.core import TranscriptionUnavailableError

_PATH = "/audio/transcriptions"
_ANSWER_LIMIT = 256 * 1024  # bytes; a minute of speech is a few thousand
_TEXT_LIMIT = 2000  # characters; a minute of fast speech is about 400
_TRIES = 2
# The answer cannot be under way yet, or may be asked for again: transcribing changes nothing there.
_BROKEN = (httpx.NetworkError, httpx.ConnectTimeout, httpx.RemoteProtocolError)
_SPACE = re.compile(r"\s+")
_log = structlog.get_logger()


def address(url: str) -> str:
    """The full address of the endpoint, from it or from the base address (`https://host` or `https://host/v1`).

    Raises ValueError for what is no web address.
    """
    parts = urlsplit(url.strip())
    if parts.scheme not in ("http", "https") or not parts.hostname or parts.fragment:
        raise ValueError("the address of the speech endpoint must start with http:// or https://")
    path = parts.path.rstrip("/")
    if not path.endswith(_PATH):
        path = (path or "/v1") + _PATH
    return parts._replace(path=path).geturl()


class SpeechEndpoint:
    """Transcribes voice messages (handlers.core.Transcriber); close it at the end."""

    def __init__(
        self,
        url: str,
        api_key: str = "",
        model: str = "whisper-1",
        *,
        seconds: float = 30.0,
        converter: Converter | None = None,
    ) -> None:
        self._url = address(url)
        self._model = model
        self._converter = converter or Converter()
        headers = {"Accept": "application/json", "Accept-Encoding": "identity"}
        if api_key:
            headers["Authorization"] = f"Bearer {api_key}"
        self._client = httpx.AsyncClient(
            timeout=httpx.Timeout(seconds, connect=min(seconds, 5.0)),
            headers=headers,
            trust_env=False,
            follow_redirects=False,
        )

    async def aclose(self) -> None:
        """Close the connections."""
        await self._client.aclose()

    async def transcribe(self, data: bytes, mime: str, language: str) -> str:
        """The words in a voice message; empty if there are none. `mime` is not trusted: the bytes tell.

        Raises TranscriptionUnavailableError, SpeechTooLongError or UnreadableSpeechError.
        """
        sound = await self._converter.convert(data)
        if sound.silent:
            return ""
        return _text(await self._ask(sound.wav(), language))

    async def _ask(self, wav: bytes, language: str) -> bytes:
        form = {"model": self._model, "response_format": "json"}
        if language:
            form["language"] = language
        for attempt in range(_TRIES):
            try:
                return await self._post(wav, form)
            except _BROKEN as error:
                _log.warning("speech.broken", error=type(error).__name__, attempt=attempt)
                failure: httpx.HTTPError = error
            except httpx.HTTPError as error:
                _log.warning("speech.failed", error=type(error).__name__)
                raise TranscriptionUnavailableError from error
        raise TranscriptionUnavailableError from failure

    async def _post(self, wav: bytes, form: dict[str, str]) -> bytes:
        files = {"file": ("voice.wav", wav, "audio/wav")}
        async with self._client.stream("POST", self._url, data=form, files=files) as response:
            if response.status_code != httpx.codes.OK:
                _log.warning("speech.refused", status=response.status_code)
                raise TranscriptionUnavailableError(f"status {response.status_code}")
            if response.headers.get("content-encoding", "identity") != "identity":
                # We asked for plain bytes; unpacking what was not asked for could fill the memory.
                raise TranscriptionUnavailableError("packed answer")
            body = bytearray()
            async for part in response.aiter_raw():
                body += part
                if len(body) > _ANSWER_LIMIT:
                    raise TranscriptionUnavailableError("answer too large")
            return bytes(body)


def _text(body: bytes) -> str:
    """The transcript in an answer, on one line, without control characters."""
    try:
        answer = json.loads(body)
    except (ValueError, RecursionError) as error:
        raise TranscriptionUnavailableError("answer is no JSON") from error
    match answer:
        case {"text": str(text)}:
            line = _SPACE.sub(" ", text).strip()
            shown = "".join(char for char in line if unicodedata.category(char) not in ("Cc", "Cs", "Co"))
            return shown[:_TEXT_LIMIT]
    raise TranscriptionUnavailableError("answer has no text")
