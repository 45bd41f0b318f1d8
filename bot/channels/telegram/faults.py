"""What an error of the Bot API means for the message that was being sent."""

import httpx
from telegram.error import BadRequest, Forbidden, InvalidToken, NetworkError, TelegramError

from bot.channels.telegram.wire import FloodError
from handlers.core import DeliveryError, InDoubtError, RecipientGoneError, RetryLaterError, UndeliverableError

_TOKEN_REFUSED = 60.0  # seconds: an operator has to act first
_CUT_ANSWER = "without sending complete"  # httpx: the head of an answer came, the rest did not


def delivery_error(error: TelegramError) -> DeliveryError:
    """The DeliveryError that `error` amounts to."""
    if isinstance(error, FloodError):
        return RetryLaterError(error.seconds, "429")
    if isinstance(error, Forbidden):
        return RecipientGoneError("blocked")
    if isinstance(error, BadRequest):  # a NetworkError in the library, though the answer is final
        return UndeliverableError(_reason(error))
    if isinstance(error, InvalidToken):
        return RetryLaterError(_TOKEN_REFUSED, "token refused")
    if isinstance(error, NetworkError):
        return _network_error(error)
    return InDoubtError(type(error).__name__)


def _network_error(error: NetworkError) -> DeliveryError:
    cause = error.__cause__
    name = type(cause or error).__name__
    if isinstance(cause, httpx.ReadTimeout):
        return InDoubtError(name)  # the request is out; it may well have been carried out
    if isinstance(cause, httpx.RemoteProtocolError) and _CUT_ANSWER in str(cause):
        return InDoubtError(name)
    if cause is None or isinstance(cause, TelegramError | httpx.HTTPError):
        # 5xx, a proxy's page, no connection, or a connection dropped before one byte of an answer:
        # that is how front ends refuse work, and how idle connections end.
        return RetryLaterError(None, name)
    return InDoubtError(name)


def is_markup_refused(error: BadRequest) -> bool:
    """Whether the buttons were refused, so that the text alone may still go."""
    text = str(error).lower()
    return any(word in text for word in ("button", "keyboard", "markup", "callback_data"))


def _reason(error: BadRequest) -> str:
    """A short, stable name for the log: Telegram's words, which never repeat ours."""
    return str(error)[:80]
