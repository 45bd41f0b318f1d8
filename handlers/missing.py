"""Not in the system (查不到): which system, which invoice, the likeliest cause, and when we look again."""

from datetime import date, datetime, time, timedelta
from typing import Any

from fapiao.checks import Company, check
from fapiao.diagnosis import Cause, Facts, Finding, System
from fapiao.invoice import Invoice
from fapiao.kinds import kind_from_code
from fapiao.regions import is_beijing
from fapiao.status import TaxState
from fapiao.verification import CHECKS_A_DAY
from handlers import guesses, look
from handlers.causes import Words, likeliest, words_in
from handlers.core import Button, Outcome, Services, Turn
from handlers.known import as_invoice
from handlers.numbers import numbers_in
from locales.catalog import BEIJING, Phrase
from locales.talk import says
from storage import invoices, notices
from storage.notices import NewReminder
from storage.records import InvoiceRecord

_SYSTEMS = {"national": System.NATIONAL_SITE, "account": System.TAX_ACCOUNT, "ours": System.OURS}
_LOOK_AT = time(9, 30)  # Beijing, on the day we look again
_TOLD = 2  # causes in one answer
_LONGEST = 40  # characters of "I don't have it at hand"


async def missing(turn: Turn, services: Services) -> Outcome:
    """Begin: the invoice from the button, the sentence or the talk before; then ask which system says so."""
    if turn.argument.isdigit():
        turn = turn.remember(invoice=int(turn.argument), missing=None, unknown_number=None)
    if numbers := numbers_in(turn):
        turn = turn.remember(
            unknown_number=numbers[0].number, unknown_code=numbers[0].code, invoice=None, missing_date=None
        )
    turn = _heard(turn)
    if turn.argument in _SYSTEMS:
        return await _answered(turn.remember(missing=turn.argument), services)
    named = _system_named(turn.message.text)
    if named is not None:
        return await _answered(turn.remember(missing=named), services)
    if numbers and turn.conversation.slots.get("missing") in _SYSTEMS:
        return await _answered(turn, services)  # the system was named before the number
    return turn.ask("missing.ask_system", *_system_buttons(), awaiting="missing_system")


async def system_given(turn: Turn, services: Services) -> Outcome | None:
    """Awaited `missing_system`: the name of a system answers."""
    turn = _heard(turn)
    named = _system_named(turn.message.text)
    return None if named is None else await _answered(turn.remember(missing=named), services)


async def number_given(turn: Turn, services: Services) -> Outcome | None:
    """Awaited `missing_number`: a number answers; who has none at hand may name what else is known of it."""
    if numbers_in(turn):
        return await missing(turn, services)
    if not _is_not_at_hand(turn):
        return None
    return turn.ask("missing.find_first", Button("button.cancel", "cancel"), awaiting="search")


async def date_given(turn: Turn, services: Services) -> Outcome | None:
    """Awaited `missing_date`: one day answers."""
    if _is_not_at_hand(turn):
        return await without_date(turn, services)
    period = turn.understanding.slots.get("date") if turn.understanding is not None else None
    if not period or period["from"] != period["to"]:
        return None
    return await _answered(turn.remember(missing_date=period["from"]), services)


async def without_date(turn: Turn, services: Services) -> Outcome:
    """Button: the date is not at hand; we go on without it."""
    return await _answered(turn.remember(missing_date=""), services)


async def _answered(turn: Turn, services: Services) -> Outcome:
    record = await _record(turn, services)
    number = record.number if record is not None else turn.conversation.slots.get("unknown_number")
    if not isinstance(number, str):
        return turn.ask(
            "missing.ask_number",
            Button("button.submit", "submit"),
            Button("button.cancel", "cancel"),
            awaiting="missing_number",
        )
    given = turn.conversation.slots.get("missing_date")
    if record is None and given is None:
        return turn.ask(
            "missing.ask_date",
            Button("missing.no_date", "missing_no_date"),
            Button("button.cancel", "cancel"),
            awaiting="missing_date",
        )
    system = _SYSTEMS[str(turn.conversation.slots.get("missing", "ours"))]
    invoice = _invoice(record, number, turn)
    if record is None:
        if guesses.too_many(turn, number):
            return guesses.stop(turn)
        turn = guesses.counted(turn, number)
    words = Words(**dict.fromkeys(turn.conversation.slots.get("missing_words", ()), True))
    findings = likeliest(await _facts(turn, services, record, invoice, system, words), words)
    return await _told(turn, services, findings, invoice, record)


async def _told(
    turn: Turn,
    services: Services,
    findings: tuple[Finding, ...],
    invoice: Invoice,
    record: InvoiceRecord | None,
) -> Outcome:
    lines: list[Any] = [Phrase("missing.head", {"number": invoice.number})]
    if record is not None and record.demo:
        lines.insert(0, Phrase("card.demo"))
    lines += [
        _cause(finding, "missing.likely" if place == 0 else "missing.also")
        for place, finding in enumerate(findings[:_TOLD])
    ]
    if is_beijing(code=invoice.code, number=invoice.number, tax_id=invoice.seller_tax_id):
        lines.append(Phrase("missing.beijing"))
    number = invoice.number or ""
    again = next((finding.look_again for finding in findings if finding.look_again is not None), None)
    if again is not None and turn.viewer.employee_id is not None:
        at = datetime.combine(max(again, _today(turn) + timedelta(days=1)), _LOOK_AT, BEIJING)
        await services.store.write(
            notices.remind,
            NewReminder(
                f"look:{turn.message.chat}:{number}:{at.date()}", turn.message.chat,
                look.subject_of(number, invoice.code), at, None, turn.now,
            ),
        )  # fmt: skip
        lines.append(Phrase("missing.again", {"at": at}))
    turn = turn.remember(
        missing=None, missing_date=None, missing_words=None, unknown_number=None, unknown_code=None
    )
    buttons = [Button("faq.verify.title", "faq:verify"), Button("button.human", "human")]
    if record is not None:
        buttons.insert(0, Button("button.follow", f"follow:{record.id}"))
    if findings[0].cause in (Cause.MISREAD, Cause.GLUED, Cause.NOT_COLLECTED, Cause.NOT_AN_INVOICE):
        buttons.insert(0, Button("button.submit", "submit"))
    return turn.say("missing.answer", *buttons, lines=tuple(lines))


def _cause(finding: Finding, key: str) -> Phrase:
    if finding.cause is Cause.POSSIBLE_FORGERY:
        return Phrase("missing.cause.possible_forgery")  # that nothing was found is no cause
    name = "region_differs" if finding.reason == "region_differs" else finding.cause.value
    return Phrase(key, {"cause": Phrase(f"missing.cause.{name}")})


async def _record(turn: Turn, services: Services) -> InvoiceRecord | None:
    slots = turn.conversation.slots
    number, last = slots.get("unknown_number"), slots.get("invoice")
    if isinstance(number, str):
        found = await services.store.ask(
            invoices.by_number, invoices.Named(turn.viewer, number, slots.get("unknown_code"))
        )
        return found[0] if found else None
    return await services.store.read(invoices.by_id, turn.viewer, last) if isinstance(last, int) else None


def _invoice(record: InvoiceRecord | None, number: str, turn: Turn) -> Invoice:
    if record is not None:
        return as_invoice(record)
    code = turn.conversation.slots.get("unknown_code")
    given = turn.conversation.slots.get("missing_date")
    return Invoice(
        kind=kind_from_code(code) if isinstance(code, str) else None,
        code=code if isinstance(code, str) else None,
        number=number,
        issue_date=date.fromisoformat(given) if given else None,
    )


async def _facts(
    turn: Turn,
    services: Services,
    record: InvoiceRecord | None,
    invoice: Invoice,
    system: System,
    words: Words,
) -> Facts:
    last_import = await services.store.read(notices.fact, "last_import")
    companies = tuple(Company(name, tax_id) for name, tax_id in services.companies)
    holder = None
    if record is None and invoice.number and system is System.OURS and turn.viewer.employee_id is not None:
        holder = await services.store.read(invoices.holder, invoice.number, invoice.code)
    return Facts(
        invoice=invoice,
        now=turn.now,
        system=system,
        checks=dict(check(invoice, today=_today(turn), companies=companies)),
        tax_state=TaxState(record.tax_state.value) if record is not None else TaxState.UNKNOWN,
        used_today=CHECKS_A_DAY if words.limit else 0,
        import_failed=words.down,
        last_import=last_import.at if last_import is not None else None,
        claimed_by_other=holder is not None and holder[1] not in (None, turn.viewer.employee_id),
    )


def _today(turn: Turn) -> date:
    return turn.now.astimezone(BEIJING).date()


def _system_named(text: str) -> str | None:
    return next((name for name in ("national", "account", "ours") if says(f"systems.{name}", text)), None)


def _heard(turn: Turn) -> Turn:
    """The turn with what the system's own words in it tell."""
    words = words_in(turn.message.text)
    told = [name for name in ("mismatch", "limit", "down") if getattr(words, name)]
    return turn.remember(missing_words=told) if told else turn


def _is_not_at_hand(turn: Turn) -> bool:
    text = turn.message.text
    return len(text) <= _LONGEST and says("missing.not_at_hand", text)


def _system_buttons() -> tuple[Button, ...]:
    return (
        Button("missing.system.national", "missing:national"),
        Button("missing.system.account", "missing:account"),
        Button("missing.system.ours", "missing:ours"),
        Button("button.cancel", "cancel"),
    )
