"""What is kept, as values: frozen records that cross the border of the store."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from decimal import Decimal
from enum import StrEnum
from typing import Any


@dataclass(frozen=True, slots=True)
class ChatId:
    """One chat (会话) in one channel: the key of lock, row and log line."""

    channel: str
    user: str  # the channel's own name for the chat: an openid, a Telegram chat with topic, a web session

    def __str__(self) -> str:
        return f"{self.channel}:{self.user}"

    @classmethod
    def parse(cls, text: str) -> "ChatId":
        """The inverse of str()."""
        channel, _, user = text.partition(":")
        return cls(channel, user)


class Role(StrEnum):
    """What an employee may see."""

    EMPLOYEE = "employee"  # 员工: the invoices they own
    FINANCE = "finance"  # 财务: every invoice of the company
    ADMIN = "admin"  # 管理员: the same, and the operation of Piaoda


@dataclass(frozen=True, slots=True)
class Employee:
    """A person of the company (员工)."""

    id: int
    number: str  # 工号, as the company writes it
    name: str
    role: Role = Role.EMPLOYEE
    demo: bool = False


class Owner(StrEnum):
    """Who speaks in a chat: BOT → WAITING → AGENT → BOT."""

    BOT = "bot"
    WAITING = "waiting"  # a ticket (工单) is open; nobody has taken it yet
    AGENT = "agent"  # 人工客服 is on


@dataclass(frozen=True, slots=True)
class Conversation:
    """What we remember of a chat; saved whole at the end of every turn."""

    chat: ChatId
    language: str = "zh"
    language_fixed: bool = False  # the user chose the language; do not follow single messages any more
    owner: Owner = Owner.BOT
    awaiting: str | None = None  # the value we asked for: the key of an answer parser
    slots: Mapping[str, Any] = field(default_factory=dict)  # JSON: last search, last invoice, offered choices
    misses: int = 0  # messages in a row that we did not understand
    updated_at: datetime | None = None
    employee_id: int | None = None  # set by the store from the channel identity; never saved from here


@dataclass(frozen=True, slots=True)
class Choice:
    """A button (选项): what it says and the action that comes back; the action is ASCII and fits 64 bytes."""

    label: str
    action: str


@dataclass(frozen=True, slots=True)
class Outgoing:
    """One message to a user, in words; the channel splits and escapes it."""

    chat: ChatId
    text: str
    choices: tuple[Choice, ...] = ()
    key: str = ""  # the reply keys it was rendered from: the stable label for logs and tests
    language: str = "zh"
    file: str | None = None  # a reference for Store.documents: a file to send with it
    file_name: str | None = None


class OutboxState(StrEnum):
    """Where an outgoing message stands."""

    PASSIVE = "passive"  # goes out as the answer to the request that caused it
    QUEUED = "queued"
    SENDING = "sending"  # the intent mark: written before the call that may deliver it
    SENT = "sent"
    HELD = "held"  # the channel has no right to push now: given at the user's next contact
    IN_DOUBT = "in_doubt"  # a crash or time-out hides whether it arrived: shown at the next contact
    DEAD = "dead"  # given up; a person can see it


@dataclass(frozen=True, slots=True)
class OutboxItem:
    """An outgoing message with its delivery state."""

    id: int
    key: str  # unique: the idempotency key towards the channel
    outgoing: Outgoing
    state: OutboxState
    attempts: int
    fence: int
    created_at: datetime


@dataclass(frozen=True, slots=True)
class Attachment:
    """A file the user sent: by reference, read later through the channel and capped in size."""

    ref: str  # the channel's own handle: media id, file id, or a document's digest
    name: str = ""
    mime: str = ""
    kind: str = "file"  # photo | file | voice | video
    size: int | None = None  # bytes, where the channel tells


@dataclass(frozen=True, slots=True)
class Message:
    """One message from a user, any channel."""

    id: str  # unique within the chat; redelivery brings the same
    chat: ChatId
    text: str = ""
    action: str | None = None  # a button or menu entry of ours was used
    attachments: tuple[Attachment, ...] = ()
    kind: str = "text"  # text | photo | file | voice | follow | location | sticker | other
    language: str | None = None  # the client's language, where the channel tells
    spoken: bool = False  # text comes from speech recognition
    album: str | None = None  # parts of one album share it; the assistant collects them into one turn


@dataclass(frozen=True, slots=True)
class StatusLine:
    """One of the three states of an invoice: its value with time and source."""

    value: str  # value of TaxState, UseState, BookingState or ReimbursementState
    at: datetime | None = None
    source: str | None = None  # import, api, demo, chat, tax …


@dataclass(frozen=True, slots=True)
class InvoiceRecord:
    """An invoice (发票) that the company knows."""

    id: int
    owner_id: int | None
    kind: str
    code: str | None
    number: str
    issue_date: date | None
    seller_name: str | None
    seller_tax_id: str | None
    buyer_name: str | None
    buyer_tax_id: str | None
    amount: Decimal | None
    tax: Decimal | None
    total: Decimal | None
    check_code: str | None
    tax_state: StatusLine
    use_state: StatusLine
    reimbursement_state: StatusLine
    change: int = 0  # number of the last status change; grows by one with each
    demo: bool = False
    document: str | None = None  # digest of the kept file
    created_at: datetime | None = None
    followed: bool | None = None  # by the chat that asks, where it was asked with the invoice


@dataclass(frozen=True, slots=True)
class Criteria:
    """What a search asks for; every part is optional and all must hold."""

    numbers: tuple[str, ...] = ()
    code: str | None = None
    date_from: date | None = None
    date_to: date | None = None
    kinds: tuple[str, ...] = ()
    amount_min: Decimal | None = None  # yuan, on the total
    amount_max: Decimal | None = None
    seller: str | None = None
    owner_id: int | None = None  # narrows what may be seen, never widens it
    # A trade (行业): any of these kinds, or any of these words in the seller's name.
    trade_kinds: tuple[str, ...] = ()
    trade_names: tuple[str, ...] = ()
    tax_states: tuple[str, ...] = ()
    use_states: tuple[str, ...] = ()
    reimbursement_states: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Page:
    """One page of a search, with what all its pages come to."""

    invoices: tuple[InvoiceRecord, ...]
    tally: "Tally"
    offset: int

    @property
    def count(self) -> int:
        """How many invoices all pages hold."""
        return self.tally.count

    @property
    def sum(self) -> Decimal:
        """What they come to."""
        return self.tally.sum


@dataclass(frozen=True, slots=True)
class Tally:
    """What some invoices come to (合计): voided ones do not count, red-letter ones are negative and subtract."""

    count: int = 0  # of all, also of those that do not count
    sum: Decimal = Decimal(0)  # of the totals
    voided: int = 0
    red: int = 0
    red_sum: Decimal = Decimal(0)
    reversed: int = 0  # 全额红冲: its red-letter invoice may not be among them
    reversed_sum: Decimal = Decimal(0)
    unread: int = 0  # without a total


@dataclass(frozen=True, slots=True)
class Group:
    """What the invoices of one seller, or of one month, come to; None for those that name none."""

    name: str | None
    count: int
    sum: Decimal


@dataclass(frozen=True, slots=True)
class Viewer:
    """Who asks: the argument of the one access check that every read of an invoice goes through."""

    employee_id: int | None
    role: Role = Role.EMPLOYEE

    @property
    def sees_all(self) -> bool:
        """Whether the invoices of the whole company are open to them."""
        return self.role in (Role.FINANCE, Role.ADMIN)
