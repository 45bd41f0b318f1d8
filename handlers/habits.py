"""Habits (习惯): short, explained suggestions from the asker's own history, which can be switched off.

The memory is part of the chat and names the person it belongs to: bound to another one, it counts for nothing.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import date, timedelta
from typing import Any

from handlers import criteria
from handlers.core import Button, Handler, Outcome, Reply, Services, Turn
from locales.catalog import BEIJING, Phrase
from locales.talk import says
from storage import invoices, pages
from storage.records import Conversation, Role, Viewer

_FIRST, _LAST = 3, 25  # month end: from the 25th to the 3rd
_TIMES = 2  # months in a row that make a habit
_KEPT = 4  # months remembered
_LONGEST = 40  # characters of a wish to hear no more of them


@dataclass(frozen=True, slots=True)
class _Memory:
    """What a chat remembers of one person."""

    of: int | None
    off: bool = False
    told: str = ""  # the last day with a suggestion
    months: Mapping[str, list[str]] | None = None  # month → searches made at its end

    def kept(self) -> dict[str, Any]:
        months = dict(sorted((self.months or {}).items())[-_KEPT:])
        return {"of": self.of, "off": self.off, "told": self.told, "months": months}


def after(handler: Handler) -> Handler:
    """The handler, whose answer may be followed by one suggestion a day."""

    async def answered(turn: Turn, services: Services) -> Outcome:
        return await _followed(turn, services, await handler(turn, services))

    return answered


async def switch(turn: Turn, services: Services) -> Outcome:
    """Button `habits:off` or `habits:on`."""
    off = turn.argument != "on"
    memory = replace(_memory(turn, turn.conversation), off=off)
    button = Button("habit.on_button", "habits:on") if off else Button("habit.off_button", "habits:off")
    return turn.remember(habits=memory.kept()).say("habit.off" if off else "habit.on", button)


async def in_words(turn: Turn, services: Services) -> Outcome | None:
    """A short sentence that plainly switches the suggestions off or on; None for any other."""
    text = turn.message.text
    if len(text) > _LONGEST or not says("habits.thing", text):
        return None
    for words, argument in (("habits.stop", "off"), ("habits.start", "on")):
        if says(words, text):
            return await switch(replace(turn, argument=argument), services)
    return None


def is_off_wish(text: str) -> bool:
    """Whether somebody who wants less to be told means the suggestions."""
    return says("habits.named", text)


async def _followed(turn: Turn, services: Services, outcome: Outcome) -> Outcome:
    if turn.viewer.employee_id is None or not outcome.replies:
        return outcome
    memory = _memory(turn, outcome.conversation)
    if memory.off:
        return outcome
    key, today = outcome.replies[-1].key, _today(turn)
    wanted = outcome.conversation.slots.get("search") if key.startswith("search.") else None
    if isinstance(wanted, dict) and _is_month_end(today):
        memory = _noted(memory, _month(today), _signature(wanted, today))
    found = None
    if memory.told != today.isoformat() and outcome.conversation.awaiting is None:
        found = _usual(memory, today) or await _unsubmitted(turn, services, outcome, key)
    slots = {**outcome.conversation.slots}
    if found is not None:
        reply, asked = found
        memory = replace(memory, told=today.isoformat())
        slots["habit"] = asked
        outcome = replace(outcome, replies=(*outcome.replies, reply))
    if memory.months or found is not None:
        slots["habits"] = memory.kept()
    return replace(outcome, conversation=replace(outcome.conversation, slots=slots))


def _usual(memory: _Memory, today: date) -> tuple[Reply, dict[str, Any]] | None:
    """The search of every month end that was not made this time."""
    if not _is_month_end(today) or not memory.months:
        return None
    month, past = _month(today), []
    for _ in range(_TIMES):
        month = _before(month)
        past.append(set(memory.months.get(month, ())))
    for signature in sorted(set.intersection(*past) - set(memory.months.get(_month(today), ()))):
        wanted = _resolved(json.loads(signature), today)
        return _reply("habit.month_end", what=criteria.described(wanted)), wanted
    return None


async def _unsubmitted(
    turn: Turn, services: Services, outcome: Outcome, key: str
) -> tuple[Reply, dict[str, Any]] | None:
    """Own invoices not handed in, of the seller or the time that was asked about."""
    slots, wanted, own = outcome.conversation.slots, {}, 0
    viewer = Viewer(turn.viewer.employee_id, Role.EMPLOYEE)  # finance sees all, but has its own habits
    if key == "status.card" and isinstance(slots.get("invoice"), int):
        further = await services.store.ask(
            invoices.beside, invoices.Beside(turn.viewer.employee_id or 0, slots["invoice"])
        )
        if not criteria.OPEN & further.keys():
            return None
        record = await services.store.read(invoices.by_id, viewer, slots["invoice"])
        if record is None or not record.seller_name:
            return None
        wanted = {"seller": record.seller_name}
        own = int(record.reimbursement_state.value in criteria.OPEN)
        because = Phrase("habit.because_seller", {"seller": record.seller_name})
    elif key == "search.page" and "date" in slots["search"] and "status" not in slots["search"]:
        wanted = {"date": slots["search"]["date"]}
        because = Phrase("habit.because_time", {"what": criteria.described(wanted)})
    else:
        return None
    wanted["status"] = "unreimbursed"
    page = await services.store.read(pages.page, viewer, criteria.criteria_of(wanted, services), limit=1)
    if page.count <= own:
        return None
    return _reply("habit.unsubmitted", because=because, count=page.count, sum=page.sum), wanted


def _reply(key: str, **values: Any) -> Reply:
    return Reply(key, values, (Button("habit.look", "find:habit"), Button("habit.off_button", "habits:off")))


def _memory(turn: Turn, conversation: Conversation) -> _Memory:
    match conversation.slots.get("habits"):
        case {"of": of, "off": bool(off), "told": str(told), "months": dict(months)}:
            if of == turn.viewer.employee_id:
                return _Memory(of, off, told, months)
    return _Memory(turn.viewer.employee_id)


def _noted(memory: _Memory, month: str, signature: str | None) -> _Memory:
    made = list((memory.months or {}).get(month, ()))
    if signature is None or signature in made:
        return memory
    return replace(memory, months={**(memory.months or {}), month: [*made, signature][-8:]})


def _signature(wanted: Mapping[str, Any], today: date) -> str | None:
    """A search as it comes again in another month; None for one that is about fixed days, or about nothing."""
    kept = {name: value for name, value in wanted.items() if name != "date"}
    if period := wanted.get("date"):
        first, last = date.fromisoformat(period["from"]), date.fromisoformat(period["to"])
        whole = first.day == 1 and last in (today, _end(first))
        ago = (today.year - first.year) * 12 + today.month - first.month
        if not whole or ago not in (0, 1):
            return None
        # Early in a month "last month" is what "this month" was a few days before.
        kept["month"] = ago - (1 if today.day <= _FIRST else 0)
    return json.dumps(kept, sort_keys=True, ensure_ascii=False) if kept else None


def _resolved(kept: dict[str, Any], today: date) -> dict[str, Any]:
    wanted = {name: value for name, value in kept.items() if name != "month"}
    if "month" in kept:
        first = today.replace(day=1)
        for _ in range(int(kept["month"]) + (1 if today.day <= _FIRST else 0)):
            first = (first - timedelta(days=1)).replace(day=1)
        wanted["date"] = {"from": first.isoformat(), "to": min(_end(first), today).isoformat()}
    return wanted


def _is_month_end(today: date) -> bool:
    return today.day >= _LAST or today.day <= _FIRST


def _month(today: date) -> str:
    """The month whose end it is, as 2026-08."""
    return (today.replace(day=1) - timedelta(days=1) if today.day <= _FIRST else today).strftime("%Y-%m")


def _before(month: str) -> str:
    return (date.fromisoformat(f"{month}-01") - timedelta(days=1)).strftime("%Y-%m")


def _end(day: date) -> date:
    return (day.replace(day=28) + timedelta(days=4)).replace(day=1) - timedelta(days=1)


def _today(turn: Turn) -> date:
    return turn.now.astimezone(BEIJING).date()
