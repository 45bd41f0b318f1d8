"""Requests of users about their own data (个人信息): listed, copied, erased, settled."""

import base64
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from storage import documents, notices, pages, people, privacy
from storage.documents import Filing
from storage.notices import Fact
from storage.privacy import Erasure, Person
from storage.records import ChatId, Criteria, InvoiceRecord, Role, Viewer
from storage.store import Store

_REQUESTS = "privacy:"
_MOST = 1_000_000  # invoices of one person


class RequestError(Exception):
    """A request cannot be carried out; the message is one clear line."""


async def list_requests(store: Store, wish: Mapping[str, Any]) -> list[dict[str, Any]]:
    """Requests for a copy or erasure of personal data (查阅、复制、删除), oldest first; the open ones unless `all`."""
    staff = {each.id: each for each in await store.read(people.everyone)}
    found = []
    for kept in await store.read(notices.facts_under, _REQUESTS):
        if wish["all"] or "settled_at" not in kept.value:
            who = staff.get(kept.value["employee"])
            person = {"number": who.number, "name": who.name} if who is not None else {}
            found.append({"at": minute(kept.at), **kept.value, **person})
    return found


async def settle_request(store: Store, wish: Mapping[str, Any]) -> None:
    """Note that a request has been carried out."""
    kept = await _request(store, wish)
    value = {**kept.value, "settled_at": minute(datetime.now(UTC))}
    await store.write(notices.keep_fact, Fact(kept.key, value, kept.at))


async def copy_request(store: Store, wish: Mapping[str, Any]) -> dict[str, Any]:
    """All that is kept of who made the request: for a copy, and to be looked at before an erasure."""
    person = _person(await _request(store, wish))
    found = await store.read(privacy.copy, person)
    for filing in await _filed(store, person):
        found["documents"].setdefault(filing.document, "")
    owned: tuple[InvoiceRecord, ...] = ()
    if person.employee_id is not None:
        owned = (await store.read(pages.page, _own(person.employee_id), Criteria(), limit=_MOST)).invoices
    found["invoices"] = [_invoice(record) for record in owned]
    return found


async def file_of_request(store: Store, wish: Mapping[str, Any]) -> str | None:
    """One file of the copy, in base64; None for one that is not kept any more, or was never theirs."""
    person, digest = _person(await _request(store, wish)), wish["digest"]
    chats = await store.read(privacy.chats_of, person)
    theirs = [await store.read(documents.is_in_chat, ChatId.parse(chat), digest) for chat in chats]
    filed = [] if any(theirs) else await _filed(store, person)
    if not any(theirs) and all(filing.document != digest for filing in filed):
        return None
    kept = await store.read(documents.document, digest)
    return None if kept is None else base64.b64encode(kept.content).decode()


async def erase_request(store: Store, wish: Mapping[str, Any]) -> dict[str, int]:
    """Carry an erasure out and settle it; the note that it was done names no chat any more."""
    kept = await _request(store, wish)
    if kept.value["kind"] != "delete":
        raise RequestError(f"{kept.value['reference']} asks for a copy, not for erasure")
    if "settled_at" in kept.value:
        raise RequestError(f"{kept.value['reference']} was settled at {kept.value['settled_at']}")
    now = datetime.now(UTC)
    value = {**kept.value, "chat": "", "settled_at": minute(now)}
    note = Fact(f"{_REQUESTS}erased:{kept.value['reference']}", value, kept.at)
    return await store.write(privacy.erase, Erasure(_person(kept), note))


async def _filed(store: Store, person: Person) -> list[Filing]:
    if person.employee_id is None:
        return []
    return [filing for filing, _ in await store.read(documents.filed_by, _own(person.employee_id))]


def _own(employee_id: int) -> Viewer:
    """Who sees what is their own, whatever they may see besides."""
    return Viewer(employee_id, Role.EMPLOYEE)


async def _request(store: Store, wish: Mapping[str, Any]) -> Fact:
    for kept in await store.read(notices.facts_under, _REQUESTS):
        if kept.value["reference"] == wish["reference"].upper():
            return kept
    raise RequestError(f"no request has the reference {wish['reference']}")


def _person(kept: Fact) -> Person:
    if not kept.value["chat"]:
        raise RequestError(f"{kept.value['reference']} has been carried out: nothing is left")
    return Person(ChatId.parse(kept.value["chat"]), kept.value["employee"])


def _invoice(record: InvoiceRecord) -> dict[str, Any]:
    names = ("kind", "code", "number", "issue_date", "seller_name", "buyer_name", "amount", "tax", "total")
    values = {name: getattr(record, name) for name in names}
    values["reimbursement"] = record.reimbursement_state.value
    return {name: None if value is None else str(value) for name, value in values.items()}


def minute(at: datetime) -> str:
    """A time in a line of the command line."""
    return at.isoformat(timespec="minutes")
