"""Filing (归档): a draft becomes an invoice of the person who sent it; by buttons and by words."""

import asyncio
import unicodedata
from collections.abc import Sequence
from dataclasses import replace
from datetime import timedelta
from decimal import Decimal

from fapiao.checks import CheckState
from handlers import drafts, menu, verdict
from handlers.core import Button, Outcome, Services, Turn
from handlers.drafts import Draft
from handlers.verdict import Known, Verdict
from locales.catalog import Phrase
from locales.talk import talk
from storage import documents
from storage.documents import FiledAs, FilingChange, ToFile
from storage.invoices import InvoiceDraft

_PUNCTUATION = ".。,!?~…、"
_OF_NOW = timedelta(hours=1)  # a draft that is older is not meant any more
MOST_AT_ONCE = 16  # filings under way together; they share transactions


async def file(turn: Turn, services: Services) -> Outcome:
    """File one draft (`file:<id>`), or say what is in the way."""
    draft = await drafts.load(turn, services, turn.argument or turn.conversation.slots.get("filing", ""))
    if draft is None:
        return turn.say("filing.gone", Button("button.menu", "help"))
    if draft.state == "filed":
        return _again(turn, draft)
    if turn.viewer.employee_id is None:
        return _bind_first(turn, f"file:{draft.id}")
    judged = await verdict.judge(turn, services, draft)
    if judged.known is Known.TAKEN:
        return _taken(turn)
    if judged.question is not None or drafts.identity(judged.invoice) is None:
        return verdict.show(turn, services, judged, Phrase("filing.answer_first"))
    if "date" in judged.failed:
        return verdict.show(turn, services, judged, Phrase("filing.date_first"))
    outcome, invoice_id = await _file(turn, services, judged)
    if outcome is FiledAs.TAKEN:
        return _taken(turn)
    if outcome is FiledAs.AGAIN:
        return turn.say("filing.again", Button("choice.invoice.status", f"status:{invoice_id}"))
    return _done(turn, judged, invoice_id, outcome, await _left(turn, services, judged))


async def file_all(turn: Turn, services: Services) -> Outcome:
    """File all drafts of one message that nothing speaks against (`file_all:<id>`)."""
    several = await drafts.together(turn, services, turn.argument)
    if not several:
        return turn.say("filing.gone", Button("button.menu", "help"))
    if turn.viewer.employee_id is None:
        return _bind_first(turn, f"file_all:{turn.argument}")
    verdicts = await verdict.judge_all(turn, services, several)
    ready = [one for one in verdicts if one.ready]
    filed: list[Verdict] = []
    for start in range(0, len(ready), MOST_AT_ONCE):
        some = ready[start : start + MOST_AT_ONCE]
        results = await asyncio.gather(*(_file(turn, services, one) for one in some))
        pairs = zip(some, results, strict=True)
        filed += [one for one, (result, _) in pairs if result in (FiledAs.NEW, FiledAs.KNOWN)]
    done = {one.draft.id for one in filed}
    left = [one for one in verdicts if one.draft.is_open and one.draft.id not in done]
    total = sum((one.invoice.total or Decimal(0) for one in filed), Decimal(0))
    buttons = [
        Button("intake.button.one", f"verdict:{one.draft.id}", {"place": str(place)})
        for place, one in enumerate(verdicts, start=1)
        if one in left[:6]
    ]
    turn = turn.remember(filing=None, filings=None)
    key = "filing.all_done" if not left else "filing.some_done" if filed else "filing.none_done"
    values = {"count": len(filed), "sum": total, "left": str(len(left))}
    return turn.say(key, *buttons, Button("export.button", "export"), **values)


async def drop(turn: Turn, services: Services) -> Outcome:
    """Give a draft up (`drop:<id>`); the file stays kept, and nothing filed is touched."""
    draft = await drafts.load(turn, services, turn.argument)
    if draft is None:
        return turn.say("filing.gone", Button("button.menu", "help"))
    if draft.state == "filed":
        return turn.say("filing.drop_filed", Button("choice.invoice.status", f"status:{draft.invoice_id}"))
    await services.store.write(documents.change_filing, FilingChange(draft.id, state="dropped"))
    latest = turn.conversation.slots.get("filing") == draft.id
    turn = turn.remember(filing=None, correcting=None, correct_text=None) if latest else turn
    return turn.say("filing.dropped", Button("button.menu", "help"))


async def dropped(turn: Turn, services: Services) -> Outcome | None:
    """A cancel (算了) with nothing else under way: the open draft is given up; None where there is none."""
    remembered = turn.conversation.slots.get("filing")
    if remembered is None or turn.conversation.awaiting is not None:
        return None
    draft = await drafts.load(turn, services, remembered)
    if draft is None or not draft.is_open:
        return None
    return await drop(replace(turn, argument=str(draft.id)), services)


async def words(turn: Turn, services: Services) -> Outcome | None:
    """A yes, or "file it" in words, while a draft is open; None for anything else, and for asking how."""
    remembered, several = turn.conversation.slots.get("filing"), turn.conversation.slots.get("filings")
    if isinstance(several, list) and several and _says_so(turn.message.text, "filing.all"):
        return await file_all(replace(turn, argument=str(several[0])), services)
    yes = menu.agreed(turn) is True
    if remembered is None or not (yes or _says_so(turn.message.text, "filing.one")):
        return None
    draft = await drafts.load(turn, services, remembered)
    return await file(turn, services) if draft is not None and draft.is_open else None


def _says_so(text: str, place: str) -> bool:
    """Whether a message is one of the short phrases of a list (归档吧), in any language."""
    said = "".join(unicodedata.normalize("NFKC", text).casefold().split()).strip(_PUNCTUATION)
    return any(said == "".join(phrase.split()) for phrase in talk().items(place))


async def _file(turn: Turn, services: Services, judged: Verdict) -> tuple[FiledAs, int]:
    invoice, draft = judged.invoice, judged.draft
    identity = drafts.identity(invoice)
    if identity is None:
        raise ValueError("an invoice without its number is not filed")
    number, code = identity
    entry = InvoiceDraft(
        number=number,
        code=code,
        kind=None if invoice.kind is None else invoice.kind.value,
        issue_date=invoice.issue_date,
        check_code=invoice.check_code,
        seller_name=invoice.seller_name,
        seller_tax_id=invoice.seller_tax_id,
        buyer_name=invoice.buyer_name,
        buyer_tax_id=invoice.buyer_tax_id,
        amount=invoice.amount,
        tax=invoice.tax,
        total=invoice.total,
        owner_id=turn.viewer.employee_id,
        document=draft.document,
        source="chat",
        at=turn.now,
    )
    filed = await services.store.write(documents.file, ToFile(draft.id, entry))
    return filed.outcome, filed.invoice_id


async def _left(turn: Turn, services: Services, filed: Verdict) -> list[Draft]:
    """What else was sent a moment ago and waits to be filed; not the same invoice once more."""
    waiting = await services.store.read(documents.waiting, turn.message.chat, turn.now - _OF_NOW)
    others = (drafts.of_filing(each) for each in waiting)
    return [each for each in others if drafts.identity(each.invoice) != drafts.identity(filed.invoice)]


def _done(turn: Turn, judged: Verdict, invoice_id: int, outcome: FiledAs, left: Sequence[Draft]) -> Outcome:
    number = judged.invoice.digital_number or judged.invoice.number or ""
    turn = turn.remember(invoice=invoice_id, filing=None, correcting=None, correct_text=None)
    warned = any(check.state is CheckState.FAILED and not check.note for check in judged.checks.values())
    lines = [Phrase(f"filing.done.{outcome}"), Phrase("filing.draft_state")]
    lines += [Phrase("filing.with_warnings")] if warned else []
    others = [Button("filing.button.next", f"verdict:{left[0].id}")] if left else []
    lines += [Phrase("filing.left", {"count": len(left)})] if left else []
    return turn.say(
        "filing.done",
        *others,
        Button("choice.invoice.status", f"status:{invoice_id}"),
        Button("filing.button.correct", f"correct:{judged.draft.id}"),
        Button("export.button", "export"),
        tail=number[-4:],
        total=judged.invoice.total or Phrase("verdict.unread"),
        lines=tuple(lines),
    )


def _again(turn: Turn, draft: Draft) -> Outcome:
    status = Button("choice.invoice.status", f"status:{draft.invoice_id}")
    return turn.say("filing.again", status, Button("export.button", "export"))


def _taken(turn: Turn) -> Outcome:
    return turn.say("filing.taken", Button("button.human", "human"))


def _bind_first(turn: Turn, action: str) -> Outcome:
    """Ask who it is; the draft stays, and the same button works afterwards."""
    bind, retry = Button("account.bind_button", "account"), Button("filing.button.file", action)
    return turn.say("filing.bind_first", bind, retry)
