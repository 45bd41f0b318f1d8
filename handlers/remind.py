"""Reminders (提醒) at a time: "月底提醒我交票", every Friday at three, on the 25th of each month."""

import unicodedata
from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime, timedelta
from functools import cache
from typing import Any

from handlers.core import Button, Outcome, Reply, Services, Turn
from handlers.ellipsis import place_in
from handlers.moments import When, find_when, month_end, moved, without_time
from locales.catalog import BEIJING, Phrase
from locales.talk import Talk, compiled, talk
from storage import notices
from storage.notices import Move, NewReminder, Reminder

_MOST = 20  # reminders of one chat
_LONGEST = 60
_MARKS = r"[\s,，、。.;:：!！]"


class _Words:
    """The words around reminders, in all languages."""

    def __init__(self, said: Talk) -> None:
        self.word, self.asks, self.noun = (
            said.pattern(f"remind.{name}") for name in ("word", "asks", "noun")
        )
        self.list, self.cancel, self.all = (
            said.pattern(f"remind.{name}") for name in ("list", "cancel", "all")
        )
        # What asks to be reminded, around what to be reminded of.
        self.around = said.pattern("remind.around")
        before, after = said.any_of("remind.before"), said.any_of("remind.after")
        self.moved = said.pattern("remind.moved")
        self.edges = compiled(rf"^(?:{_MARKS}|{before})+|(?:{_MARKS}|{after})+$")


@cache
def _words() -> _Words:
    return _Words(talk())


def next_time(reminder: Reminder) -> datetime | None:
    """When a reminder comes again after its time; None for one that does not repeat."""
    at = reminder.due_at.astimezone(BEIJING)
    match reminder.repeat:
        case "daily":
            return at + timedelta(days=1)
        case "weekly":
            return at + timedelta(days=7)
        case "monthly":
            following = month_end(at.date()) + timedelta(days=1)
            return datetime.combine(following.replace(day=min(at.day, 28)), at.time(), BEIJING)
        case "month_end":
            return datetime.combine(month_end(month_end(at.date()) + timedelta(days=1)), at.time(), BEIJING)
    return None


def is_wish(text: str, now: datetime) -> bool:
    """Whether a sentence asks to be reminded at a time, not to follow an invoice."""
    return _words().word.search(text) is not None and find_when(text, now) is not None


async def remind(turn: Turn, services: Services) -> Outcome:
    """Keep a reminder, or without a time: list them and ask for one."""
    if turn.argument == "off":
        count = await services.store.write(notices.forget_reminders, (turn.message.chat, None))
        return turn.say("remind.all_gone" if count else "remind.none")
    if turn.argument.isdigit():
        have = await services.store.read(notices.reminders_of, turn.message.chat)
        named = next((each for each in have if each.id == int(turn.argument)), None)
        return await _listed(turn, services) if named is None else await _forgotten(turn, services, named)
    when = find_when(turn.message.text, turn.now) if turn.message.action is None else None
    if when is None:
        return await _listed(turn, services)
    return await _kept(turn, services, when, _subject(turn.message.text))


async def in_words(turn: Turn, services: Services) -> Outcome | None:
    """A short sentence that plainly sets, lists or cancels reminders; None for any other."""
    text = turn.message.text
    if len(text) > _LONGEST or _words().noun.search(text) is None or "invoice_number" in _slots(turn):
        return None
    if _words().cancel.search(text) is not None:
        return await _cancelled(turn, services)
    if find_when(text, turn.now) is not None:
        return await remind(turn, services) if _words().asks.search(text) else None
    return await _listed(turn, services) if _words().list.search(text) else None


async def instead_of_follows(turn: Turn, services: Services) -> Outcome | None:
    """To be told no more means the reminders where no invoice is followed; None where one is."""
    followed = await services.store.ask(notices.followed, turn.message.chat)
    return None if followed or turn.message.action is not None else await _cancelled(turn, services)


async def put_off(turn: Turn, services: Services) -> Outcome | None:
    """Another clock or day for the reminder that was just set: "remind me tomorrow", "at 3pm"; None for any other."""
    text = turn.message.text
    if turn.said != "remind.done" or turn.message.action is not None or len(text) > _LONGEST:
        return None
    if _words().edges.sub("", _words().moved.sub(" ", without_time(text))).strip():
        return None  # it speaks of something else, too
    have = await services.store.read(notices.reminders_of, turn.message.chat)
    newest = max(have, key=lambda each: each.id, default=None)
    at = moved(text, newest.due_at, turn.now) if newest is not None else None
    if newest is None or at is None:
        return None
    await services.store.write(notices.move_reminder, Move(turn.message.chat, newest.id, at))
    return _told(turn, When(at, newest.repeat), newest.subject)


async def stopped(turn: Turn, services: Services) -> Outcome | None:
    """A cancel (取消) right after a reminder was set or the list was shown; None after anything else."""
    if turn.message.action is not None or turn.said not in ("remind.done", "remind.list"):
        return None
    have = await services.store.read(notices.reminders_of, turn.message.chat)
    newest = max(have, key=lambda each: each.id, default=None)
    if newest is not None and (turn.said == "remind.done" or len(have) == 1):
        return await _forgotten(turn, services, newest)
    return await _listed(turn, services, to_stop=True) if have else None


async def _forgotten(turn: Turn, services: Services, reminder: Reminder) -> Outcome:
    await services.store.write(notices.forget_reminders, (turn.message.chat, reminder.id))
    return turn.say(
        "remind.gone",
        Button("remind.list_button", "remind"),
        at=reminder.due_at,
        subject=reminder.subject or Phrase("remind.no_subject"),
    )


async def _cancelled(turn: Turn, services: Services) -> Outcome | None:
    """The reminder that the sentence means is forgotten, or it is asked which; None where there is none."""
    have, text = await services.store.read(notices.reminders_of, turn.message.chat), turn.message.text
    if not have:
        return None
    if _words().all.search(text):
        await services.store.write(notices.forget_reminders, (turn.message.chat, None))
        return turn.say("remind.all_gone")
    place = 0 if len(have) == 1 else place_in(text, len(have))
    if place is None:
        return await _listed(turn, services, to_stop=True)
    return await _forgotten(turn, services, have[place])


def _slots(turn: Turn) -> Mapping[str, Any]:
    return {} if turn.understanding is None else turn.understanding.slots


async def time_given(turn: Turn, services: Services) -> Outcome | None:
    """Awaited `remind_time`: a time answers."""
    when = find_when(turn.message.text, turn.now)
    if when is None:
        return None
    return await _kept(turn, services, when, _subject(turn.message.text))


async def which_given(turn: Turn, services: Services) -> Outcome | None:
    """Awaited `remind_which`: a place in the list, or all of it."""
    have = await services.store.read(notices.reminders_of, turn.message.chat)
    said = unicodedata.normalize("NFKC", turn.message.text).strip(" .。!！")
    if _words().all.fullmatch(said):
        return await remind(replace(turn, argument="off"), services)
    place = int(said) - 1 if said.isascii() and said.isdigit() else place_in(said, len(have))
    if place is None or not 0 <= place < len(have):
        return None
    return await remind(replace(turn, argument=str(have[place].id)), services)


async def _kept(turn: Turn, services: Services, when: When, subject: str) -> Outcome:
    have = await services.store.read(notices.reminders_of, turn.message.chat)
    if len(have) >= _MOST:
        return turn.say("remind.too_many", Button("remind.list_button", "remind"))
    key = f"{turn.message.chat}:{turn.message.id}"
    await services.store.write(
        notices.remind, NewReminder(key, turn.message.chat, subject, when.at, when.repeat, turn.now)
    )
    return _told(turn, when, subject)


def _told(turn: Turn, when: When, subject: str) -> Outcome:
    return turn.say(
        "remind.done",
        Button("remind.list_button", "remind"),
        at=when.at,
        repeat=Phrase(f"repeat.{when.repeat or 'once'}"),
        subject=subject or Phrase("remind.no_subject"),
    )


async def _listed(turn: Turn, services: Services, *, to_stop: bool = False) -> Outcome:
    have = await services.store.read(notices.reminders_of, turn.message.chat)
    if not have:
        return turn.ask("remind.ask_time", Button("button.cancel", "cancel"), awaiting="remind_time")
    rows = tuple(
        Phrase(
            "remind.row",
            {
                "place": str(place),
                "at": each.due_at,
                "repeat": Phrase(f"repeat.{each.repeat or 'once'}"),
                "subject": each.subject or Phrase("remind.no_subject"),
            },
        )
        for place, each in enumerate(have, start=1)
    )
    buttons = [
        Button("remind.stop", f"remind:{each.id}", {"place": str(place)})
        for place, each in enumerate(have[:6], start=1)
    ]
    return turn.ask(
        "remind.which_stop" if to_stop else "remind.list",
        *buttons,
        Button("remind.stop_all", "remind:off"),
        awaiting="remind_which" if to_stop else "remind_time",
        rows=rows,
        count=len(have),
    )


def _subject(text: str) -> str:
    """What to be reminded of, in the user's own words; empty where they name a time only."""
    said = _words().around.sub(" ", without_time(text), count=1)
    said = _words().edges.sub("", " ".join(said.split()))
    return said[:120] if len(said) > 1 else ""


def reminder_reply(reminder: Reminder) -> Reply:
    """The reminder (提醒) in words."""
    buttons = (Button("search.unreimbursed", "find:unreimbursed"), Button("remind.list_button", "remind"))
    return Reply("reminder.due", {"subject": reminder.subject or Phrase("remind.no_subject")}, buttons)
