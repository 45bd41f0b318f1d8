"""Correcting what is filed already (归档后更正): the owner may, until the company has booked it."""

from collections.abc import Mapping
from typing import Any

from handlers import drafts
from handlers.core import Button, Outcome, Services, Turn
from handlers.drafts import Draft
from locales.catalog import Phrase
from storage import amendments
from storage.amendments import Amended, Amendment


async def of_invoice(turn: Turn, services: Services, invoice_id: object) -> Draft | None:
    """The person's own filing of an invoice, as a draft to correct; None if they did not file it."""
    owner = turn.viewer.employee_id
    if owner is None or not isinstance(invoice_id, int):
        return None
    filing = await services.store.read(amendments.filed_as, owner, invoice_id)
    return None if filing is None else drafts.of_filing(filing)


async def load(turn: Turn, services: Services, id_: object) -> Draft | None:
    """A draft of this chat, or what the person has filed in any chat; None for what cannot be corrected."""
    draft = await drafts.load(turn, services, id_)
    if draft is not None and draft.is_open:
        return draft
    owner, text = turn.viewer.employee_id, str(id_)
    if owner is None or not (text.isascii() and text.isdigit() and len(text) < 19):
        return None
    filing = await services.store.read(amendments.own, owner, int(text))
    return None if filing is None else drafts.of_filing(filing)


async def keep(
    turn: Turn, services: Services, draft: Draft, values: Mapping[str, Any]
) -> tuple[Draft, Phrase | None]:
    """The draft with what was corrected, and why nothing was if it was refused."""
    if draft.is_open:
        for name, value in values.items():
            draft = await drafts.correct(services, draft, name, value)
        return draft, None
    owner = turn.viewer.employee_id
    number, code = drafts.identity(draft.invoice) or (None, None)
    held = {name: getattr(draft.invoice, name) for name in values} | {"number": number, "code": code}
    texts = {
        name: (drafts.text_of(getattr(draft.read.invoice, name)), drafts.text_of(value) or "")
        for name, value in values.items()
    }
    done = Amended.GONE
    if owner is not None:
        amendment = Amendment(draft.id, owner, values, texts, held, turn.now)
        done = await services.store.write(amendments.amend, amendment)
    if done is not Amended.DONE:
        return draft, Phrase(f"amend.{done.value}")
    return await load(turn, services, draft.id) or draft, None


def refused(turn: Turn, draft: Draft, why: Phrase) -> Outcome:
    """Why a filed invoice was not changed, and where it stands."""
    status = (
        () if draft.invoice_id is None else (Button("choice.invoice.status", f"status:{draft.invoice_id}"),)
    )
    return turn.remember(correcting=None, correct_text=None).say(
        why.key, *status, Button("button.human", "human"), **why.values
    )
