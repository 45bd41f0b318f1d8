"""Following invoices (关注): a chat is told when one changes, until it does not want to any more."""

from handlers import cards, habits, search, status
from handlers.core import Button, Outcome, Reply, Services, Turn
from handlers.numbers import numbers_in
from locales.catalog import Phrase
from locales.talk import says
from storage import invoices, notices
from storage.invoices import Change
from storage.notices import Unfollow, Watch
from storage.records import InvoiceRecord

_LISTED = 8
_LONGEST = 60


async def follow(turn: Turn, services: Services) -> Outcome:
    """Follow an invoice: by button, by number, or the last one shown; without any, list what is followed."""
    if turn.viewer.employee_id is None:
        return cards.unbound(turn)
    if turn.argument.isdigit():
        return await _follow(turn, services, int(turn.argument))
    if turn.message.action is not None:
        return await listed(turn, services)
    for named in numbers_in(turn)[:1]:
        found = await services.store.ask(
            invoices.by_number, invoices.Named(turn.viewer, named.number, named.code)
        )
        if len(found) != 1:
            return await status.status(turn, services)  # says why there is none, or asks which it is
        return await _follow(turn, services, found[0].id)
    last = turn.conversation.slots.get("invoice")
    if isinstance(last, int):
        return await _follow(turn, services, last)
    return turn.ask(
        "follow.ask_number",
        Button("button.search", "search"),
        Button("button.cancel", "cancel"),
        awaiting="follow_number",
    )


async def in_words(turn: Turn, services: Services) -> Outcome | None:
    """A sentence that plainly asks what is followed, or to follow a number; None for any other."""
    understanding, text = turn.understanding, turn.message.text
    if (
        understanding is None
        or understanding.intent in ("notify.unsubscribe", "cancel")
        or len(text) > _LONGEST
    ):
        return None
    if "invoice_number" in understanding.slots:
        return await follow(turn, services) if says("follow.wish", text) else None
    if not says("follow.list", text):
        return None
    return cards.unbound(turn) if turn.viewer.employee_id is None else await listed(turn, services)


async def number_given(turn: Turn, services: Services) -> Outcome | None:
    """Awaited `follow_number`: a number answers."""
    return await follow(turn, services) if numbers_in(turn) else None


async def unfollow(turn: Turn, services: Services) -> Outcome:
    """Stop: one by button, the one or all of a sentence."""
    if turn.message.action is None and habits.is_off_wish(turn.message.text):
        return await habits.switch(turn, services)
    if turn.argument == "all":
        count = await services.store.write(notices.unfollow, Unfollow(turn.message.chat))
        return turn.say("follow.stopped_all" if count else "follow.none", Button("button.menu", "help"))
    if turn.argument.isdigit():
        return await _unfollow(turn, services, int(turn.argument))
    followed = await services.store.ask(notices.followed, turn.message.chat)
    for named in numbers_in(turn):
        found = await services.store.ask(
            invoices.by_number, invoices.Named(turn.viewer, named.number, named.code)
        )
        if found:
            return await _unfollow(turn, services, found[0].id)
    if not followed:
        return turn.say("follow.none", Button("remind.list_button", "remind"))
    if len(followed) == 1:
        return await _unfollow(turn, services, followed[0])
    return turn.say(
        "follow.which_stop",
        Button("follow.stop_all", "unfollow:all"),
        Button("follow.list_button", "follow"),
        Button("button.cancel", "cancel"),
        count=len(followed),
    )


async def stopped(turn: Turn, services: Services) -> Outcome | None:
    """A cancel (取消) right after an invoice was followed or the list was shown; None after anything else."""
    if turn.message.action is not None or turn.said not in ("follow.done", "follow.already", "follow.list"):
        return None
    last = turn.conversation.slots.get("invoice")
    if turn.said != "follow.list" and isinstance(last, int):
        return await _unfollow(turn, services, last)
    return await unfollow(turn, services)


async def listed(turn: Turn, services: Services) -> Outcome:
    """What this chat follows."""
    followed = await services.store.ask(notices.followed, turn.message.chat)
    records = [await services.store.read(invoices.by_id, turn.viewer, id_) for id_ in followed[-_LISTED:]]
    seen = [record for record in records if record is not None]
    if not seen:
        return turn.say(
            "follow.none", Button("button.search", "search"), Button("remind.list_button", "remind")
        )
    rows = tuple(cards.row(record, place) for place, record in enumerate(seen, start=1))
    buttons = [search.button(record, place) for place, record in enumerate(seen, start=1)]
    turn = turn.remember(shown=[record.id for record in seen])
    return turn.say(
        "follow.list", *buttons, Button("follow.stop_all", "unfollow:all"), rows=rows, count=len(followed)
    )


def notice_reply(record: InvoiceRecord, changes: list[Change]) -> Reply:
    """The notice (通知) of what has changed."""
    lines: list[object] = [Phrase("card.demo")] if record.demo else []
    lines.append(
        Phrase(
            "notice.head",
            {
                "number": record.number,
                "seller": record.seller_name or Phrase("card.no_seller"),
                "total": record.total,
            },
        )
    )
    lines += cards.change_lines(changes)
    lines.append(Phrase("card.next", {"step": cards.next_step(record)}))
    return Reply(
        "notice.changed",
        {"lines": tuple(lines)},
        (Button("button.open", f"open:{record.id}"), Button("button.unfollow", f"unfollow:{record.id}")),
    )


async def _follow(turn: Turn, services: Services, invoice_id: int) -> Outcome:
    record = await services.store.read(invoices.by_id, turn.viewer, invoice_id)
    if record is None:
        return turn.say("status.gone", Button("button.search", "search"))
    new = await services.store.write(notices.follow, Watch(turn.message.chat, record.id, turn.now))
    return turn.remember(invoice=record.id).say(
        "follow.done" if new else "follow.already",
        Button("button.unfollow", f"unfollow:{record.id}"),
        Button("follow.list_button", "follow"),
        number=record.number,
        state=cards.state_of("reimbursement", record.reimbursement_state.value),
    )


async def _unfollow(turn: Turn, services: Services, invoice_id: int) -> Outcome:
    count = await services.store.write(notices.unfollow, Unfollow(turn.message.chat, invoice_id))
    record = await services.store.read(invoices.by_id, turn.viewer, invoice_id)
    buttons = (Button("follow.list_button", "follow"), Button("button.menu", "help"))
    if not count:
        return turn.say("follow.none", *buttons)
    if record is None:  # followed by somebody whose chat this is no more
        return turn.say("follow.stopped_all", *buttons)
    seller = record.seller_name or Phrase("card.no_seller")
    return turn.say("follow.stopped", *buttons, tail=record.number[-4:], seller=seller, total=record.total)
