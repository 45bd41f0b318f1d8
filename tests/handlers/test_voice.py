"""Voice messages are heard as if typed; when they cannot be, a kind reply says why."""

from dataclasses import replace

import pytest

from handlers.core import AttachmentError, Outcome, Services, TranscriptionUnavailableError, Turn
from handlers.voice import LARGEST, SpeechTooLongError, UnreadableSpeechError, hear, show_back
from storage.records import Attachment, Message
from tests.handlers.conftest import Stage

VOICE = Attachment("media-1", mime="audio/amr", kind="voice")


class EndpointDouble:
    """Hears what it is told to, or fails as told."""

    def __init__(self, heard: str | Exception) -> None:
        self.heard = heard
        self.asked: list[tuple[bytes, str, str]] = []

    async def transcribe(self, data: bytes, mime: str, language: str) -> str:
        self.asked.append((data, mime, language))
        if isinstance(self.heard, Exception):
            raise self.heard
        return self.heard


async def fetch(message: Message, attachment: Attachment) -> bytes:
    return attachment.ref.encode()


def spoken(stage: Stage, text: str = "", attachment: Attachment = VOICE) -> Turn:
    turn = stage.turn(action="none")
    message = replace(turn.message, text=text, action=None, kind="voice", attachments=(attachment,))
    return replace(turn, message=message)


def with_endpoint(stage: Stage, heard: str | Exception) -> tuple[Services, EndpointDouble]:
    endpoint = EndpointDouble(heard)
    return replace(stage.services, transcriber=endpoint, fetch=fetch), endpoint


def replied(stage: Stage, outcome: Turn | Outcome) -> list[str]:
    assert isinstance(outcome, Outcome)
    return stage.follow(outcome)


@pytest.mark.parametrize("language", ["zh", "en", "ja"])
async def test_what_was_said_goes_on_as_if_typed(stage: Stage, language: str) -> None:
    stage.conversation = replace(stage.conversation, language=language)
    services, endpoint = with_endpoint(stage, " 查一下上个月的发票。 ")
    turn = await hear(spoken(stage), services)
    assert isinstance(turn, Turn)
    assert (turn.message.text, turn.message.spoken) == ("查一下上个月的发票。", True)
    assert endpoint.asked == [(b"media-1", "audio/amr", language)]


async def test_the_words_are_shown_back_with_the_answer(stage: Stage) -> None:
    services, _ = with_endpoint(stage, "你好")
    turn = await hear(spoken(stage), services)
    assert isinstance(turn, Turn)
    outcome = show_back(turn, turn.say("menu.greet"))
    assert stage.follow(outcome) == ["voice.heard", "menu.greet"]
    assert outcome.replies[0].values == {"text": "你好"}


async def test_typed_words_are_not_shown_back(stage: Stage) -> None:
    turn = stage.turn("你好")
    assert show_back(turn, turn.say("menu.greet")) == turn.say("menu.greet")


async def test_words_that_the_channel_recognised_are_kept(stage: Stage) -> None:
    services, endpoint = with_endpoint(stage, "something else")
    turn = spoken(stage, "发票到哪儿了")
    assert await hear(turn, services) == turn
    assert endpoint.asked == []


async def test_other_messages_pass_untouched(stage: Stage) -> None:
    services, endpoint = with_endpoint(stage, "something else")
    for turn in (stage.turn("你好"), spoken(stage, attachment=Attachment("1", kind="photo"))):
        assert await hear(turn, services) == turn
    assert endpoint.asked == []


async def test_without_an_endpoint_it_says_so(stage: Stage) -> None:
    assert replied(
        stage, await hear(spoken(stage), replace(stage.services, transcriber=None, fetch=fetch))
    ) == ["voice.no_endpoint"]


@pytest.mark.parametrize(
    ("heard", "key"),
    [
        (TranscriptionUnavailableError(), "voice.unavailable"),
        (SpeechTooLongError(), "voice.too_long"),
        (UnreadableSpeechError(), "voice.unclear"),
        ("", "voice.unclear"),
        ("  。… ", "voice.unclear"),
    ],
)
async def test_what_was_not_heard_is_explained(stage: Stage, heard: str | Exception, key: str) -> None:
    services, _ = with_endpoint(stage, heard)
    assert replied(stage, await hear(spoken(stage), services)) == [key]


@pytest.mark.parametrize(
    ("reason", "key"),
    [
        ("too_large", "voice.too_long"),
        ("gone", "voice.not_fetched"),
        ("unavailable", "voice.not_fetched"),
    ],
)
async def test_what_was_not_fetched_is_explained(stage: Stage, reason: str, key: str) -> None:
    async def refuse(message: Message, attachment: Attachment) -> bytes:
        raise AttachmentError(reason)

    services, _ = with_endpoint(stage, "never")
    assert replied(stage, await hear(spoken(stage), replace(services, fetch=refuse))) == [key]


async def test_a_file_known_to_be_too_large_is_not_fetched(stage: Stage) -> None:
    services, endpoint = with_endpoint(stage, "never")
    turn = spoken(stage, attachment=replace(VOICE, size=LARGEST + 1))
    assert replied(stage, await hear(turn, services)) == ["voice.too_long"]
    assert endpoint.asked == []


async def test_an_open_question_stays_open(stage: Stage) -> None:
    stage.conversation = replace(stage.conversation, awaiting="invoice_number")
    services, _ = with_endpoint(stage, "")
    assert replied(stage, await hear(spoken(stage), services)) == ["voice.unclear"]
    assert stage.conversation.awaiting == "invoice_number"
