"""Reminders (提醒) at a time: "月底提醒我交票", every Friday at three, on the 25th of each month."""

import re
import unicodedata
from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

from handlers.core import Button, Outcome, Reply, Services, Turn
from handlers.ellipsis import place_in
from handlers.moments import When, find_when, month_end, without_time
from locales.catalog import BEIJING, Phrase
from storage import notices
from storage.notices import NewReminder, Reminder

_MOST = 20  # reminders of one chat
_WORD = re.compile(r"提醒|叫我|通知我|remind|リマインド|思い出|知らせて|教えて", re.IGNORECASE)
_ASKS = re.compile(r"提醒(?:一下)?我|remind me|リマインドして", re.IGNORECASE)
_NOUN = re.compile(r"提醒|remind(?:ers?)?\b|リマインダ|リマインド", re.IGNORECASE)
_LIST = re.compile(
    r"我的|看|查|列|哪些|什么|几个|有没有|\bmy\b|show|list|which|what|see\b|一覧|見せ|見たい|確認|ありますか",
    re.IGNORECASE,
)
_CANCEL = re.compile(
    r"取消|删|去掉|关掉|关闭|停|不要|不用|别|cancel|delete|remove|stop|turn off|drop|no more|消し|消去|取り消|やめ|削除|止め|不要",
    re.IGNORECASE,
)
_ALL = re.compile(r"全部|所有|都|\ball\b|every|すべて|全て", re.IGNORECASE)
# What asks to be reminded, around what to be reminded of.
_AROUND = re.compile(
    r"(?:请|麻烦|帮我|到时候?|记得|可以)*(?:给我)?(?:设|定|建|加)?(?:一?个)?(?:提醒|叫|通知)(?:一下|一声)?(?:我|咱们?)?(?:一下|一声)?(?:要|去|记得|该|别忘了?)*|"
    r"(?:please |pls |can you |could you |would you )*(?:remind me|set (?:me )?a reminder|send me a reminder)(?: again)?(?: to\b| that\b| about\b| for\b)?|"
    r"(?:する)?(?:ように|よう)?(?:と)?(?:リマインド|思い出さ|知らせ|教え)(?:を)?(?:設定)?(?:して|せて|て)?(?:ください|下さい|ほしい|欲しい|もらえますか)?",
    re.IGNORECASE,
)
_EDGES = re.compile(
    r"^(?:[\s,，、。.;:：!！]|的|时候?|前|之前|に(?!も)|の|は|までに|at\b|on\b|by\b|to\b|and\b|please\b)+|"
    r"(?:[\s,，、。.;:：!！]|吧|哦|啊|please$|at$|on$|by$|in$|every$|に$|の$|、$)+$",
    re.IGNORECASE,
)
_LONGEST = 60


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
    return _WORD.search(text) is not None and find_when(text, now) is not None


async def remind(turn: Turn, services: Services) -> Outcome:
    """Keep a reminder, or without a time: list them and ask for one."""
    if turn.argument == "off":
        count = await services.store.write(notices.forget_reminders, (turn.message.chat, None))
        return turn.say("remind.all_gone" if count else "remind.none")
    if turn.argument.isdigit():
        await services.store.write(notices.forget_reminders, (turn.message.chat, int(turn.argument)))
        return turn.say("remind.gone", Button("remind.list_button", "remind"))
    when = find_when(turn.message.text, turn.now) if turn.message.action is None else None
    if when is None:
        return await _listed(turn, services)
    return await _kept(turn, services, when, _subject(turn.message.text))


async def in_words(turn: Turn, services: Services) -> Outcome | None:
    """A short sentence that plainly sets, lists or cancels reminders; None for any other."""
    text = turn.message.text
    if len(text) > _LONGEST or _NOUN.search(text) is None or "invoice_number" in _slots(turn):
        return None
    if _CANCEL.search(text) is not None:
        return await _cancelled(turn, services)
    if find_when(text, turn.now) is not None:
        return await remind(turn, services) if _ASKS.search(text) else None
    return await _listed(turn, services) if _LIST.search(text) else None


async def instead_of_follows(turn: Turn, services: Services) -> Outcome | None:
    """To be told no more means the reminders where no invoice is followed; None where one is."""
    followed = await services.store.ask(notices.followed, turn.message.chat)
    return None if followed or turn.message.action is not None else await _cancelled(turn, services)


async def _cancelled(turn: Turn, services: Services) -> Outcome | None:
    """The reminder that the sentence means is forgotten, or it is asked which; None where there is none."""
    have, text = await services.store.read(notices.reminders_of, turn.message.chat), turn.message.text
    if not have:
        return None
    if _ALL.search(text):
        await services.store.write(notices.forget_reminders, (turn.message.chat, None))
        return turn.say("remind.all_gone")
    place = 0 if len(have) == 1 else place_in(text, len(have))
    if place is None:
        return await _listed(turn, services, to_stop=True)
    await services.store.write(notices.forget_reminders, (turn.message.chat, have[place].id))
    return turn.say("remind.gone", Button("remind.list_button", "remind"))


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
    if _ALL.fullmatch(said):
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
    said = _AROUND.sub(" ", without_time(text), count=1)
    said = _EDGES.sub("", " ".join(said.split()))
    return said[:120] if len(said) > 1 else ""


def reminder_reply(reminder: Reminder) -> Reply:
    """The reminder (提醒) in words."""
    buttons = (Button("search.unreimbursed", "find:unreimbursed"), Button("remind.list_button", "remind"))
    return Reply("reminder.due", {"subject": reminder.subject or Phrase("remind.no_subject")}, buttons)
