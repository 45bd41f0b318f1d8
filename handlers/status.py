"""Invoice status (发票状态): by number, by code and number, or of the invoice that was spoken of."""

from fapiao.numbers import InvoiceNumber
from handlers import cards, causes, criteria, guesses, search
from handlers.core import Button, Outcome, Services, Turn
from handlers.numbers import numbers_in, wrong_length
from locales.talk import says
from storage import invoices
from storage.records import InvoiceRecord

JUST_SHOWN = frozenset({"status.card", "status.brief", "follow.done", "follow.already"})
_FEWEST_DIGITS = 5  # of what is meant as a number; fewer may be a place in a list, a rating or an amount


async def status(turn: Turn, services: Services) -> Outcome:
    """Show the invoices named in the message, or ask for a number."""
    if turn.viewer.employee_id is None:
        return cards.unbound(turn)
    if turn.argument.isdigit():
        return await cards.by_id(turn, services, int(turn.argument))
    slots = turn.understanding.slots if turn.understanding is not None else {}
    if named := numbers_in(turn):
        return await _by_numbers(turn, services, named)
    if (wrong := wrong_length(turn.message.text)) is not None:
        return turn.ask(
            "status.wrong_length", Button("button.cancel", "cancel"), awaiting="invoice_number", count=wrong
        )
    if criteria.has_criteria(slots):
        return await search.one_or_list(turn, services)
    last = turn.conversation.slots.get("invoice")
    if isinstance(last, int) and turn.understanding is not None and turn.message.action is None:
        paid = turn.said in JUST_SHOWN and says("status.paid", turn.message.text)
        return await (cards.briefly if paid else cards.by_id)(turn, services, last)
    return turn.ask(
        "status.ask_number",
        Button("button.search", "search"),
        Button("button.cancel", "cancel"),
        awaiting="invoice_number",
    )


async def digits(turn: Turn, services: Services) -> Outcome | None:
    """A message of digits that are no invoice number: say how long one is, and ask for it."""
    said = "".join(character for character in turn.message.text if character.isalnum())
    slots = turn.understanding.slots if turn.understanding is not None else {}
    if not said.isdigit() or len(said) < _FEWEST_DIGITS or {"invoice_number", "invoice_code"} & set(slots):
        return None
    if turn.viewer.employee_id is None:
        return cards.unbound(turn)
    cancel = Button("button.cancel", "cancel")
    return turn.ask("status.wrong_length", cancel, awaiting="invoice_number", count=len(said))


async def find(turn: Turn, services: Services) -> Outcome:
    """A search (查询), or the status where the sentence names a number."""
    slots = turn.understanding.slots if turn.understanding is not None else {}
    if "invoice_number" in slots and turn.viewer.employee_id is not None:
        return await status(turn, services)
    return await search.search(turn, services)


async def number_given(turn: Turn, services: Services) -> Outcome | None:
    """Awaited `invoice_number`: a number answers, anything else is another wish."""
    if turn.viewer.employee_id is None:
        return None
    if named := numbers_in(turn):
        return await _by_numbers(turn, services, named)
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


async def _by_numbers(turn: Turn, services: Services, named: list[InvoiceNumber]) -> Outcome:
    outcomes = []
    for number in named:
        outcome = await _by_number(turn, services, number.number, number.code)
        outcomes.append(outcome)
        turn = turn.remember(**dict(outcome.conversation.slots))
    return cards.several(turn, outcomes)


async def _by_number(turn: Turn, services: Services, number: str, code: str | None) -> Outcome:
    if guesses.too_many(turn, number):
        return guesses.stop(turn)
    named = invoices.Named(turn.viewer, number, code, turn.message.chat)
    found = await services.store.ask(invoices.by_number, named)
    if len(found) == 1:
        return await cards.show(turn, services, found[0])
    if len(found) > 1:
        return turn.say("status.which", *_choices(found), number=number)
    # Not there and not yours are one answer: a number says nothing of another person's invoices.
    turn = guesses.counted(turn, number).remember(unknown_number=number, unknown_code=code)
    return turn.say(
        "status.not_found",
        Button("button.missing", "missing"),
        Button("button.submit", "submit"),
        Button("button.human", "human"),
        number=number,
        cause=causes.of_number(number, code, turn.now),
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
