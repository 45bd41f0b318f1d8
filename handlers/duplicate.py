"""Used before? (重复报销): by number, without a word on whose it is."""

from fapiao.numbers import InvoiceNumber
from handlers import cards, drafts, guesses, verdict
from handlers.core import Button, Outcome, Services, Turn
from handlers.numbers import code_in, numbers_in
from storage import invoices
from storage.records import InvoiceRecord


async def duplicate(turn: Turn, services: Services) -> Outcome:
    """Say whether an invoice is known, and where its claim stands if it is the asker's own."""
    if turn.viewer.employee_id is None:
        return cards.unbound(turn)
    if named := numbers_in(turn):
        return await _looked_up(turn, services, named[0])
    if turn.message.action is None and (shown := await _of_draft(turn, services)) is not None:
        return shown
    last = turn.conversation.slots.get("invoice")
    asked = int(turn.argument) if turn.argument.isdigit() else last
    if not isinstance(asked, int):
        return turn.remember(duplicate=None).ask(
            "duplicate.ask_number",
            Button("faq.duplicate.title", "faq:duplicate"),
            Button("button.cancel", "cancel"),
            awaiting="duplicate_number",
        )
    record = await services.store.read(invoices.by_id, turn.viewer, asked)
    if record is None:
        return turn.say("status.gone", Button("button.search", "search"))
    return _yours(turn, record)


async def _of_draft(turn: Turn, services: Services) -> Outcome | None:
    """What the verdict says of the draft that waits, which is what "this one" means; None where none does."""
    draft = await drafts.load(turn, services, turn.conversation.slots.get("filing", ""))
    if draft is None or not draft.is_open:
        return None
    return verdict.show(turn, services, await verdict.judge(turn, services, draft))


async def number_given(turn: Turn, services: Services) -> Outcome | None:
    """Awaited `duplicate_number`: a number answers, or the code that the number lacks."""
    if turn.viewer.employee_id is None:
        return None
    if named := numbers_in(turn):
        return await _looked_up(turn, services, named[0])
    number, code = turn.conversation.slots.get("duplicate"), code_in(turn)
    if not isinstance(number, str) or code is None:
        return None
    return await _looked_up(turn, services, InvoiceNumber(number, code))


async def _looked_up(turn: Turn, services: Services, named: InvoiceNumber) -> Outcome:
    number, code = named.number, named.code
    found = await services.store.ask(invoices.by_number, invoices.Named(turn.viewer, number, code))
    if found:
        return _yours(turn, found[0])
    if len(number) == 8 and code is None:
        # Eight digits repeat under every code: alone they prove nothing.
        return turn.remember(duplicate=number).ask(
            "duplicate.ask_code",
            Button("button.submit", "submit"),
            Button("button.cancel", "cancel"),
            awaiting="duplicate_number",
            number=number,
        )
    if guesses.too_many(turn, number):
        return guesses.stop(turn)
    turn = guesses.counted(turn, number).remember(duplicate=None)
    holder = await services.store.read(invoices.holder, number, code)
    key = "duplicate.other" if holder is not None and holder[1] is not None else "duplicate.unknown"
    return turn.say(key, Button("button.submit", "submit"), Button("button.human", "human"), number=number)


def _yours(turn: Turn, record: InvoiceRecord) -> Outcome:
    return turn.remember(invoice=record.id, duplicate=None).say(
        "duplicate.yours",
        Button("button.open", f"open:{record.id}"),
        Button("faq.duplicate.title", "faq:duplicate"),
        number=record.number,
        state=cards.state_of("reimbursement", record.reimbursement_state.value),
    )
