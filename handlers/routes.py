"""Everything the bot can do: one row per intent, button, awaited value and kind of message."""

from collections.abc import Awaitable, Callable, Mapping

from handlers import (
    account,
    contact,
    correction,
    duplicate,
    ellipsis,
    export,
    faq,
    feedback,
    figures,
    filing,
    follow,
    habits,
    intake,
    language,
    menu,
    missing,
    privacy,
    remind,
    search,
    status,
    verdict,
    verify,
)
from handlers.core import Handler, Outcome, Services, Turn

# Tried first while a question of ours is open; None: the message is no answer to it.
Parser = Callable[[Turn, Services], Awaitable[Outcome | None]]


async def subscribe(turn: Turn, services: Services) -> Outcome:
    """Be told later (通知): at a time that the sentence names, or when an invoice changes."""
    if remind.is_wish(turn.message.text, turn.now):
        return await remind.remind(turn, services)
    return await follow.follow(turn, services)


async def unsubscribe(turn: Turn, services: Services) -> Outcome:
    """Be told no more: of an invoice that is followed, or, where none is, by the reminders."""
    return await remind.instead_of_follows(turn, services) or await follow.unfollow(turn, services)


async def submit(turn: Turn, services: Services) -> Outcome:
    """Hand in (提交): file the open draft, or say how to hand one in."""
    return await filing.words(turn, services) or await faq.submit(turn, services)


async def yes(turn: Turn, services: Services) -> Outcome:
    """A yes outside a question: to the draft that waits to be filed, or to what we offered."""
    return await filing.words(turn, services) or await menu.yes(turn, services)


async def cancel(turn: Turn, services: Services) -> Outcome:
    """Leave it (取消): the draft that waits, the reminder or follow just spoken of, else the question that is open."""
    return (
        await filing.dropped(turn, services)
        or await remind.stopped(turn, services)
        or await follow.stopped(turn, services)
        or await menu.cancel(turn, services)
    )


async def correct(turn: Turn, services: Services) -> Outcome:
    """Wrong information (信息有误): of the open draft, or of an invoice that the seller has to issue anew."""
    return await correction.correct(turn, services) or await faq.correct(turn, services)


# What a sentence means (意图).
BY_INTENT: Mapping[str, Handler] = {
    "invoice.status": habits.after(status.status),
    "invoice.search": habits.after(status.find),
    "invoice.missing": missing.missing,
    "invoice.duplicate": duplicate.duplicate,
    "notify.subscribe": subscribe,
    "notify.unsubscribe": unsubscribe,
    "invoice.submit": submit,
    "invoice.apply": faq.apply,
    "invoice.download": export.download,
    "invoice.verify": verify.verify,
    "invoice.lost": faq.lost,
    "invoice.correct": correct,
    "invoice.void_red": faq.void_red,
    "faq.electronic_vs_paper": faq.electronic_vs_paper,
    "faq.manual": faq.manual,
    "faq.register_login": faq.register_login,
    "faq.deadline": faq.deadline,
    "agent.handoff": contact.handoff,
    "agent.emergency": contact.emergency,
    "feedback.rate": feedback.rate,
    "feedback.complaint": feedback.complain,
    "contact.info": contact.info,
    "language.switch": language.switch,
    "account.bind": account.bind,
    "privacy.export": privacy.export,
    "privacy.delete": privacy.delete,
    "smalltalk.greet": habits.after(menu.greet),
    "smalltalk.thanks": menu.thanks,
    "smalltalk.bye": menu.bye,
    "help.menu": menu.show,
    "cancel": cancel,
    "confirm.yes": yes,
    "confirm.no": menu.no,
}

# What a button, a command or a menu entry does: the word before the colon of its action.
BY_ACTION: Mapping[str, Handler] = {
    "start": menu.start,
    "help": menu.show,
    "menu": menu.show,
    "cancel": menu.cancel,
    "status": status.status,
    "open": status.open_one,
    "search": search.search,
    "find": habits.after(search.find),
    "habits": habits.switch,
    "sums": figures.split,
    "search_next": search.next_page,
    "search_prev": search.previous_page,
    "missing": missing.missing,
    "missing_no_date": missing.without_date,
    "duplicate": duplicate.duplicate,
    "follow": follow.follow,
    "unfollow": follow.unfollow,
    "remind": remind.remind,
    "file": filing.file,
    "file_all": filing.file_all,
    "drop": filing.drop,
    "correct": correction.start,
    "amend": correction.start,
    "correct_field": correction.field,
    "pickfield": correction.pick,
    "verdict": verdict.again,
    "export": export.export,
    "none_of_these": menu.none_of_these,
    "faq": faq.faq,
    "submit": faq.submit,
    "verify": verify.verify,
    "void_red": faq.void_red,
    "lost": faq.lost_button,
    "account": account.show,
    "language": language.switch,
    "human": contact.handoff,
    "emergency": contact.emergency,
    "rate": feedback.rate,
    "feedback": feedback.button,
    "privacy": privacy.button,
}

# What a message is tried as while we wait for an answer.
BY_AWAITED: Mapping[str, Parser] = {
    "invoice_number": status.number_given,
    "search": search.criteria_given,
    "missing_system": missing.system_given,
    "missing_number": missing.number_given,
    "missing_date": missing.date_given,
    "duplicate_number": duplicate.number_given,
    "follow_number": follow.number_given,
    "remind_time": remind.time_given,
    "remind_which": remind.which_given,
    "correct_value": correction.value,
    "correct_which": correction.which,
    "clarify": menu.none_fits,
    "language": language.answer,
    "bind_number": account.number,
    "bind_code": account.code,
    "unbind": account.confirm_unbind,
    "rating": feedback.rating,
    "feedback_words": feedback.words,
    "privacy_delete": privacy.confirm_delete,
    "void_red": faq.confirm_void_red,
    "verify_number": verify.number,
    "lost_kind": faq.lost_kind,
}

# Messages that are no text.
BY_KIND: Mapping[str, Handler] = {
    "follow": menu.start,
    "location": menu.other_kind,
    "sticker": menu.other_kind,
    "other": menu.other_kind,
}

# A photo or a file.
DOCUMENT: Handler = intake.take

# Short sentences that go on with what was said before, tried before any intent; None: it is none.
FOLLOW_UPS: tuple[Parser, ...] = (
    filing.words,
    correction.in_words,
    remind.in_words,
    remind.put_off,
    follow.in_words,
    habits.in_words,
    export.in_words,
    faq.named,
    figures.asked,
    ellipsis.goes_on,
    status.digits,
)

# Intents that are answered in between while a question of ours stays open.
IN_BETWEEN = frozenset(
    intent
    for intent in BY_INTENT
    if intent.startswith(("faq.", "contact.", "smalltalk.", "language.")) or intent == "help.menu"
)

# Intents whose answer shows something and changes nothing.
HARMLESS = IN_BETWEEN | {
    "invoice.status",
    "invoice.search",
    "invoice.missing",
    "invoice.submit",
    "invoice.download",
    "invoice.verify",
    "invoice.lost",
    "invoice.duplicate",
}
