"""Answers to common questions (常见问题): short, dated, with the next step, fitted to the invoice meant."""

import unicodedata
from dataclasses import dataclass, replace
from functools import lru_cache
from typing import TYPE_CHECKING, Any

from fapiao.policy import rule
from handlers import contact, verify
from handlers.core import Button, Outcome, Reply, Services, Turn
from handlers.known import kind_of
from handlers.menu import agreed
from handlers.topics import (
    LISTED,
    TOPICS,
    Family,
    button_of,
    cited,
    family_of,
    family_of_number,
    family_of_words,
    figures,
)
from locales.catalog import Phrase
from storage import invoices
from storage.records import InvoiceRecord

if TYPE_CHECKING:
    from locales.catalog import Catalog

PAGE = 8  # buttons a page: with more, a message does not fit the narrowest channel
_LONGEST = 60  # characters of a question that is known by its words
_OF_A_SEARCH = ("date", "amount", "seller", "status")  # who names these looks for invoices
# Of what is lost: a file can be had again, whichever it is, so that a bare 专票 or 普票 is the one on paper.
_ONE_WORD = {
    frozenset({"electronic"}): Family.DIGITAL,
    frozenset({"special"}): Family.PAPER_SPECIAL,
    frozenset({"ordinary"}): Family.PAPER_ORDINARY,
}
_TITLES = 2  # of our own companies that an answer names


async def faq(turn: Turn, services: Services) -> Outcome:
    """The list of questions (`faq`, `faq:<page>`), or the answer to one (`faq:<topic>`)."""
    if turn.argument in TOPICS:
        return await _answer(turn, services, turn.argument)
    if turn.argument == "" or (turn.argument.isascii() and turn.argument.isdigit()):
        return _list(turn)
    return turn.say("faq.unknown", Button("button.faq", "faq"), Button("button.menu", "help"))


async def named(turn: Turn, services: Services) -> Outcome | None:
    """The answer to a question by its title, or by the words of one that is no intent of its own."""
    said, slots = _folded(turn.message.text), _slots(turn)
    if len(said) > _LONGEST or slots.get("invoice_number"):
        return None
    titles, asked = _questions(services.catalog)
    name = titles.get(said) or next((question.name for question in asked if question.is_in(said)), None)
    return None if name is None else await _answer(turn, services, name)


@dataclass(frozen=True, slots=True)
class _Question:
    """The words by which a question is known: all of one alternative, and none that speaks against it."""

    name: str
    alternatives: tuple[tuple[str, ...], ...]
    unless: tuple[str, ...]

    def is_in(self, said: str) -> bool:
        return any(all(word in said for word in words) for words in self.alternatives) and not any(
            word in said for word in self.unless
        )


@lru_cache(maxsize=2)
def _questions(catalog: "Catalog") -> tuple[dict[str, str], tuple[_Question, ...]]:
    """(folded title → topic, the questions known by `faq.<topic>.asks`), of all languages together."""

    def words(key: str) -> list[str]:
        return [word for one in catalog.languages for word in catalog.text(key, one).split("|")]

    titles = {
        _folded(catalog.text(f"faq.{name}.title", one)): name for name in LISTED for one in catalog.languages
    }
    asked = tuple(
        _Question(
            name,
            tuple(tuple(_folded(part) for part in each.split("+")) for each in words(f"faq.{name}.asks")),
            tuple(_folded(word) for word in words(f"faq.{name}.unless")),
        )
        for name in TOPICS
        if catalog.has(f"faq.{name}.asks")
    )
    return titles, asked


def _folded(text: str) -> str:
    return "".join(unicodedata.normalize("NFKC", text).casefold().split()).strip("。.!！?？")


async def submit(turn: Turn, services: Services) -> Outcome:
    """How to hand an invoice in (交发票)."""
    return await _answer(turn, services, "submit")


async def apply(turn: Turn, services: Services) -> Outcome:
    """How to get an invoice issued (开发票)."""
    return await _answer(turn, services, "apply")


async def download(turn: Turn, services: Services) -> Outcome:
    """Where the file comes from (下载)."""
    return await _answer(turn, services, "download")


async def lost(turn: Turn, services: Services) -> Outcome:
    """What to do about a lost invoice (发票丢失)."""
    return await _answer(turn, services, "lost")


async def lost_kind(turn: Turn, services: Services) -> Outcome | None:
    """Awaited `lost_kind`: the kind or the number of the invoice that is lost, and then of another one."""
    slots = _slots(turn)
    if not any(slots.get(name) for name in ("kind", "invoice_number", "invoice_code")):
        return None
    if any(slots.get(name) for name in _OF_A_SEARCH) or len(turn.message.text) > _LONGEST:
        return None
    family, _ = await _family(turn, services)
    if family is not None:
        return await _answer(turn, services, "lost")
    words = frozenset(slots.get("kind") or ())
    if words == {"paper"}:  # which paper decides
        buttons = (
            Button("faq.lost.special_button", "lost:special"),
            Button("faq.lost.ordinary_button", "lost:ordinary"),
        )
        return _waiting(turn, turn.say("faq.lost.paper", *buttons), "lost")
    return _told(turn, services, "lost", _ONE_WORD[words], None) if words in _ONE_WORD else None


async def lost_button(turn: Turn, services: Services) -> Outcome:
    """The buttons `lost:special` and `lost:ordinary`."""
    is_special = turn.argument == "special"
    family = Family.PAPER_SPECIAL if is_special else Family.PAPER_ORDINARY
    return _told(turn, services, "lost", family, None)


async def correct(turn: Turn, services: Services) -> Outcome:
    """What to do about wrong details (信息有误) on an invoice that is issued."""
    return await _answer(turn, services, "wrong")


async def electronic_vs_paper(turn: Turn, services: Services) -> Outcome:
    """Electronic against paper (电子票和纸质票)."""
    return await _answer(turn, services, "electronic")


async def manual(turn: Turn, services: Services) -> Outcome:
    """Where the user guides are (使用手册), by device."""
    return await _answer(turn, services, "guide")


async def register_login(turn: Turn, services: Services) -> Outcome:
    """Accounts and logging in (注册、登录)."""
    return await _answer(turn, services, "register")


async def deadline(turn: Turn, services: Services) -> Outcome:
    """Deadlines, and which of them are law (期限)."""
    return await _answer(turn, services, "deadline")


async def void_red(turn: Turn, services: Services) -> Outcome:
    """Explain voiding and reversing (作废、红冲), and ask before saying who arranges it."""
    if turn.argument == "yes" and turn.conversation.awaiting == "void_red":
        return _to_a_person(turn, services)
    known = await verify.meant(turn, services)
    number = known.number if isinstance(known, InvoiceRecord) else _slots(turn).get("invoice_number")
    about = Phrase("void.about", {"tail": str(number)[-4:]}) if number else Phrase("void.about_unknown")
    return turn.ask(
        "void.ask",
        Button("void.confirm", "void_red:yes"),
        Button("button.cancel", "cancel"),
        awaiting="void_red",
        about=about,
        sources=cited(rule("digital_red_letter"), turn),
    )


async def confirm_void_red(turn: Turn, services: Services) -> Outcome | None:
    """Awaited `void_red`: only a clear yes counts."""
    match agreed(turn):
        case True:
            return _to_a_person(turn, services)
        case False:
            return turn.say("void.kept")
    return None


def _to_a_person(turn: Turn, services: Services) -> Outcome:
    return turn.say(
        "void.person",
        Button("faq.wrong.title", "faq:wrong"),
        Button("button.menu", "help"),
        ways=contact.ways(services),
    )


def _list(turn: Turn) -> Outcome:
    pages = -(-len(LISTED) // PAGE)
    page = min(max(int(turn.argument[:3] or "1"), 1), pages)
    buttons = [Button(*button_of(name)) for name in LISTED[(page - 1) * PAGE : page * PAGE]]
    if page > 1:
        buttons.append(Button("faq.back", f"faq:{page - 1}"))
    if page < pages:
        buttons.append(Button("faq.more", f"faq:{page + 1}"))
    return turn.say("faq.list", *buttons, page=str(page), pages=str(pages))


async def _answer(turn: Turn, services: Services, name: str) -> Outcome:
    family, tail = await _family(turn, services) if TOPICS[name].families else (None, None)
    return _told(turn, services, name, family, tail)


def _told(turn: Turn, services: Services, name: str, family: Family | None, tail: str | None) -> Outcome:
    topic = TOPICS[name]
    key, rules = f"faq.{name}", topic.rules
    if family is not None and family in topic.families:
        key, rules = f"faq.{name}.{family}", topic.families[family]
    buttons = [Button(*button_of(related)) for related in topic.related]
    if name == "contact":
        buttons.append(Button("button.menu", "help"))
    else:
        buttons.append(Button("button.human", "human"))
    outcome = turn.say(key, *buttons, **_values(turn, services, rules))
    if not topic.families:
        return outcome
    about = () if tail is None else (Reply("faq.about", {"tail": tail}),)
    return _waiting(turn, replace(outcome, replies=(*about, *outcome.replies)), name)


def _waiting(turn: Turn, outcome: Outcome, name: str) -> Outcome:
    """The general answer invites the user to name the kind, and after one kind another may follow."""
    return replace(outcome, conversation=replace(turn.settled(question=None), awaiting=f"{name}_kind"))


def _values(turn: Turn, services: Services, rules: tuple[str, ...]) -> dict[str, Any]:
    """All that an answer may name; a text takes what it needs."""
    sources: list[Phrase] = []
    for source in (cited(rule(id_), turn) for id_ in rules):
        if source not in sources:  # two rules of one announcement
            sources.append(source)
    return {
        **figures(),
        "sources": tuple(sources),
        "titles": titles(services),
        "ways": (*contact.ways(services), contact.official()),
        "paper_until": rule("rail_paper_in_parallel").end,
    }


def titles(services: Services) -> tuple[Phrase, ...]:
    """Our own titles with tax ids (抬头、税号), as the seller needs them."""
    lines = tuple(
        Phrase("faq.title_line", {"name": name, "tax_id": tax_id})
        for name, tax_id in services.companies[:_TITLES]
    )
    return lines or (Phrase("faq.titles_unknown"),)


async def _family(turn: Turn, services: Services) -> tuple[Family | None, str | None]:
    """The kind the question is about, as said or of the invoice last shown; of that one also the last digits."""
    slots = _slots(turn)
    said = slots.get("kind")
    if isinstance(said, list | tuple) and said:
        return family_of_words(str(word) for word in said), None
    number, code = slots.get("invoice_number"), slots.get("invoice_code")
    if number or code:
        known = await verify.meant(turn, services)
        if isinstance(known, InvoiceRecord):
            return family_of(kind_of(known)), None
        return family_of_number(str(number or ""), str(code) if code else None), None
    if turn.argument:  # picked from the list: a general question
        return None, None
    remembered = turn.conversation.slots.get("invoice")
    if not isinstance(remembered, int):
        return None, None
    record = await services.store.read(invoices.by_id, turn.viewer, remembered)
    return (None, None) if record is None else (family_of(kind_of(record)), record.number[-4:])


def _slots(turn: Turn) -> dict[str, Any]:
    return {} if turn.understanding is None else dict(turn.understanding.slots)
