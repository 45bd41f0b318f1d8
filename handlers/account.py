"""Whose chat this is (绑定工号): shown, bound with a one-time code, unbound."""

import re
import unicodedata
from collections.abc import Mapping
from typing import Any

from handlers.core import Button, Outcome, Services, Turn
from handlers.menu import agreed
from storage import notices, people
from storage.notices import Unfollow
from storage.people import CODE_LIFETIME, LOCK, MAX_FAILURES, Binding
from storage.records import Employee

_NUMBER = re.compile(r"(?<![A-Za-z0-9_./-])[A-Za-z0-9][A-Za-z0-9_./-]{0,19}(?![A-Za-z0-9_./-])", re.ASCII)
_CODE = re.compile(r"[^\d]{0,16}(\d[\d\s-]{0,20}\d)[^\d]{0,4}", re.ASCII)
CODE_DIGITS = 8
_INVOICE_DIGITS = 20
# What the chat remembers of one person's invoices; the next person must not meet it.
_PERSONAL = (
    "invoice",
    "search",
    "offset",
    "shown",
    "filing",
    "filings",
    "correcting",
    "correct_text",
    "asked",
    "choices",
    "offered",
    "bind_number",
)


async def show(turn: Turn, services: Services) -> Outcome:
    """Who this chat belongs to (我的账号); the arguments bind, unbind and unbind_yes change it."""
    match turn.argument:
        case "bind":
            return _ask_number(turn)
        case "unbind":
            return await unbind(turn, services)
        case "unbind_yes" if turn.conversation.awaiting == "unbind":
            return await _unbind(turn, services)
        case "unbind_yes":  # from an old message: ask again
            return await unbind(turn, services)
    employee = await services.store.read(people.of_chat, turn.message.chat)
    if employee is None:
        return turn.say("account.unbound", Button("account.bind_button", "account:bind"))
    return turn.say(
        "account.bound",
        Button("account.rebind_button", "account:bind"),
        Button("account.unbind_button", "account:unbind"),
        **_words(employee),
    )


async def bind(turn: Turn, services: Services) -> Outcome:
    """Begin to bind (绑定): say who is bound, or ask for the staff number."""
    employee = await services.store.read(people.of_chat, turn.message.chat)
    return _ask_number(turn) if employee is None else await show(turn, services)


async def number(turn: Turn, services: Services) -> Outcome | None:
    """Awaited `bind_number`: one word with a digit in it is taken as the staff number (工号)."""
    text = unicodedata.normalize("NFKC", turn.message.text)
    words = [word for word in _NUMBER.findall(text) if any(letter.isdigit() for letter in word)]
    if len(words) != 1 or (words[0].isdigit() and len(words[0]) >= _INVOICE_DIGITS):
        return None if _means_something_else(turn) else _ask_number(turn, "account.number_form")
    return turn.remember(bind_number=words[0]).ask(
        "account.ask_code",
        Button("button.cancel", "cancel"),
        awaiting="bind_code",
        number=words[0],
        days=str(CODE_LIFETIME.days),
    )


async def code(turn: Turn, services: Services) -> Outcome | None:
    """Awaited `bind_code`: try the one-time code (绑定码); refusals are worded, the lock-out too."""
    staff_number = turn.conversation.slots.get("bind_number")
    found = _CODE.fullmatch(unicodedata.normalize("NFKC", turn.message.text).strip())
    digits = re.sub(r"\D", "", found.group(1)) if found else ""
    if not isinstance(staff_number, str):
        return None
    if len(digits) != CODE_DIGITS:
        if _means_something_else(turn) or len(digits) >= _INVOICE_DIGITS:
            return None
        return turn.ask("account.code_form", Button("button.cancel", "cancel"), awaiting="bind_code")
    before = await services.store.read(people.of_chat, turn.message.chat)
    result = await services.store.write(
        people.bind, Binding(turn.message.chat, staff_number, digits, turn.now)
    )
    hours = str(int(LOCK.total_seconds() // 3600))
    if result == "locked":
        return turn.remember(bind_number=None).say(
            "account.locked", Button("button.human", "human"), hours=hours
        )
    if isinstance(result, str):
        return turn.ask(
            "account.wrong",
            Button("button.cancel", "cancel"),
            Button("button.human", "human"),
            awaiting="bind_code",
            tries=str(MAX_FAILURES),
            hours=hours,
        )
    if before is not None and before.id != result.id:
        await services.store.write(notices.unfollow, Unfollow(turn.message.chat))
    return _forgotten(turn).say(
        "account.done",
        Button("choice.invoice.search", "search"),
        Button("button.menu", "help"),
        **_words(result),
    )


async def unbind(turn: Turn, services: Services) -> Outcome:
    """Ask whether the chat shall be nobody's again (解除绑定)."""
    employee = await services.store.read(people.of_chat, turn.message.chat)
    if employee is None:
        return turn.say("account.unbound", Button("account.bind_button", "account:bind"))
    return turn.ask(
        "account.unbind_ask",
        Button("account.unbind_yes", "account:unbind_yes"),
        Button("button.cancel", "cancel"),
        awaiting="unbind",
        name=employee.name,
        number=employee.number,
    )


async def confirm_unbind(turn: Turn, services: Services) -> Outcome | None:
    """Awaited `unbind`: only a clear yes counts."""
    match agreed(turn):
        case True:
            return await _unbind(turn, services)
        case False:
            return turn.say("account.unbind_kept")
    return None


async def _unbind(turn: Turn, services: Services) -> Outcome:
    # Notices tell of invoices, so they end with the binding.
    await services.store.write(notices.unfollow, Unfollow(turn.message.chat))
    await services.store.write(people.unbind, turn.message.chat)
    return _forgotten(turn).say("account.unbind_done", Button("account.bind_button", "account:bind"))


def _ask_number(turn: Turn, key: str = "account.ask_number") -> Outcome:
    return turn.ask(key, Button("button.cancel", "cancel"), awaiting="bind_number")


def _means_something_else(turn: Turn) -> bool:
    """A message that is clearly another wish goes its own way, and the question waits."""
    understanding = turn.understanding
    return (
        understanding is not None
        and understanding.action == "answer"
        and understanding.intent
        not in (
            "account.bind",
            "out_of_scope",
        )
    )


def _forgotten(turn: Turn) -> Turn:
    return turn.remember(**dict.fromkeys(_PERSONAL))


def _words(employee: Employee) -> Mapping[str, Any]:
    return {"name": employee.name, "number": employee.number, "role": employee.role}
