"""Correcting what was read (更正识别结果): by buttons, and in words while a draft is open."""

import unicodedata
from collections.abc import Mapping, Sequence
from datetime import date
from difflib import SequenceMatcher
from typing import Any

from fapiao.money import FEN
from fapiao.numbers import NumberError, parse_number
from fapiao.tax_id import normal_tax_id
from handlers import amend, doubts, drafts, typed, verdict
from handlers.core import Button, Outcome, Services, Turn
from handlers.drafts import CORRECTABLE, Draft
from handlers.field_words import GROUPS, field_words
from handlers.topics import today
from handlers.typed import Hint
from locales.catalog import Phrase

_ALIKE = 0.6  # likeness of two ids or names from which one is a correction of the other
_APART = 0.1  # between the likeliest field and the others
_NO_TAX = frozenset({"amount", "tax", "check_code"})
_OTHERS_WISHES = frozenset({"cancel", "agent.handoff", "agent.emergency", "help.menu"})

_LONGEST_CORRECTION = 120  # characters


async def start(turn: Turn, services: Services) -> Outcome:
    """Offer the fields of a draft, or of what was filed (`correct:<id>`, `amend:<invoice id>`)."""
    if (turn.message.action or "").startswith("amend:"):
        invoice_id = int(turn.argument) if turn.argument.isdigit() else None
        draft = await amend.of_invoice(turn, services, invoice_id)
    else:
        draft = await amend.load(turn, services, turn.argument)
    return _gone(turn) if draft is None else _which(turn, draft, CORRECTABLE)


async def field(turn: Turn, services: Services) -> Outcome:
    """Ask for a field's value (`correct_field:<id>:<field>`), or take the one that was said before."""
    id_, _, name = turn.argument.partition(":")
    draft = await amend.load(turn, services, id_)
    if draft is None or name not in CORRECTABLE:
        return _gone(turn)
    said = turn.conversation.slots.get("correct_text")
    if isinstance(said, str) and turn.conversation.slots.get("filing") == draft.id:
        return await _take(turn, services, draft, name, said)
    return _ask(turn, draft, name)


async def pick(turn: Turn, services: Services) -> Outcome:
    """Take one of the readings that were offered (`pickfield:<id>:<field>:<n>`)."""
    id_, _, rest = turn.argument.partition(":")
    name, _, place = rest.partition(":")
    draft = await amend.load(turn, services, id_)
    if draft is None or name not in CORRECTABLE:
        return _gone(turn)
    readings = doubts.readings(draft, name)
    if not (place.isascii() and place.isdigit() and int(place) < len(readings)):
        return _ask(turn, draft, name)
    return await _keep(turn, services, draft, {name: drafts.value_of(name, readings[int(place)])})


async def value(turn: Turn, services: Services) -> Outcome | None:
    """Awaited `correct_value`: the value of the field we asked for, or another correction in words."""
    name = turn.conversation.slots.get("correcting")
    draft = await amend.load(turn, services, turn.conversation.slots.get("filing", ""))
    intent = "" if turn.understanding is None else turn.understanding.intent
    if draft is None or name not in CORRECTABLE or intent in _OTHERS_WISHES:
        return None
    text = turn.message.text.strip()
    readings = doubts.readings(draft, name)
    place = unicodedata.normalize("NFKC", text).strip(" .。、()")
    if len(place) == 1 and place.isascii() and place.isdigit() and 0 < int(place) <= len(readings):
        return await _keep(turn, services, draft, {name: drafts.value_of(name, readings[int(place) - 1])})
    words = field_words()
    named = words.fields(text)
    if named and name not in named:
        return await correct(turn, services)
    found = words.value(name, text)
    if found is None:
        return None
    if not named:
        answers = _is_plain_name(turn) if name.endswith("_name") else words.is_answer(text, found)
        if not answers:
            return None
    return await _take(turn, services, draft, name, found)


async def which(turn: Turn, services: Services) -> Outcome | None:
    """Awaited `correct_which`: the name of a field, or a value that can only be one field's."""
    words = field_words()
    text = turn.message.text.strip()
    draft = await amend.load(turn, services, turn.conversation.slots.get("filing", ""))
    named = words.fields(text) or _by_form(text)
    if draft is None or not named or len(text) > _LONGEST_CORRECTION:
        return None
    said = words.value(named[0], text)
    before = turn.conversation.slots.get("correct_text")
    if words.fields(text) and not (said and words.is_correction(named[0], text, said)):
        # Only the field was named: the value may have come before.
        if len(named) == 1 and words.is_answer(text, ""):
            return (
                await _take(turn, services, draft, named[0], str(before))
                if before
                else _ask(turn, draft, named[0])
            )
        return None
    return await correct(turn, services)


async def correct(turn: Turn, services: Services) -> Outcome | None:
    """A correction in words (金额应该是123.45) of the open draft; None if there is none, or nothing to correct."""
    text = turn.message.text.strip()
    words = field_words()
    draft = await _meant(turn, services, words.place(text))
    if draft is None or words.issued_wrong(text):
        return None
    text = words.without_place(text)
    named = words.fields(text)
    if not named:
        named = _by_form(text)
    if not named:
        return _which(turn, draft, CORRECTABLE)
    said = words.value(named[0], text)
    if len(named) > 1:
        named = _narrowed(services, draft, named, said)
    if len(named) > 1:
        turn = turn.remember(filing=draft.id, correct_text=said)
        return _which(turn, draft, named)
    return _ask(turn, draft, named[0]) if said is None else await _take(turn, services, draft, named[0], said)


async def in_words(turn: Turn, services: Services) -> Outcome | None:
    """A sentence that names a field and its value, of the open draft or of what was filed; None for any other."""
    slots = turn.conversation.slots
    if ("filing" not in slots and "invoice" not in slots) or len(turn.message.text) > _LONGEST_CORRECTION:
        return None
    words = field_words()
    named = words.fields(turn.message.text)
    found = words.value(named[0], turn.message.text) if named else None
    if found is None or not words.is_correction(named[0], turn.message.text, found):
        return None
    return await correct(turn, services)


async def _take(turn: Turn, services: Services, draft: Draft, name: str, said: str) -> Outcome:
    """A value that was typed: kept, or a hint and the same question again."""
    parsed = typed.parse(name, said, draft.invoice, today=today(turn), day=_day(turn))
    if isinstance(parsed, Hint):
        return _ask(turn, draft, name, parsed.phrase)
    values = {name: parsed}
    if name == "number" and (code := _glued_code(said)) is not None:
        values["code"] = code
    return await _keep(turn, services, draft, values)


async def _keep(turn: Turn, services: Services, draft: Draft, values: Mapping[str, Any]) -> Outcome:
    draft, why = await amend.keep(turn, services, draft, values)
    if why is not None:
        return amend.refused(turn, draft, why)
    first = [
        Phrase("correct.done", {"field": Phrase(f"Field.{name}"), "value": corrected})
        for name, corrected in values.items()
    ]
    first += [] if draft.is_open else [Phrase("amend.done")]
    return verdict.show(turn, services, await verdict.judge(turn, services, draft), *first)


def _ask(turn: Turn, draft: Draft, name: str, hint: Phrase | None = None) -> Outcome:
    current = getattr(draft.invoice, name)
    values: dict[str, Any] = {
        "field": Phrase(f"Field.{name}"),
        "current": Phrase("verdict.unread") if current is None else current,
    }
    asked = Phrase("correct.ask", values)
    lines = (asked,) if hint is None else (hint, asked)
    readings = [text for text in doubts.readings(draft, name) if text != drafts.text_of(current)]
    buttons = (
        doubts.Question(name, "missing", doubts.readings(draft, name)).buttons(draft) if readings else ()
    )
    turn = turn.remember(filing=draft.id, correcting=name, correct_text=None)
    cancel = Button("button.cancel", "cancel")
    return turn.ask("verdict.show", *buttons, cancel, awaiting="correct_value", lines=lines)


def _which(turn: Turn, draft: Draft, names: Sequence[str]) -> Outcome:
    """Let the user choose the field."""
    kind = draft.invoice.kind
    plain = kind is not None and not kind.has_tax
    offered = [name for name in names if not (plain and name in _NO_TAX and len(names) > 2)]
    if draft.invoice.code is None and len(draft.invoice.number or "") == 20 and len(names) > 2:
        offered = [name for name in offered if name not in ("code", "check_code")]
    said = turn.conversation.slots.get("correct_text") if len(names) <= 2 else None
    turn = turn.remember(filing=draft.id, correcting=None, correct_text=said)
    return turn.ask(
        "correct.which",
        *(Button(f"Field.{name}", f"correct_field:{draft.id}:{name}") for name in offered),
        Button("faq.wrong.title", "faq:wrong"),
        awaiting="correct_which",
    )


def _gone(turn: Turn) -> Outcome:
    return turn.say("filing.gone", Button("button.menu", "help"))


async def _meant(turn: Turn, services: Services, place: int | None) -> Draft | None:
    """The draft that a sentence is about: the one it counts to, the last one, or the one filed as "this invoice"."""
    several = turn.conversation.slots.get("filings")
    if place is not None and isinstance(several, list) and 0 < place <= len(several):
        return await amend.load(turn, services, several[place - 1])
    if (filing := turn.conversation.slots.get("filing")) is not None:
        return await amend.load(turn, services, filing)
    return await amend.of_invoice(turn, services, turn.conversation.slots.get("invoice"))


def _day(turn: Turn) -> date | None:
    """The single day that the sentence was understood to name."""
    slots = {} if turn.understanding is None else turn.understanding.slots
    match slots.get("date"):
        case {"from": str(start), "to": str(end)} if start == end:
            return date.fromisoformat(start)
    return None


def _glued_code(text: str) -> str | None:
    try:
        return parse_number(text).code
    except NumberError:
        return None


def _by_form(text: str) -> tuple[str, ...]:
    """Without a field's name: what the value itself can only be."""
    run = typed.spotted("number", text) or ""
    packed = normal_tax_id(run)
    digits = packed if packed.isdigit() else ""
    if len(digits) in (8, 20) and not (len(digits) == 8 and typed.spotted("issue_date", text) == digits):
        return ("number",)
    if len(digits) in (10, 12):
        return ("code",)
    if len(packed) == 18:
        return GROUPS["tax_id"]
    if typed.spotted("issue_date", text):
        return ("issue_date",)
    return GROUPS["money"] if typed.spotted("total", text) else ()


def _narrowed(services: Services, draft: Draft, names: tuple[str, ...], said: str | None) -> tuple[str, ...]:
    """The fields that can be meant, fewer where the value or the other fields decide."""
    if said is None:
        return names
    if set(names) == set(GROUPS["money"]):
        return _fitting_money(draft, names, said)
    plain = normal_tax_id(said)
    ours = {normal_tax_id(tax_id) for _, tax_id in services.companies} | {
        normal_tax_id(name) for name, _ in services.companies
    }
    buyer = tuple(name for name in names if name.startswith("buyer"))
    if buyer and plain in ours:
        return buyer
    likeness = sorted(((_alike(getattr(draft.invoice, name), plain), name) for name in names), reverse=True)
    (best, name), (second, _) = likeness[0], likeness[1]
    return (name,) if best >= _ALIKE and best - second >= _APART else names


def _alike(current: object, plain: str) -> float:
    if not isinstance(current, str):
        return 0.0
    return SequenceMatcher(None, normal_tax_id(current), plain, autojunk=False).ratio()


def _fitting_money(draft: Draft, names: tuple[str, ...], said: str) -> tuple[str, ...]:
    invoice = draft.invoice
    parsed = typed.parse("total", said, invoice, today=date.max)
    if isinstance(parsed, Hint) or invoice.amount is None:
        return ("total",)  # what people call 金额 is what was paid, unless the face says otherwise
    tax = invoice.tax or 0
    fits = {"total": abs(invoice.amount + tax - parsed) <= FEN}
    fits["amount"] = invoice.total is not None and abs(parsed + tax - invoice.total) <= FEN
    fitting = tuple(name for name in names if fits.get(name))
    return fitting if len(fitting) == 1 else names


def _is_plain_name(turn: Turn) -> bool:
    """True unless the message is another clear wish: any words can be a name."""
    understanding = turn.understanding
    if understanding is None or understanding.action != "answer":
        return True
    return understanding.intent in ("out_of_scope", "invoice.correct")
