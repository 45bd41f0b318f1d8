"""Invoice status (发票状态): by number, by code and number, or of the invoice that was spoken of."""

import re
import unicodedata
from datetime import timedelta
from typing import Any

from fapiao.numbers import NumberError, Reason, parse_number
from handlers import cards, search
from handlers.core import Button, Outcome, Services, Turn
from locales.catalog import BEIJING
from storage import invoices
from storage.records import InvoiceRecord

_MOST = 5  # numbers answered in one message
_MISSES = 10  # numbers in an hour that are not there, after which we say stop
_HOUR = timedelta(hours=1)
_DIGITS = re.compile(r"(?<!\d)\d(?:[ -]?\d){5,29}(?!\d)", re.ASCII)


async def status(turn: Turn, services: Services) -> Outcome:
    """Show the invoices named in the message, or ask for a number."""
    if turn.viewer.employee_id is None:
        return cards.unbound(turn)
    if turn.argument.isdigit():
        return await cards.by_id(turn, services, int(turn.argument))
    slots = turn.understanding.slots if turn.understanding is not None else {}
    numbers = numbers_in(turn)
    if numbers:
        return await _by_numbers(turn, services, numbers, slots.get("invoice_code"))
    if (wrong := wrong_length(turn.message.text)) is not None:
        return turn.ask(
            "status.wrong_length", Button("button.cancel", "cancel"), awaiting="invoice_number", count=wrong
        )
    if search.has_criteria(slots):
        return await search.one_or_list(turn, services)
    last = turn.conversation.slots.get("invoice")
    if isinstance(last, int) and turn.understanding is not None and turn.message.action is None:
        return await cards.by_id(turn, services, last)
    return turn.ask(
        "status.ask_number",
        Button("button.search", "search"),
        Button("button.cancel", "cancel"),
        awaiting="invoice_number",
    )


async def find(turn: Turn, services: Services) -> Outcome:
    """A search (查询), or the status where the sentence names a number."""
    slots = turn.understanding.slots if turn.understanding is not None else {}
    if "invoice_number" in slots and turn.viewer.employee_id is not None:
        return await status(turn, services)
    return await search.search(turn, services)


async def number_given(turn: Turn, services: Services) -> Outcome | None:
    """Awaited `invoice_number`: a number answers, anything else is another wish."""
    slots = turn.understanding.slots if turn.understanding is not None else {}
    if numbers := numbers_in(turn):
        return await _by_numbers(turn, services, numbers, slots.get("invoice_code"))
    if (wrong := wrong_length(turn.message.text)) is not None:
        return turn.ask(
            "status.wrong_length", Button("button.cancel", "cancel"), awaiting="invoice_number", count=wrong
        )
    return None


async def open_one(turn: Turn, services: Services) -> Outcome:
    """Button `open:<id>`: the card of an invoice in a list."""
    if turn.viewer.employee_id is None:
        return cards.unbound(turn)
    return await cards.by_id(turn, services, int(turn.argument) if turn.argument.isdigit() else 0)


def numbers_in(turn: Turn) -> list[str]:
    """The invoice numbers of a message, each once, in their order."""
    found: list[str] = []
    slots = turn.understanding.slots if turn.understanding is not None else {}
    for run in _DIGITS.findall(unicodedata.normalize("NFKC", turn.message.text)):
        try:
            number = parse_number(run).number
        except NumberError:
            continue
        if number not in found:
            found.append(number)
    first = slots.get("invoice_number")
    if not isinstance(first, str):
        return []  # digits of another kind: a phone, a card
    if first not in found:
        found.insert(0, first)
    return found[:_MOST]


def wrong_length(text: str) -> int | None:
    """The count of digits in what must be meant as a number but has 17 to 21 digits, not 20; or None."""
    for run in _DIGITS.findall(unicodedata.normalize("NFKC", text)):
        try:
            parse_number(run)
        except NumberError as error:
            if error.reason in (Reason.BETWEEN, Reason.TOO_LONG) and error.length in (7, 9, 17, 19, 21, 22):
                return error.length
            if error.reason is Reason.TOO_SHORT and error.length == 7:
                return error.length
    return None


async def _by_numbers(turn: Turn, services: Services, numbers: list[str], code: Any) -> Outcome:
    outcomes = []
    for number in numbers:
        outcome = await _by_number(turn, services, number, code if isinstance(code, str) else None)
        outcomes.append(outcome)
        turn = turn.remember(**dict(outcome.conversation.slots))
    return cards.several(turn, outcomes)


async def _by_number(turn: Turn, services: Services, number: str, code: str | None) -> Outcome:
    misses, since = _misses(turn)
    if misses >= _MISSES:
        return turn.say("status.too_many", Button("button.human", "human"))
    found = await services.store.read(invoices.by_number, turn.viewer, number, code)
    if len(found) == 1:
        return await cards.show(turn, services, found[0])
    if len(found) > 1:
        return turn.say("status.which", *_choices(found), number=number)
    # Not there and not yours are one answer: a number says nothing of another person's invoices.
    turn = turn.remember(misses=[misses + 1, since], unknown_number=number, unknown_code=code)
    return turn.say(
        "status.not_found",
        Button("button.missing", "missing"),
        Button("button.submit", "submit"),
        Button("button.human", "human"),
        number=number,
    )


def _choices(found: list[InvoiceRecord]) -> tuple[Button, ...]:
    return tuple(
        Button(
            "status.choice",
            f"open:{record.id}",
            {"date": record.issue_date, "seller": record.seller_name or "", "total": record.total},
        )
        for record in found[:5]
    )


def _misses(turn: Turn) -> tuple[int, str]:
    """(numbers that were not there, since when), within the last hour."""
    now = turn.now.astimezone(BEIJING)
    match turn.conversation.slots.get("misses"):
        case [int(count), str(since)] if since >= (now - _HOUR).isoformat():
            return count, since
    return 0, now.isoformat()
