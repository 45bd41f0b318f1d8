"""Where a message goes: used button > document > answer to our question > clear wish > ask back."""

from dataclasses import replace
from datetime import date

from handlers import criteria, menu, routes, status, voice
from handlers.core import AttachmentError, Button, Outcome, Reply, Services, Turn
from handlers.ellipsis import open_picked, with_pick
from handlers.language import spoken
from handlers.numbers import numbers_in
from locales.catalog import BEIJING, Phrase
from locales.talk import says
from nlu.text.understanding import Understanding
from nlu.text.wishes import split_wishes
from storage.database import StoreUnavailableError
from storage.records import Conversation

LONGEST = 4_000  # characters of a message that we read
_LIKELY, _AHEAD = 0.8, 0.6  # confidence, and lead over the next wish, that do for a harmless answer
_SPOKEN_OF, _SPOKEN_AHEAD = 0.4, 0.15  # the same where the message or the talk names what it is about
_SHORT = 20  # characters of a question right below the invoice it is about
_POINTED_AT = 0.2  # confidence that does where the sentence points at the invoice
_LET_GO = frozenset({"feedback_words", "rating"})  # asked out of courtesy, and only once
_OF_ONE = frozenset({"invoice.status", "invoice.duplicate"})
# Wishes about a number that a look at it does not answer.
_OTHER_THAN_A_LOOK = frozenset(
    {
        "invoice.void_red",
        "invoice.correct",
        "invoice.verify",
        "invoice.lost",
        "notify.unsubscribe",
        "account.bind",
    }
)
_DOCUMENTS = frozenset({"photo", "file", "video"})


async def route(turn: Turn, services: Services) -> Outcome:
    """Answer one message, and remember what the answer was: "stop it" and "export" mean what was just shown."""
    outcome = await _routed(turn, services)
    if not outcome.replies:
        return outcome
    slots = {**outcome.conversation.slots, "said": outcome.replies[0].key}
    return replace(outcome, conversation=replace(outcome.conversation, slots=slots))


async def _routed(turn: Turn, services: Services) -> Outcome:
    message = turn.message
    if message.action is not None:
        outcome = await _pressed(turn, services)
        if outcome is not None:
            return outcome
    if any(attachment.kind in _DOCUMENTS for attachment in message.attachments):
        return await routes.DOCUMENT(turn, services)
    if any(attachment.kind == "voice" for attachment in message.attachments) and not message.text.strip():
        heard = await voice.hear(turn, services)
        if isinstance(heard, Outcome):
            return heard
        return voice.show_back(heard, await _said(heard, services))
    if message.kind in routes.BY_KIND and not message.text.strip():
        return await routes.BY_KIND[message.kind](turn, services)
    return await _said(turn, services)


def reply_to_error(error: Exception) -> Reply | None:
    """What to say to a failure that is no bug of ours, or None. Raises what the platform should repeat."""
    if isinstance(error, StoreUnavailableError):
        raise error
    if isinstance(error, AttachmentError):
        return Reply(f"error.{error.reason}")
    return None


async def _pressed(turn: Turn, services: Services) -> Outcome | None:
    """The answer to a button, a command or a menu entry; None for one we do not know."""
    name, _, argument = (turn.message.action or "").partition(":")
    turn = replace(turn, argument=argument)
    if name == "intent":
        return await _chosen(turn, services)
    handler = routes.BY_ACTION.get(name)
    if handler is not None:
        return await handler(turn, services)
    return None if turn.message.text.strip() else await menu.show(turn, services)


async def _chosen(turn: Turn, services: Services) -> Outcome:
    """A wish picked from what we offered: the sentence it was about still holds the details."""
    handler = routes.BY_INTENT.get(turn.argument)
    if handler is None:
        return await menu.show(turn, services)
    asked = str(turn.conversation.slots.get("asked", ""))
    message, understanding = turn.message, None
    if asked:
        understanding = services.understander.understand(asked, today=_today(turn))
        understanding = replace(understanding, intent=turn.argument, action="answer")
        message = replace(message, text=asked, action=None)  # as if the wish had been clear at once
    turn = replace(turn, message=message, argument="", understanding=understanding)
    return await handler(with_pick(turn.remember(asked=None, offered=None)), services)


async def _said(turn: Turn, services: Services) -> Outcome:
    text = turn.message.text.strip()
    if not text:
        return await menu.show(turn, services)
    if len(text) > LONGEST:
        return turn.say("error.too_long", limit=LONGEST)
    understanding = services.understander.understand(text, today=_today(turn))
    language = spoken(turn.conversation, text, understanding)
    turn = replace(
        turn, understanding=understanding, conversation=replace(turn.conversation, language=language)
    )
    if understanding.second is not None and (parts := split_wishes(text)) is not None:
        turn = _first_wish(turn, services, *parts)
    turn = with_pick(turn)
    if (intent := menu.chosen(turn)) is not None:
        return await _chosen(replace(turn, argument=intent), services)
    awaiting = turn.conversation.awaiting
    if awaiting is None:
        return await _wished(turn, services)
    parser = routes.BY_AWAITED.get(awaiting)
    answered = None if parser is None else await parser(turn, services)
    if answered is not None:
        return answered
    return _resumed(turn, await _wished(turn, services))


async def _wished(turn: Turn, services: Services) -> Outcome:
    text = turn.message.text.strip()
    if (action := menu.shortcut(text) or menu.labelled(text, services)) is not None:
        pressed = await _pressed(replace(turn, message=replace(turn.message, action=action)), services)
        if pressed is not None:
            return pressed
    understanding = turn.understanding
    if understanding is None:
        return await menu.show(turn, services)
    for try_ in routes.FOLLOW_UPS:  # "and the one of last month?" belongs to what was said before
        outcome = await try_(turn, services)
        if outcome is not None:
            return outcome
    handler = routes.BY_INTENT.get(understanding.intent)
    if handler is not None and _is_clear(turn, understanding):
        return _offering(turn, await handler(turn, services))
    if (picked := await open_picked(turn, services)) is not None:
        return picked
    if understanding.action == "clarify" and _is_about_one(turn, understanding):
        return await routes.BY_INTENT["invoice.status"](turn, services)  # whatever is asked of it
    if understanding.action == "clarify" and turn.conversation.misses == 0:
        return await menu.clarify(turn, services)
    return await menu.refuse(turn, services)


def _is_clear(turn: Turn, understanding: Understanding) -> bool:
    """Whether to answer at once: asking back costs more than a wrong look at one's own invoices or a wrong page."""
    if understanding.action == "answer":
        return True
    intent, sure = understanding.intent, understanding.confidence
    if understanding.action == "refuse" or intent not in routes.HARMLESS:
        return False
    rivals = [guess.confidence for guess in understanding.alternatives if guess.intent != intent]
    lead = sure - max(rivals, default=0.0)
    if intent == "invoice.search" and criteria.has_criteria(understanding.slots):
        return sure >= _SPOKEN_OF and lead >= _SPOKEN_AHEAD
    if intent == "invoice.status" and "invoice" in turn.conversation.slots:
        return sure >= _SPOKEN_OF and lead >= _SPOKEN_AHEAD
    return sure >= _LIKELY and lead >= _AHEAD


def _is_about_one(turn: Turn, understanding: Understanding) -> bool:
    """Whether a half-clear sentence names an invoice, or speaks of the last one (这张报了吗), so that a look helps."""
    if numbers_in(turn):
        return understanding.intent not in _OTHER_THAN_A_LOOK
    text = turn.message.text
    below = turn.said in status.JUST_SHOWN and len(text) <= _SHORT and says("status.paid", text)
    if "invoice" not in turn.conversation.slots or not (below or says("status.this", text)):
        return False
    sure = {guess.intent: guess.confidence for guess in understanding.alternatives}
    of_one = sum(sure.pop(intent, 0.0) for intent in _OF_ONE)
    sure.pop("out_of_scope", None)  # what points at an invoice is ours
    if below:
        return of_one > max(sure.values(), default=0.0)
    return of_one >= _POINTED_AT and of_one - max(sure.values(), default=0.0) >= _SPOKEN_AHEAD


def _offering(turn: Turn, outcome: Outcome) -> Outcome:
    """The answer, with the second wish of the same sentence offered."""
    second = turn.understanding.second if turn.understanding is not None else None
    if second is None or second not in routes.BY_INTENT or outcome.conversation.awaiting is not None:
        return outcome
    wish = f"choice.{second}"
    button = Button(wish, f"intent:{second}")
    slots = {**outcome.conversation.slots, "asked": turn.conversation.slots.get("asked"), "offered": second}
    return replace(
        outcome,
        conversation=replace(outcome.conversation, slots=slots),
        replies=(*outcome.replies, Reply("second.offer", {"wish": Phrase(wish)}, (button,))),
    )


def _resumed(turn: Turn, outcome: Outcome) -> Outcome:
    """A question of ours is not forgotten because another one came in between."""
    understanding, conversation = turn.understanding, outcome.conversation
    intent = "" if understanding is None else understanding.intent
    in_between = intent in routes.IN_BETWEEN or any(reply.key.startswith("faq.") for reply in outcome.replies)
    if conversation.awaiting is not None or not in_between or conversation.misses:
        return outcome
    if turn.conversation.awaiting in _LET_GO:
        return outcome
    question = turn.conversation.slots.get("question")
    kept: Conversation = replace(conversation, awaiting=turn.conversation.awaiting)
    replies = (*outcome.replies, Reply(str(question))) if question else outcome.replies
    return replace(outcome, conversation=kept, replies=replies)


def _today(turn: Turn) -> date:
    return turn.now.astimezone(BEIJING).date()


def _first_wish(turn: Turn, services: Services, first: str, second: str) -> Turn:
    """The turn with the first of two wishes as its sentence; the second is kept for its button."""
    understanding = turn.understanding
    if understanding is None:
        return turn
    slots = services.understander.understand(first, today=_today(turn)).slots
    message = replace(turn.message, text=first)
    return replace(turn, message=message, understanding=replace(understanding, slots=slots)).remember(
        asked=second[:500]
    )
