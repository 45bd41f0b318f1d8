"""Ratings (评价), praise, complaints and suggestions (投诉、建议): kept word for word, thanked for once."""

import hashlib
import re
from typing import TYPE_CHECKING, Any

from handlers.core import Button, Outcome, Services, Turn
from handlers.menu import agreed
from locales.talk import says
from storage import notices
from storage.notices import Fact

if TYPE_CHECKING:
    from nlu.text.understanding import Understanding

HIGHEST = 5
_SATISFIED = 4  # from here on nobody is asked what went wrong
_LONGEST = 2_000  # characters that are kept
_BARE = 8  # a complaint of fewer characters only announces one
_BARE_WORDS = 5  # the same where words are parted by spaces
_A_PERSON = frozenset({"agent.handoff", "agent.emergency", "contact.info"})
_HALF_CLEAR = 0.4
_RATING = re.compile(r"\D{0,6}([1-5])\D{0,6}", re.ASCII)


async def rate(turn: Turn, services: Services) -> Outcome:
    """Keep a rating from 1 to 5 (the slot or `rate:<n>`); without one keep the words and ask for it."""
    rating = _rating(turn)
    if rating is not None:
        return await _rated(turn, services, rating)
    if turn.understanding is not None and turn.message.text.strip():
        await _keep(turn, services, "rate")
        return turn.ask("feedback.thanks_praise", *_ratings(), awaiting="rating")
    return turn.ask("feedback.ask_rating", *_ratings(), awaiting="rating")


async def rating(turn: Turn, services: Services) -> Outcome | None:
    """Awaited `rating`: a number from 1 to 5, or a no."""
    if agreed(turn) is False:
        return turn.say("feedback.later")
    found = _RATING.fullmatch(turn.message.text.strip())
    value = int(found.group(1)) if found else _rating(turn)
    return None if value is None else await _rated(turn, services, value)


async def complain(turn: Turn, services: Services) -> Outcome:
    """Keep a complaint or suggestion; where it only announces itself, ask once what it is about."""
    text = turn.message.text.strip()
    long_enough = len(text.split()) > _BARE_WORDS if " " in text else len(text) > _BARE
    if turn.understanding is None or not long_enough:
        return turn.ask(
            "feedback.ask_words",
            Button("feedback.skip", "feedback:skip"),
            Button("button.human", "human"),
            awaiting="feedback_words",
        )
    return await _kept(turn, services, "complaint")


async def words(turn: Turn, services: Services) -> Outcome | None:
    """Awaited `feedback_words`: whatever is said, unless it is clearly another wish."""
    if agreed(turn) is False:
        return turn.say("feedback.later")
    understanding = turn.understanding
    if understanding is not None and understanding.intent == "feedback.rate" and _rating(turn) is not None:
        return None  # stars are a rating
    about_us = says("feedback.us", turn.message.text)
    if understanding is not None and not about_us and _is_another_wish(understanding):
        return None
    return await _kept(turn, services, "words") if turn.message.text.strip() else None


def _is_another_wish(understanding: "Understanding") -> bool:
    """Whether somebody who was asked what is wrong wants something else; a person, also where it is half clear."""
    if understanding.intent in _A_PERSON and understanding.action == "clarify":
        return understanding.confidence >= _HALF_CLEAR
    if understanding.action != "answer" or understanding.intent == "out_of_scope":
        return False
    return not understanding.intent.startswith("feedback.")


async def button(turn: Turn, services: Services) -> Outcome:
    """The buttons of this topic: `feedback:skip`, or the question for a rating."""
    return turn.say("feedback.later") if turn.argument == "skip" else await rate(turn, services)


async def _rated(turn: Turn, services: Services, value: int) -> Outcome:
    await _keep(turn, services, "rate", rating=value)
    if value >= _SATISFIED:
        return turn.say("feedback.thanks_high", rating=str(value))
    return turn.ask(
        "feedback.ask_why",
        Button("feedback.skip", "feedback:skip"),
        Button("button.human", "human"),
        awaiting="feedback_words",
        rating=str(value),
    )


async def _kept(turn: Turn, services: Services, kind: str) -> Outcome:
    reference = await _keep(turn, services, kind)
    return turn.say("feedback.thanks_words", Button("button.human", "human"), reference=reference)


async def _keep(turn: Turn, services: Services, kind: str, **more: Any) -> str:
    """Write it down and return its reference; the same message twice is one entry."""
    key = f"feedback:{turn.message.chat}:{turn.message.id}"
    reference = reference_of(key)
    value = {
        "kind": kind,
        "reference": reference,
        "text": turn.message.text.strip()[:_LONGEST],
        "language": turn.conversation.language,
        "chat": str(turn.message.chat),
        **more,
    }
    await services.store.write(notices.keep_fact, Fact(key, value, turn.now))
    return reference


def reference_of(key: str) -> str:
    """A short number (编号) that a person can read out, always the same for one key."""
    return hashlib.sha256(key.encode()).hexdigest()[:8].upper()


def _rating(turn: Turn) -> int | None:
    value = turn.argument or (turn.understanding.slots.get("rating") if turn.understanding else None)
    try:
        number = int(value) if value is not None else 0
    except (TypeError, ValueError):
        return None
    return number if 1 <= number <= HIGHEST else None


def _ratings() -> tuple[Button, ...]:
    return tuple(
        Button("feedback.rating_button", f"rate:{value}", {"rating": str(value)})
        for value in range(HIGHEST, 0, -1)
    )
