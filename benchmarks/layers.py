"""CPU time of one WeChat text message, layer by layer: each by itself, 50 messages at once."""

import asyncio
import time
from collections.abc import Awaitable, Callable, Iterator, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime
from typing import Any

from bot.channels.wechat.codec import Cryptor, text_reply
from bot.channels.wechat.gate import Gate, read_query
from bot.channels.wechat.incoming import Push, read_push
from handlers import cards
from handlers.core import Reply
from handlers.wording import render
from locales.catalog import BEIJING, Catalog
from nlu.text.understanding import Understander
from storage import invoices, messages, outbox
from storage.invoices import Beside, Named
from storage.messages import Answer, Arrival, Claim
from storage.records import InvoiceRecord, OutboxItem, OutboxState, Outgoing
from storage.store import Store

AT_ONCE = 50


class _Stopwatch:
    """CPU seconds of this process, by layer."""

    def __init__(self) -> None:
        self.spent: dict[str, float] = {}

    @contextmanager
    def __call__(self, layer: str) -> Iterator[None]:
        began = time.process_time()
        yield
        self.spent[layer] = self.spent.get(layer, 0.0) + time.process_time() - began


async def measure(
    url: str, understander: Understander, cryptor: Cryptor, token: str, pushes: Sequence[tuple[bytes, bytes]]
) -> dict[str, float]:
    """Microseconds of CPU a message for each layer; `pushes` are (query, body) of new messages by number."""
    store, catalog, watch = await Store.open(url), Catalog.load(), _Stopwatch()
    gate = Gate(token, "safe", cryptor, lambda: datetime.now(UTC))
    now = datetime.now(UTC)
    for start in range(0, len(pushes), AT_ONCE):
        batch = pushes[start : start + AT_ONCE]
        with watch("signature, decrypt, parse"):
            arrivals = [Arrival(_message(_opened(gate, *each)), now) for each in batch]
        with watch("write down"):
            claims: list[Claim] = await _all(lambda each: store.write(messages.claim, each), arrivals)
        with watch("understand"):
            today = now.astimezone(BEIJING).date()
            numbers = [
                str(understander.understand(each.message.text, today=today).slots["invoice_number"])
                for each in arrivals
            ]
        with watch("look up"):
            records: list[InvoiceRecord] = await _all(
                lambda each: _look_up(store, *each), list(zip(claims, numbers, strict=True))
            )
        with watch("words"):
            words = [_words(claim, record, catalog) for claim, record in zip(claims, records, strict=True)]
        with watch("keep the answer"):
            items: list[tuple[OutboxItem, ...]] = await _all(
                lambda each: store.write(messages.answer, _answer(each[0], each[1], now)),
                list(zip(claims, words, strict=True)),
            )
        with watch("envelope, encrypt"):
            for each in words:
                cryptor.seal(text_reply(each.chat.user, "gh_bench", 1, each.text), 1, "nonce")
        with watch("mark as written"):
            await _all(lambda each: store.note(outbox.sent, tuple(item.id for item in each)), items)
    await store.close()
    return {layer: 1e6 * seconds / len(pushes) for layer, seconds in watch.spent.items()}


async def _all(work: Callable[[Any], Awaitable[Any]], items: Sequence[Any]) -> list[Any]:
    return await asyncio.gather(*(work(item) for item in items))


def _opened(gate: Gate, query: bytes, body: bytes) -> Push:
    fields = read_query(query)
    gate.check_before_body(fields)
    return read_push(gate.open(fields, body).fields)


def _message(push: Push) -> Any:
    return push.message


async def _look_up(store: Store, claim: Claim, number: str) -> InvoiceRecord:
    (record,) = await store.ask(
        invoices.by_number, Named(claim.viewer, number, None, claim.conversation.chat)
    )
    await store.ask(invoices.beside, Beside(claim.viewer.employee_id or 0, record.id))
    return record


def _words(claim: Claim, record: InvoiceRecord, catalog: Catalog) -> Outgoing:
    reply = Reply(
        "status.card", {"lines": cards.card(record)}, cards.buttons(record, claim.viewer, is_followed=False)
    )
    return render(reply, claim.conversation.chat, "zh", catalog)


def _answer(claim: Claim, words: Outgoing, at: datetime) -> Answer:
    return Answer(claim.id, claim.conversation, claim.version, (words,), OutboxState.PASSIVE, at)
