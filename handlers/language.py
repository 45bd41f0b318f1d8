"""The language of the chat (语言): chosen by a word or a button, or following the messages."""

import unicodedata
from dataclasses import replace

from handlers.core import Button, Outcome, Reply, Services, Turn
from locales.catalog import Phrase

AUTO = "auto"  # the argument that means: answer in the language of each message


async def switch(turn: Turn, services: Services) -> Outcome:
    """Change the language to the one named, or ask which; `language:<code>` and the slot name it."""
    named = turn.argument or _slot(turn)
    if named is None:
        return _ask(turn, services, "language.ask")
    return _changed(turn, services, named) or _ask(turn, services, "language.unserved")


async def answer(turn: Turn, services: Services) -> Outcome | None:
    """Awaited `language`: the name of a language as it stands on a button, in any of our languages."""
    said = _folded(turn.message.text)
    names = {
        part: code
        for code in (*services.catalog.languages, AUTO)
        for shown in services.catalog.languages
        for part in _folded(services.catalog.text(f"language.name.{code}", shown)).split()
    }
    named = names.get(said) or _slot(turn)
    return None if named is None else _changed(turn, services, named)


def _changed(turn: Turn, services: Services, named: str) -> Outcome | None:
    """The outcome in the new language, or None for one that we do not speak."""
    if named == AUTO:
        outcome = turn.say("language.auto_done")
        return replace(outcome, conversation=replace(outcome.conversation, language_fixed=False))
    if named not in services.catalog.languages:
        return None
    outcome = turn.say("language.done", Button("button.menu", "help"), name=Phrase(f"language.name.{named}"))
    conversation = replace(outcome.conversation, language=named, language_fixed=True)
    return replace(outcome, conversation=conversation)


def _ask(turn: Turn, services: Services, key: str) -> Outcome:
    buttons = tuple(
        Button(f"language.name.{code}", f"language:{code}") for code in (*services.catalog.languages, AUTO)
    )
    current = Phrase(f"language.name.{turn.conversation.language}")
    values = {"name": current} if key == "language.ask" else {}
    conversation = replace(turn.settled(question=None), awaiting="language")
    return Outcome(conversation, (Reply(key, values, buttons),))


def _slot(turn: Turn) -> str | None:
    """The language in the message as a code; traditional script stays apart, since we do not write it."""
    value = None if turn.understanding is None else turn.understanding.slots.get("language")
    if not isinstance(value, str) or not value:
        return None
    code = value.casefold().replace("_", "-")
    return code if code.startswith(("zh-hant", "zh-tw", "zh-hk")) else code.split("-")[0]


def _folded(text: str) -> str:
    return unicodedata.normalize("NFKC", text).strip(" .。!！").casefold()
