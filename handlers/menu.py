"""Welcome, menu and small talk; and what to say where a message was not understood."""

import unicodedata
from collections.abc import Mapping
from dataclasses import replace
from functools import lru_cache
from typing import TYPE_CHECKING

from handlers.contact import ways
from handlers.core import Button, Outcome, Reply, Services, Turn

if TYPE_CHECKING:
    from locales.catalog import Catalog
    from nlu.text.understanding import Understanding

# The numbered menu (菜单): a digit, a command, a button or a menu entry reach the same action.
MENU: tuple[tuple[str, str, str], ...] = (
    ("1", "status", "menu.item.status"),
    ("2", "search", "menu.item.search"),
    ("3", "submit", "menu.item.submit"),
    ("4", "verify", "menu.item.verify"),
    ("5", "faq:lost", "menu.item.lost"),
    ("6", "follow", "menu.item.follow"),
    ("7", "remind", "menu.item.remind"),
    ("8", "faq", "menu.item.faq"),
    ("9", "human", "menu.item.human"),
    ("0", "language", "menu.item.language"),
)
_STARTERS = ("status", "submit", "faq", "help")
_START_KEYS = {
    "status": "choice.invoice.status",
    "submit": "choice.invoice.submit",
    "faq": "button.faq",
    "help": "button.menu",
}
MOST_CHOICES = 3
_OFFERED = 2  # wishes beside the offer of a person
_NO_CHOICES = ("smalltalk.", "confirm.", "cancel")  # said in one word, so never worth a button
_LONGEST_SAID = 40  # characters of the user's words that a question repeats
# Values of a flow that ends when the user cancels; the last invoice and search stay.
_FLOW = ("question", "choices", "asked", "offered", "bind_number")


def shortcut(text: str) -> str | None:
    """The action behind a digit of the menu, also a circled or full-width one; or None."""
    said = unicodedata.normalize("NFKC", text).strip(" .。、()")
    return next((action for digit, action, _ in MENU if digit == said), None)


# What stands on buttons that need nothing but a press: said or typed, they do the same.
_LABELS: Mapping[str, str] = {
    "button.menu": "help",
    "button.faq": "faq",
    "button.human": "human",
    "button.search": "search",
    "button.submit": "submit",
    "export.button": "export",
    "export.csv_button": "export:csv",
    "search.export": "export:search",
    "search.details": "find:list",
    "search.by_seller_button": "sums:seller",
    "search.by_month_button": "sums:month",
    "follow.list_button": "follow",
    "follow.stop_all": "unfollow:all",
    "remind.list_button": "remind",
    "habit.off_button": "habits:off",
    "habit.on_button": "habits:on",
    "account.bind_button": "account:bind",
    "account.rebind_button": "account:bind",
    "account.unbind_button": "account:unbind",
}


def labelled(text: str, services: Services) -> str | None:
    """The action of the button that is called so, in any language; or None."""
    return None if len(text) > _LONGEST_SAID else _labels(services.catalog).get(_folded(text))


@lru_cache(maxsize=2)
def _labels(catalog: "Catalog") -> dict[str, str]:
    numbered = {key: action for _, action, key in MENU}
    return {
        _folded(catalog.text(key, language)).lstrip("0123456789"): action
        for key, action in {**numbered, **_LABELS}.items()
        for language in catalog.languages
    }


def _folded(text: str) -> str:
    return "".join(unicodedata.normalize("NFKC", text).casefold().split()).strip(".。!！?？")


async def show(turn: Turn, services: Services) -> Outcome:
    """The numbered menu (菜单)."""
    return turn.say("menu.list", *(Button(key, action) for _, action, key in MENU))


async def start(turn: Turn, services: Services) -> Outcome:
    """The welcome (欢迎): the long one at the first contact. A deep link's payload is for nobody here."""
    buttons = tuple(Button(_START_KEYS[action], action) for action in _STARTERS)
    known = turn.conversation.updated_at is not None
    outcome = turn.say("start.again" if known else "start.welcome", *buttons)
    if not services.demo:
        return outcome
    return replace(outcome, replies=(Reply("demo.banner"), *outcome.replies))


async def greet(turn: Turn, services: Services) -> Outcome:
    """A greeting back (问候); the welcome to somebody we meet for the first time."""
    if turn.conversation.updated_at is None:
        return await start(turn, services)
    return turn.say("menu.greet", *(Button(_START_KEYS[action], action) for action in _STARTERS))


async def thanks(turn: Turn, services: Services) -> Outcome:
    """You are welcome (不客气)."""
    return turn.say("smalltalk.thanks")


async def bye(turn: Turn, services: Services) -> Outcome:
    """Goodbye (再见)."""
    return turn.say("smalltalk.bye")


async def cancel(turn: Turn, services: Services) -> Outcome:
    """End what is awaited (取消), and say whether there was anything."""
    asked = turn.conversation.awaiting is not None
    turn = turn.remember(**dict.fromkeys(_FLOW))
    return turn.say("cancel.done" if asked else "cancel.nothing", Button("button.menu", "help"))


async def yes(turn: Turn, services: Services) -> Outcome:
    """A yes to no question: the second wish that we offered, or nothing."""
    offered = turn.conversation.slots.get("offered")
    if isinstance(offered, str) and services.catalog.has(f"choice.{offered}"):
        return turn.say("confirm.offered", Button(f"choice.{offered}", f"intent:{offered}"))
    return turn.say("confirm.yes_idle", Button("button.menu", "help"))


async def no(turn: Turn, services: Services) -> Outcome:
    """A no to no question."""
    return turn.remember(offered=None).say("confirm.no_idle", Button("button.menu", "help"))


async def other_kind(turn: Turn, services: Services) -> Outcome:
    """A location, a sticker or a kind of message that we cannot read."""
    kind = turn.message.kind if turn.message.kind in ("location", "sticker") else "other"
    return turn.say(f"kind.{kind}", Button("button.menu", "help"))


async def clarify(turn: Turn, services: Services) -> Outcome:
    """Ask once which of two or three wishes it was; after one question in a row, offer a person."""
    wishes = _wishes(turn, services)
    asked_before = turn.conversation.misses > 0 and "choices" in turn.conversation.slots
    if asked_before or not wishes:
        return await refuse(turn, services)
    said = " ".join(turn.message.text.split())
    short = said if len(said) <= _LONGEST_SAID else said[: _LONGEST_SAID - 1] + "…"
    outcome = turn.remember(choices=list(wishes), asked=turn.message.text[:500]).ask(
        "clarify.ask" if short else "clarify.ask_plain",
        *(Button(f"choice.{wish}", f"intent:{wish}") for wish in wishes),
        Button("button.none_of_these", "none_of_these"),
        awaiting="clarify",
        **({"said": short} if short else {}),
    )
    return _missed(turn, outcome)


def chosen(turn: Turn) -> str | None:
    """The intent that a message picks from the last clarification by its digit, or None."""
    wishes = turn.conversation.slots.get("choices")
    if turn.conversation.awaiting != "clarify" or not isinstance(wishes, list):
        return None
    said = unicodedata.normalize("NFKC", turn.message.text).strip(" .。、()")
    place = int(said) - 1 if said.isascii() and said.isdigit() and len(said) == 1 else -1
    return str(wishes[place]) if 0 <= place < len(wishes) else None


async def none_fits(turn: Turn, services: Services) -> Outcome | None:
    """Awaited `clarify`: a no means that none of the choices was meant; a cancel ends it like any question."""
    if turn.understanding is not None and turn.understanding.intent == "cancel":
        return await cancel(turn, services) if agreed(turn) is False else None
    return await none_of_these(turn, services) if agreed(turn) is False else None


async def none_of_these(turn: Turn, services: Services) -> Outcome:
    """None of our guesses was right: a person is offered."""
    return _missed(turn, _person(turn, services))


async def refuse(turn: Turn, services: Services) -> Outcome:
    """Say that we did not understand, with menu and contact ways; the second time in a row a person first."""
    if turn.conversation.misses > 0:
        return _missed(turn, _person(turn, services, _wishes(turn, services)))
    outcome = turn.remember(choices=None, asked=None).say(
        "clarify.refuse",
        Button("button.menu", "help"),
        Button("button.faq", "faq"),
        Button("button.human", "human"),
        ways=ways(services),
    )
    return _missed(turn, outcome)


def agreed(turn: Turn) -> bool | None:
    """Whether a message is a yes (True) or a no (False) to a question of ours; None for anything else."""
    understanding = turn.understanding
    if understanding is None or understanding.action != "answer":
        return None
    return {"confirm.yes": True, "confirm.no": False, "cancel": False}.get(understanding.intent)


def _wishes(turn: Turn, services: Services) -> tuple[str, ...]:
    if turn.understanding is None:
        return ()
    names = dict.fromkeys(guess.intent for guess in turn.understanding.alternatives)
    offered = [name for name in names if not name.startswith(_NO_CHOICES)]
    return tuple(name for name in offered if services.catalog.has(f"choice.{name}"))[:MOST_CHOICES]


def _person(turn: Turn, services: Services, wishes: tuple[str, ...] = ()) -> Outcome:
    """A person, and beside it what it may have been: asked no more, only offered."""
    likely = wishes[:_OFFERED] if turn.understanding is not None and _may_be_ours(turn.understanding) else ()
    return turn.remember(choices=None, asked=turn.message.text[:500] if likely else None).say(
        "clarify.person",
        *(Button(f"choice.{wish}", f"intent:{wish}") for wish in likely),
        Button("button.human", "human"),
        Button("button.menu", "help"),
        ways=ways(services),
    )


def _may_be_ours(understanding: "Understanding") -> bool:
    """Whether a sentence that was not understood is more likely about invoices than about anything else."""
    return understanding.action != "refuse" and understanding.intent != "out_of_scope"


def _missed(turn: Turn, outcome: Outcome) -> Outcome:
    """The same outcome, counted as one more message in a row that we did not understand."""
    return replace(outcome, conversation=replace(outcome.conversation, misses=turn.conversation.misses + 1))
