"""The language of the chat (语言): chosen by a word or a button, or following the messages."""

import unicodedata
from dataclasses import replace
from typing import TYPE_CHECKING

from handlers.core import Button, Outcome, Reply, Services, Turn
from locales.catalog import Phrase
from storage.records import Conversation

if TYPE_CHECKING:
    from nlu.text.understanding import Understanding

AUTO = "auto"  # the argument that means: answer in the language of each message
_ONLY_CHINESE = frozenset("的了吗呢吧你您他们我这那哪什么怎没")
_SHORT_LATIN = 5  # letters: ok, hi, thx, PDF are said in every language


def spoken(conversation: Conversation, text: str, understanding: "Understanding") -> str:
    """The language to answer a message in: its own where it shows one, else that of the chat so far."""
    found, now = understanding.language, conversation.language
    letters = [character for character in text if character.isalpha()]
    if conversation.language_fixed or not letters:
        return now
    if found == now or conversation.updated_at is None:
        return found
    if all(letter.isascii() for letter in letters):
        one_word = len(text.split()) == 1
        return (
            now if one_word and (len(letters) <= _SHORT_LATIN or understanding.action == "refuse") else found
        )
    both = {found, now} == {"zh", "ja"}
    return now if both and _ONLY_CHINESE.isdisjoint(letters) and _in_both(letters) else found


def _in_both(letters: list[str]) -> bool:
    """Whether Chinese and Japanese write these characters alike: 8月3日 tells nothing."""
    han = "".join(letter for letter in letters if "\u3400" <= letter <= "\u9fff")
    try:
        han.encode("gb2312")
        han.encode("shift_jis")
    except UnicodeEncodeError:
        return False
    return len(han) == len(letters)


async def switch(turn: Turn, services: Services) -> Outcome:
    """Change the language to the one named, or ask which; `language:<code>`, the slot or a name tell it."""
    named = turn.argument or _slot(turn) or _named(turn, services)
    if named is None:
        return _ask(turn, services, "language.ask")
    return _changed(turn, services, named) or _ask(turn, services, "language.unserved")


async def answer(turn: Turn, services: Services) -> Outcome | None:
    """Awaited `language`: the name of a language as it stands on a button, in any of our languages."""
    named = _names(services).get(_folded(turn.message.text)) or _slot(turn)
    return None if named is None else _changed(turn, services, named)


def _named(turn: Turn, services: Services) -> str | None:
    """The one language whose name occurs in the message; None for none or several."""
    said = _folded(turn.message.text)
    found = {code for name, code in _names(services).items() if name in said}
    return found.pop() if len(found) == 1 else None


def _names(services: Services) -> dict[str, str]:
    """Every name of a language in all our languages, as it is folded, with its code."""
    names: dict[str, str] = {}
    for shown in services.catalog.languages:
        for code in services.catalog.languages:
            label = _folded(services.catalog.text(f"language.name.{code}", shown))
            names |= dict.fromkeys((label, *label.split()), code)
        names[_folded(services.catalog.text(f"language.name.{AUTO}", shown))] = AUTO
    return names


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
