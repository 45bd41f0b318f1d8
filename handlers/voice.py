"""Voice messages: heard as if typed, with the words shown back."""

from dataclasses import replace

from handlers.core import (
    AttachmentError,
    Outcome,
    Reply,
    Services,
    TranscriptionUnavailableError,
    Turn,
)

LARGEST = 12 * 1024 * 1024  # bytes; a minute of uncompressed sound is less


class SpeechTooLongError(Exception):
    """A recording is longer than a minute, or its file larger than any minute is."""


class UnreadableSpeechError(Exception):
    """A recording cannot be decoded, or holds no sound."""


async def hear(turn: Turn, services: Services) -> Turn | Outcome:
    """The turn with the words that were spoken, to go on with as with typed text; or a kind reply.

    A turn without a voice message, or whose channel has recognised the words already, comes back unchanged.
    """
    message = turn.message
    voice = next((attachment for attachment in message.attachments if attachment.kind == "voice"), None)
    if voice is None or message.text.strip():
        return turn
    if services.transcriber is None or services.fetch is None:
        return _reply(turn, "voice.no_endpoint")
    if voice.size is not None and voice.size > LARGEST:
        return _reply(turn, "voice.too_long")
    try:
        data = await services.fetch(message, voice)
        text = await services.transcriber.transcribe(data, voice.mime, turn.conversation.language)
    except AttachmentError as error:
        return _reply(turn, "voice.too_long" if error.reason == "too_large" else "voice.not_fetched")
    except TranscriptionUnavailableError:
        return _reply(turn, "voice.unavailable")
    except SpeechTooLongError:
        return _reply(turn, "voice.too_long")
    except UnreadableSpeechError:
        return _reply(turn, "voice.unclear")
    # Recognisers answer noise with a lone full stop.
    if not any(char.isalnum() for char in text):
        return _reply(turn, "voice.unclear")
    return replace(turn, message=replace(message, text=text.strip(), spoken=True))


def show_back(turn: Turn, outcome: Outcome) -> Outcome:
    """The outcome of a spoken turn with the words we heard put before its replies; others unchanged."""
    if not turn.message.spoken or not turn.message.text or not outcome.replies:
        return outcome
    heard = Reply("voice.heard", {"text": turn.message.text})
    return replace(outcome, replies=(heard, *outcome.replies))


def _reply(turn: Turn, key: str) -> Outcome:
    """Say why nothing was heard; a question that was open stays open, to be answered by typing."""
    return Outcome(turn.conversation, (Reply(key),))
