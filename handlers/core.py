"""The core types of the conversation: one screen that everything else follows from."""

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any, Protocol

from storage.records import Attachment, ChatId, Conversation, Message, Outgoing, Owner, Viewer

if TYPE_CHECKING:
    from locales.catalog import Catalog
    from nlu.document.reading import Reading
    from nlu.text.understanding import Understander, Understanding
    from storage.store import Store


_JUST_NOW = timedelta(minutes=10)


@dataclass(frozen=True, slots=True)
class Button:
    """A choice as a handler gives it: a locale key and the action that comes back (ASCII, ≤ 64 bytes)."""

    key: str
    action: str
    values: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Reply:
    """What to say: a locale key with values; it becomes words at the edge."""

    key: str
    values: Mapping[str, Any] = field(default_factory=dict)
    buttons: tuple[Button, ...] = ()
    file: str | None = None  # digest of a kept document to send along
    file_name: str | None = None


@dataclass(frozen=True, slots=True)
class Outcome:
    """What a turn leads to: the next conversation, and replies."""

    conversation: Conversation
    replies: tuple[Reply, ...] = ()


@dataclass(frozen=True, slots=True)
class Turn:
    """One message with its conversation, and what was understood of it."""

    message: Message
    conversation: Conversation
    viewer: Viewer
    now: datetime
    understanding: "Understanding | None" = None
    argument: str = ""  # what follows the colon of an action: `status:42` → "42"

    def say(self, key: str, *buttons: Button, **values: Any) -> Outcome:
        """Answer, with nothing awaited afterwards."""
        return Outcome(self.settled(), (Reply(key, values, buttons),))

    def ask(self, key: str, *buttons: Button, awaiting: str, **values: Any) -> Outcome:
        """Ask for one value; the next message is tried as its answer first."""
        question = None if values else key  # so that it can be asked again after another one in between
        conversation = replace(self.settled(question=question), awaiting=awaiting)
        return Outcome(conversation, (Reply(key, values, buttons),))

    def hand_off(self, key: str, *buttons: Button, **values: Any) -> Outcome:
        """Answer and leave the chat to a person."""
        return Outcome(replace(self.settled(), owner=Owner.WAITING), (Reply(key, values, buttons),))

    def settled(self, **slots: Any) -> Conversation:
        """The conversation after a message that was understood; `slots` are remembered, None forgets one."""
        kept = {**self.conversation.slots, **slots}
        return replace(
            self.conversation,
            awaiting=None,
            misses=0,
            slots={name: value for name, value in kept.items() if value is not None},
        )

    @property
    def said(self) -> str:
        """The key of what we said last; empty where that is too long ago for "stop it" to mean it."""
        updated = self.conversation.updated_at
        if updated is not None and self.now - updated > _JUST_NOW:
            return ""
        return str(self.conversation.slots.get("said") or "")

    def remember(self, **slots: Any) -> "Turn":
        """The same turn with `slots` in its conversation."""
        kept = {**self.conversation.slots, **slots}
        slots = {name: value for name, value in kept.items() if value is not None}
        return replace(self, conversation=replace(self.conversation, slots=slots))


class Channel(Protocol):
    """A way to reach users; one adapter each. Raises the errors below, nothing else."""

    name: str

    async def send(self, outgoing: Outgoing, key: str) -> None:
        """Deliver one message; `key` is the idempotency key where the channel takes one."""

    async def fetch(self, attachment: Attachment, limit: int) -> bytes:
        """The bytes of a file the user sent, at most `limit`; raises AttachmentError."""


class DeliveryError(Exception):
    """A message was not delivered; subclasses say what to do with it."""


class RetryLaterError(DeliveryError):
    """The channel is busy or down and has certainly not delivered: try again after `seconds`."""

    def __init__(self, seconds: float | None = None, reason: str = "") -> None:
        super().__init__(reason)
        self.seconds = seconds
        self.reason = reason


class NeedsContactError(DeliveryError):
    """The channel may not write first now (window, quota, right): keep it for the user's next contact."""


class InDoubtError(DeliveryError):
    """The call broke off after it may have been delivered."""


class UndeliverableError(DeliveryError):
    """It can never be delivered: the user is gone or has blocked us, or the content is refused."""


class RecipientGoneError(UndeliverableError):
    """Nothing can be delivered to this user any more: they have blocked us, or are no more."""


class AttachmentError(Exception):
    """A file could not be fetched; `reason` is a reply key suffix: too_large, gone, unavailable."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


class DocumentReader(Protocol):
    """Reads documents away from the event loop (nlu.document)."""

    async def read(
        self,
        data: bytes,
        name: str,
        *,
        person: str,
        on_place: "Callable[[int], Awaitable[None]] | None" = None,
        on_found: "Callable[[Reading], object] | None" = None,
    ) -> "Reading": ...


class Transcriber(Protocol):
    """Speech to text; raises TranscriptionUnavailableError."""

    async def transcribe(self, data: bytes, mime: str, language: str) -> str: ...


class TranscriptionUnavailableError(Exception):
    """No endpoint is set, or it does not answer."""


@dataclass(frozen=True, slots=True)
class Services:
    """All that handlers may use; built once in bot/build.py."""

    store: "Store"
    catalog: "Catalog"
    understander: "Understander"
    now: Callable[[], datetime]  # aware, UTC
    reader: DocumentReader | None = None
    transcriber: Transcriber | None = None
    fetch: "Callable[[Message, Attachment], Awaitable[bytes]] | None" = None
    tell: "Callable[[ChatId, Reply, str, str], Awaitable[bool]] | None" = None  # chat, reply, language, key
    companies: tuple[tuple[str, str], ...] = ()  # (name, tax id) of our own companies
    contact: Mapping[str, str] = field(default_factory=dict)  # the company's own contact ways
    demo: bool = False


Handler = Callable[[Turn, Services], Awaitable[Outcome]]
