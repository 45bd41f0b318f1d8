"""The one way of a message: written down, understood, answered, kept; each exactly once."""

import asyncio
import hashlib
import secrets
import time
from collections import OrderedDict
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta

import structlog

from handlers import routing
from handlers.album import Albums
from handlers.core import Handler, Outcome, Reply, Services, Turn
from handlers.wording import render
from storage import messages, outbox
from storage.leaving import FAREWELL, Leave, leave
from storage.messages import Answer, Arrival, Claim, ConversationChangedError, Retry
from storage.outbox import Mark, Push
from storage.records import ChatId, Conversation, Message, OutboxItem, OutboxState, Outgoing, Owner, Viewer

_QUESTION_TIME = timedelta(minutes=10)  # a question of ours that is older is forgotten
_TRIES = 5  # at a message whose answer breaks off
_RETRY_SECONDS = 120  # how long a node has for one try before another may take the message up
_CONFLICTS = 8  # turns run again because another node was faster
_CLAIMS = 10_000

_log = structlog.get_logger()


@dataclass(slots=True)
class _Chat:
    """What this node knows of a chat while it is served."""

    lock: asyncio.Lock = field(default_factory=asyncio.Lock)
    users: int = 0


@dataclass(frozen=True, slots=True)
class _State:
    """A chat as a turn finds it."""

    conversation: Conversation
    version: int
    viewer: Viewer
    waiting: tuple[OutboxItem, ...]


class Assistant:
    """Answers messages of all channels.

    `live` names the channels whose users read the transcript itself (web, terminal): nothing is sent to them.
    `on_change` is told each chat whose transcript has grown, `on_queued` that the outbox has work, `on_turn`
    each message with the seconds it took to find the answer.
    """

    def __init__(
        self,
        services: Services,
        *,
        live: frozenset[str],
        route: Handler = routing.route,
        on_change: Callable[[ChatId], None] = lambda chat: None,
        on_queued: Callable[[], None] = lambda: None,
        on_turn: Callable[[Message, float], None] = lambda message, seconds: None,
    ) -> None:
        self.services = services
        self._store = services.store
        self._live = live
        self._route = route
        self._on_change = on_change
        self._on_queued = on_queued
        self._on_turn = on_turn
        self._chats: dict[ChatId, _Chat] = {}
        self._versions: OrderedDict[ChatId, int] = OrderedDict()
        self._claims: OrderedDict[tuple[ChatId, str], Claim] = OrderedDict()
        self._running: dict[tuple[ChatId, str], asyncio.Task[tuple[OutboxItem, ...]]] = {}
        self._albums = Albums()

    async def accept(self, message: Message) -> bool:
        """Write a message down; False if it was there already. Raises StoreUnavailableError."""
        claim = await self._store.write(messages.claim, Arrival(message, self.services.now()))
        if claim.new:
            self._claims[(message.chat, message.id)] = claim
            if len(self._claims) > _CLAIMS:
                self._claims.popitem(last=False)
            if message.chat.channel in self._live:
                self._on_change(message.chat)
        return claim.new

    async def answer(self, message: Message, *, passive: bool = False) -> tuple[OutboxItem, ...]:
        """The replies to a message, durable when this returns; a copy of it gets the same ones."""
        return await asyncio.shield(self.begin(message, passive=passive))

    def begin(self, message: Message, *, passive: bool = False) -> asyncio.Task[tuple[OutboxItem, ...]]:
        """The same as work that goes on whoever stops waiting for it.

        `passive`: the caller delivers the replies itself and reports `written`, or else calls `postpone`.
        """
        key = (message.chat, message.id)
        task = self._running.get(key)
        if task is None:
            task = self._running[key] = asyncio.create_task(self._answer(message, passive))
            task.add_done_callback(lambda _: self._running.pop(key, None))
        return task

    async def written(self, items: tuple[OutboxItem, ...]) -> None:
        """Passive replies have reached the wire."""
        await self._store.note(outbox.sent, tuple(item.id for item in items))

    async def postpone(self, message: Message) -> None:
        """The channel could not wait: the replies go out by themselves once they are there."""
        items = await self.answer(message, passive=True)
        ids = tuple(item.id for item in items)
        now = self.services.now()
        await self._store.write(outbox.mark, Mark(ids, OutboxState.QUEUED, now, only=(OutboxState.PASSIVE,)))
        self._on_queued()

    async def silence(self, chat: ChatId) -> None:
        """The user has left: what was not delivered is given up, what they follow ends; told if they come back."""
        conversation = (await self._store.read(messages.load, [chat]))[chat][0]
        now = self.services.now()
        words = render(Reply("held.left"), chat, conversation.language, self.services.catalog)
        farewell = Push(f"{FAREWELL}{chat}:{now.isoformat()}", words, OutboxState.HELD, now)
        await self._store.write(leave, Leave(chat, farewell))

    async def tell(self, chat: ChatId, reply: Reply, language: str, key: str) -> bool:
        """Say something that answers no message, once per key; False if it was said before."""
        outgoing = render(reply, chat, language, self.services.catalog)
        said = await self._store.write(outbox.push, self.pushed(key, outgoing))
        self.announce(chat)
        return said

    def pushed(self, key: str, outgoing: Outgoing) -> Push:
        """An entry for the outbox; the users of live channels have it at once."""
        live = outgoing.chat.channel in self._live
        state = OutboxState.SENT if live else OutboxState.QUEUED
        return Push(key, outgoing, state, self.services.now())

    def announce(self, chat: ChatId) -> None:
        """Something was written to a chat from outside a turn."""
        if chat.channel in self._live:
            self._on_change(chat)
        else:
            self._on_queued()

    async def recover(self, before: datetime) -> int:
        """Answer what was written down before a time but not answered; returns how many."""
        found = await self._store.read(messages.unfinished, before)
        waiting = [
            (id_, message) for id_, message in found if (message.chat, message.id) not in self._running
        ]
        await asyncio.gather(*(self._retry(id_, message) for id_, message in waiting))
        return len(waiting)

    async def finish(self, seconds: float) -> None:
        """Give the answers in work some time to end; the rest is in the inbox for the next start."""
        tasks = list(self._running.values())
        if tasks:
            await asyncio.wait(tasks, timeout=seconds)

    async def _retry(self, message_id: int, message: Message) -> None:
        until = self.services.now() + timedelta(seconds=_RETRY_SECONDS)
        tries = await self._store.write(messages.retry, Retry(message_id, until))
        if tries == 0:
            return
        if tries > _TRIES:
            await self._give_up(message)
            return
        await self.answer(message)

    async def _give_up(self, message: Message) -> None:
        reference = _reference()
        _log.error("message_given_up", channel=message.chat.channel, reference=reference)
        async with self._alone(message.chat):
            claim = await self._claim(message)
            state = await self._state(message.chat)
            outcome = Outcome(state.conversation, (Reply("error.bug", {"reference": reference}),))
            await self._keep(message, (claim,), state, outcome, passive=False)

    async def _answer(self, message: Message, passive: bool) -> tuple[OutboxItem, ...]:
        claim = await self._claim(message)
        if claim.done:
            return await self._store.read(messages.answers_to, claim.id)
        if message.album is None:
            return await self._serve(message, (claim,), passive)
        parts = await self._albums.collect(message, claim)
        if parts is None:  # answered with the first part
            return ()
        whole = replace(
            parts[0][0],
            text="\n".join(part.text for part, _ in parts if part.text),
            attachments=tuple(attachment for part, _ in parts for attachment in part.attachments),
        )
        return await self._serve(whole, tuple(claim for _, claim in parts), passive)

    async def _claim(self, message: Message) -> Claim:
        claim = self._claims.pop((message.chat, message.id), None)
        if claim is None:
            claim = await self._store.write(messages.claim, Arrival(message, self.services.now()))
            if claim.new and message.chat.channel in self._live:
                self._on_change(message.chat)
        return claim

    async def _serve(
        self, message: Message, claims: tuple[Claim, ...], passive: bool
    ) -> tuple[OutboxItem, ...]:
        first = claims[0]
        async with self._alone(message.chat):
            state = _State(first.conversation, first.version, first.viewer, first.waiting)
            if self._versions.get(message.chat, first.version) != first.version or not first.new:
                state = await self._state(message.chat)
            for _ in range(_CONFLICTS):
                outcome = await self._run(message, state)
                kept = await self._keep(message, claims, state, outcome, passive)
                if not isinstance(kept, ConversationChangedError):
                    return kept
                # Another node has spoken in this chat meanwhile, perhaps to this very message.
                if await self._store.read(messages.is_done, first.id):
                    return await self._store.read(messages.answers_to, first.id)
                state = await self._state(message.chat)
        raise ConversationChangedError

    async def _state(self, chat: ChatId) -> _State:
        loaded, waiting = await asyncio.gather(
            self._store.read(messages.load, [chat]), self._store.read(outbox.awaiting_contact, [chat])
        )
        conversation, version, viewer = loaded[chat]
        return _State(conversation, version, viewer, tuple(waiting))

    async def _run(self, message: Message, state: _State) -> Outcome:
        started = time.perf_counter()
        now = self.services.now()
        conversation = _rested(state.conversation, now)
        if conversation.updated_at is None and message.language:
            conversation = replace(conversation, language=self._known(message.language))
        if conversation.owner is not Owner.BOT:
            return Outcome(conversation)  # a person speaks here; they read it in the transcript
        turn = Turn(message, conversation, state.viewer, now)
        try:
            outcome = await self._route(turn, self.services)
        except Exception as error:
            if (known := routing.reply_to_error(error)) is None:
                reference = _reference()
                _log.exception("turn_failed", channel=message.chat.channel, reference=reference)
                known = Reply("error.bug", {"reference": reference})
            outcome = Outcome(replace(conversation, awaiting=None), (known,))
        seconds = time.perf_counter() - started
        self._on_turn(message, seconds)
        _log.info(
            "turn",
            channel=message.chat.channel,
            chat=hashlib.blake2b(str(message.chat).encode(), digest_size=4).hexdigest(),
            kind=message.kind,
            replies=[reply.key for reply in outcome.replies],
            ms=round(seconds * 1000, 1),
        )
        return outcome

    def _known(self, language: str) -> str:
        short = language.split("-")[0].split("_")[0].lower()
        return short if short in self.services.catalog.languages else "en"

    async def _keep(
        self,
        message: Message,
        claims: tuple[Claim, ...],
        state: _State,
        outcome: Outcome,
        passive: bool,
    ) -> tuple[OutboxItem, ...] | ConversationChangedError:
        chat, language = message.chat, outcome.conversation.language
        again = [self._again(item) for item in state.waiting] if outcome.replies else []
        catalog = self.services.catalog
        said = [render(reply, chat, language, catalog) for reply in outcome.replies]
        live = chat.channel in self._live
        delivery = OutboxState.SENT if live else OutboxState.PASSIVE if passive else OutboxState.QUEUED
        kept = await self._store.write(
            messages.answer,
            Answer(
                message_id=claims[0].id,
                conversation=outcome.conversation,
                version=state.version,
                outgoing=(*again, *said),
                state=delivery,
                at=self.services.now(),
                also=tuple(claim.id for claim in claims[1:]),
                settles=tuple(item.id for item in state.waiting) if again else (),
            ),
        )
        if isinstance(kept, ConversationChangedError):
            return kept
        self._versions[chat] = state.version + 1
        self._versions.move_to_end(chat)
        if len(self._versions) > _CLAIMS:
            self._versions.popitem(last=False)
        if live:
            self._on_change(chat)
        elif delivery is OutboxState.QUEUED and kept:
            self._on_queued()
        return kept

    def _again(self, item: OutboxItem) -> Outgoing:
        """What could not be delivered, or may not have been, for the user's next contact."""
        if item.state is OutboxState.HELD:
            return item.outgoing
        note = self.services.catalog.text("held.in_doubt", item.outgoing.language)
        return replace(item.outgoing, text=f"{note}\n{item.outgoing.text}")

    @asynccontextmanager
    async def _alone(self, chat: ChatId) -> AsyncIterator[None]:
        """One turn at a time in a chat; chats do not wait for each other."""
        entry = self._chats.get(chat)
        if entry is None:
            entry = self._chats[chat] = _Chat()
        entry.users += 1
        try:
            async with entry.lock:
                yield
        finally:
            entry.users -= 1
            if entry.users == 0:
                self._chats.pop(chat, None)


def _rested(conversation: Conversation, now: datetime) -> Conversation:
    """The conversation without a question that has waited too long for its answer."""
    updated = conversation.updated_at
    if updated is None or now - updated < _QUESTION_TIME:
        return conversation
    if conversation.awaiting is None and conversation.misses == 0:
        return conversation
    return replace(conversation, awaiting=None, misses=0)


def _reference() -> str:
    """A word by which a person finds the entry in the log."""
    return secrets.token_hex(3).upper()
