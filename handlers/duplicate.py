"""Used before? (重复报销): by number, without a word on whose it is."""

from handlers import cards, status
from handlers.core import Button, Outcome, Services, Turn
from storage import invoices


async def duplicate(turn: Turn, services: Services) -> Outcome:
    """Say whether an invoice is known, and where its claim stands if it is the asker's own."""
    if turn.viewer.employee_id is None:
        return cards.unbound(turn)
    number, code = None, None
    if turn.argument.isdigit():
        record = await services.store.read(invoices.by_id, turn.viewer, int(turn.argument))
    else:
        slots = turn.understanding.slots if turn.understanding is not None else {}
        number, code = next(iter(status.numbers_in(turn)), None), slots.get("invoice_code")
        last = turn.conversation.slots.get("invoice")
        if number is not None:
            found = await services.store.read(invoices.by_number, turn.viewer, number, code)
            record = found[0] if found else None
        elif isinstance(last, int):
            record = await services.store.read(invoices.by_id, turn.viewer, last)
        else:
            return turn.ask(
                "duplicate.ask_number",
                Button("faq.duplicate.title", "faq:duplicate"),
                Button("button.cancel", "cancel"),
                awaiting="duplicate_number",
            )
    if record is not None:
        return turn.remember(invoice=record.id).say(
            "duplicate.yours",
            Button("button.open", f"open:{record.id}"),
            Button("faq.duplicate.title", "faq:duplicate"),
            number=record.number,
            state=cards.state_of("reimbursement", record.reimbursement_state.value),
        )
    if number is None:
        return turn.say("status.gone", Button("button.search", "search"))
    holder = await services.store.read(invoices.holder, number, code)
    key = "duplicate.other" if holder is not None and holder[1] is not None else "duplicate.unknown"
    return turn.say(key, Button("button.submit", "submit"), Button("button.human", "human"), number=number)


async def number_given(turn: Turn, services: Services) -> Outcome | None:
    """Awaited `duplicate_number`: a number answers."""
    return await duplicate(turn, services) if status.numbers_in(turn) else None
