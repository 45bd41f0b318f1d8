"""Looking again (到期再查): a reminder whose subject is an invoice number is a look that we promised."""

import re

from handlers import cards, causes, remind
from handlers.core import Button, Reply, Services
from storage import invoices, messages, notices
from storage.notices import Reminder

# What users want to be reminded of is a sentence, never digits alone.
_SUBJECT = re.compile(r"(?:([0-9]{10}|[0-9]{12})-)?([0-9]{8}|[0-9]{20})")


def subject_of(number: str, code: str | None) -> str:
    """The subject of the reminder that makes us look for an invoice."""
    return invoices.key_of(number, code)


async def due_reply(reminder: Reminder, services: Services) -> Reply:
    """What to say when a reminder's time has come: the user's words, or what a second look has brought."""
    promised = _SUBJECT.fullmatch(reminder.subject)
    if promised is None:
        return remind.reminder_reply(reminder)
    code, number = promised.groups()
    loaded = await services.store.read(messages.load, [reminder.chat])
    _, _, viewer = loaded[reminder.chat]
    found = await services.store.ask(invoices.by_number, invoices.Named(viewer, number, code))
    if not found:
        return Reply(
            "reminder.not_yet",
            {"number": number, "cause": causes.of_number(number, code, services.now())},
            (Button("button.submit", "submit"), Button("button.human", "human")),
        )
    followed = await services.store.ask(notices.followed, reminder.chat)
    return Reply(
        "reminder.found",
        {"number": number, "lines": cards.card(found[0])},
        cards.buttons(found[0], viewer, is_followed=found[0].id in followed),
    )
