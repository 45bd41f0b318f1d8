"""The tables. Identifiers are text, money is whole fen, times are UTC."""

from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

import sqlalchemy as sa
from sqlalchemy.engine import Dialect
from sqlalchemy.types import TypeDecorator

metadata = sa.MetaData(
    naming_convention={
        "ix": "ix_%(table_name)s_%(column_0_N_name)s",
        "uq": "uq_%(table_name)s_%(column_0_N_name)s",
        "fk": "fk_%(table_name)s_%(column_0_N_name)s",
        "pk": "pk_%(table_name)s",
    }
)


class Utc(TypeDecorator[datetime]):
    """An aware UTC datetime, kept as whole microseconds: sorts and compares the same on both databases."""

    impl = sa.BigInteger
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> int | None:
        return None if value is None else micros(value)

    def process_result_value(self, value: Any, dialect: Dialect) -> datetime | None:
        return None if value is None else datetime.fromtimestamp(value / 1_000_000, UTC)


def micros(at: datetime) -> int:
    """An aware time as it is kept."""
    delta = at - _EPOCH  # raises TypeError for a naive time: a bug, not a guess
    return (delta.days * 86_400 + delta.seconds) * 1_000_000 + delta.microseconds


_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


class Money(TypeDecorator[Decimal]):
    """Yuan as Decimal, kept as whole fen (分), so that sums are exact on SQLite too."""

    impl = sa.BigInteger
    cache_ok = True

    def process_bind_param(self, value: Decimal | None, dialect: Dialect) -> int | None:
        return None if value is None else int(value.scaleb(2).to_integral_value())

    def process_result_value(self, value: Any, dialect: Dialect) -> Decimal | None:
        return None if value is None else Decimal(int(value)).scaleb(-2)


# SQLite gives row ids only to INTEGER PRIMARY KEY.
_Id = sa.BigInteger().with_variant(sa.Integer, "sqlite")

employees = sa.Table(
    "employees",
    metadata,
    sa.Column("id", _Id, primary_key=True, autoincrement=True),
    sa.Column("number", sa.Text, nullable=False, unique=True),
    sa.Column("name", sa.Text, nullable=False),
    sa.Column("role", sa.Text, nullable=False),
    sa.Column("demo", sa.Boolean, nullable=False, default=False),
    sa.Column("created_at", Utc, nullable=False),
    comment="员工",
)

identities = sa.Table(
    "identities",
    metadata,
    sa.Column("chat", sa.Text, primary_key=True),
    sa.Column("employee_id", sa.ForeignKey("employees.id"), nullable=False, index=True),
    sa.Column("bound_at", Utc, nullable=False),
    comment="渠道身份: which chat belongs to which employee",
)

bind_codes = sa.Table(
    "bind_codes",
    metadata,
    sa.Column("digest", sa.Text, primary_key=True),
    sa.Column("employee_id", sa.ForeignKey("employees.id"), nullable=False),
    sa.Column("expires_at", Utc, nullable=False),
    sa.Column("used_at", Utc),
    comment="绑定码: one-time codes, only their digests",
)

bind_failures = sa.Table(
    "bind_failures",
    metadata,
    sa.Column("chat", sa.Text, primary_key=True),
    sa.Column("tries", sa.Integer, nullable=False),
    sa.Column("last_at", Utc, nullable=False),
    comment="tries with a wrong code, so that guessing is slowed down",
)

conversations = sa.Table(
    "conversations",
    metadata,
    sa.Column("chat", sa.Text, primary_key=True),
    sa.Column("language", sa.Text, nullable=False),
    sa.Column("language_fixed", sa.Boolean, nullable=False),
    sa.Column("owner", sa.Text, nullable=False),
    sa.Column("awaiting", sa.Text),
    sa.Column("slots", sa.JSON, nullable=False),
    sa.Column("misses", sa.Integer, nullable=False),
    sa.Column("version", sa.Integer, nullable=False),
    sa.Column("updated_at", Utc, nullable=False),
    comment="会话",
)

# The conditions of partial indexes, which queries repeat word for word: with bound values no planner would use the
# index, and every look into the outbox would read the whole transcript.
_OPEN = "state NOT IN ('done', 'sent')"
_AWAITS_CONTACT = "state IN ('held', 'in_doubt')"
OPEN, AWAITS_CONTACT = sa.text(f"messages.{_OPEN}"), sa.text(f"messages.{_AWAITS_CONTACT}")

messages = sa.Table(
    "messages",
    metadata,
    sa.Column("id", _Id, primary_key=True, autoincrement=True),
    sa.Column("chat", sa.Text, nullable=False),
    sa.Column("direction", sa.Text, nullable=False),  # in | out
    sa.Column("key", sa.Text, nullable=False, unique=True),
    sa.Column("cause", sa.BigInteger),  # out: the id of the message it answers
    sa.Column("state", sa.Text, nullable=False),  # in: new | done; out: OutboxState
    sa.Column("body", sa.JSON, nullable=False),
    sa.Column("attempts", sa.Integer, nullable=False, default=0),
    sa.Column("fence", sa.Integer, nullable=False, default=0),
    sa.Column("due_at", Utc, nullable=False),  # out: not before; while leased: the end of the lease
    sa.Column("created_at", Utc, nullable=False),
    sa.Index("ix_messages_chat_id", "chat", "id"),
    sa.Index("ix_messages_cause", "cause"),
    sa.Index(
        "ix_messages_open",
        "state",
        "due_at",
        sqlite_where=sa.text(_OPEN),
        postgresql_where=sa.text(_OPEN),
    ),
    sa.Index(
        "ix_messages_waiting",
        "chat",
        sqlite_where=sa.text(_AWAITS_CONTACT),
        postgresql_where=sa.text(_AWAITS_CONTACT),
    ),
    comment="inbox, transcript and outbox in one: a message is written down once",
)

invoices = sa.Table(
    "invoices",
    metadata,
    sa.Column("id", _Id, primary_key=True, autoincrement=True),
    sa.Column("key", sa.Text, nullable=False, unique=True),  # code+number, or the 20-digit number
    sa.Column("owner_id", sa.ForeignKey("employees.id")),
    sa.Column("kind", sa.Text, nullable=False),
    sa.Column("code", sa.Text),
    sa.Column("number", sa.Text, nullable=False),
    sa.Column("issue_date", sa.Date),
    sa.Column("check_code", sa.Text),
    sa.Column("seller_name", sa.Text),
    sa.Column("seller_folded", sa.Text),  # width, case and spaces folded: what a search compares
    sa.Column("seller_tax_id", sa.Text),
    sa.Column("buyer_name", sa.Text),
    sa.Column("buyer_tax_id", sa.Text),
    sa.Column("amount", Money),
    sa.Column("tax", Money),
    sa.Column("total", Money),
    sa.Column("tax_state", sa.Text, nullable=False),
    sa.Column("tax_state_at", Utc),
    sa.Column("tax_state_source", sa.Text),
    sa.Column("use_state", sa.Text, nullable=False),
    sa.Column("use_state_at", Utc),
    sa.Column("use_state_source", sa.Text),
    sa.Column("reimbursement_state", sa.Text, nullable=False),
    sa.Column("reimbursement_state_at", Utc),
    sa.Column("reimbursement_state_source", sa.Text),
    sa.Column("change", sa.Integer, nullable=False, default=0),
    sa.Column("document", sa.Text),
    sa.Column("demo", sa.Boolean, nullable=False, default=False),
    sa.Column("created_at", Utc, nullable=False),
    sa.Index("ix_invoices_number", "number"),
    sa.Index("ix_invoices_owner_id_issue_date", "owner_id", "issue_date"),
    comment="发票",
)

status_changes = sa.Table(
    "status_changes",
    metadata,
    sa.Column("id", _Id, primary_key=True, autoincrement=True),
    sa.Column("invoice_id", sa.ForeignKey("invoices.id"), nullable=False),
    sa.Column("change", sa.Integer, nullable=False),
    sa.Column("line", sa.Text, nullable=False),  # tax | use | reimbursement
    sa.Column("old", sa.Text),
    sa.Column("new", sa.Text, nullable=False),
    sa.Column("raw", sa.Text),
    sa.Column("source", sa.Text, nullable=False),
    sa.Column("at", Utc, nullable=False),
    sa.Index("ix_status_changes_invoice_id_change", "invoice_id", "change"),
    comment="状态历史",
)

documents = sa.Table(
    "documents",
    metadata,
    sa.Column("digest", sa.Text, primary_key=True),  # SHA-256, hex
    sa.Column("name", sa.Text, nullable=False),
    sa.Column("mime", sa.Text, nullable=False),
    sa.Column("size", sa.Integer, nullable=False),
    sa.Column("content", sa.LargeBinary, nullable=False),
    sa.Column("created_at", Utc, nullable=False),
    comment="原始文件, content-addressed",
)

filings = sa.Table(
    "filings",
    metadata,
    sa.Column("id", _Id, primary_key=True, autoincrement=True),
    sa.Column("chat", sa.Text, nullable=False, index=True),
    sa.Column("document", sa.Text, nullable=False),
    sa.Column("page", sa.Integer, nullable=False),
    sa.Column("fields", sa.JSON, nullable=False),  # as `piaoda read` prints them
    sa.Column("corrections", sa.JSON, nullable=False),  # field → [read, corrected, earlier…]
    sa.Column("state", sa.Text, nullable=False),  # draft | filed | dropped
    sa.Column("invoice_id", sa.ForeignKey("invoices.id"), index=True),
    sa.Column("key", sa.Text, nullable=False, unique=True),  # message and position: safe to repeat
    sa.Column("created_at", Utc, nullable=False),
    comment="归档: what was read from a document, what the user corrected, and the invoice it became",
)

watches = sa.Table(
    "watches",
    metadata,
    sa.Column("id", _Id, primary_key=True, autoincrement=True),
    sa.Column("chat", sa.Text, nullable=False),
    sa.Column("invoice_id", sa.ForeignKey("invoices.id"), nullable=False),
    sa.Column("told", sa.Integer, nullable=False),  # the last change the user knows
    sa.Column("created_at", Utc, nullable=False),
    sa.UniqueConstraint("chat", "invoice_id"),
    sa.Index("ix_watches_invoice_id", "invoice_id"),
    comment="关注: tell this chat when this invoice changes",
)

reminders = sa.Table(
    "reminders",
    metadata,
    sa.Column("id", _Id, primary_key=True, autoincrement=True),
    sa.Column("key", sa.Text, nullable=False, unique=True),
    sa.Column("chat", sa.Text, nullable=False, index=True),
    sa.Column("subject", sa.Text, nullable=False),  # the user's words
    sa.Column("due_at", Utc, nullable=False, index=True),
    sa.Column("repeat", sa.Text),  # None | daily | weekly | monthly | month_end
    sa.Column("created_at", Utc, nullable=False),
    comment="提醒",
)

job_slots = sa.Table(
    "job_slots",
    metadata,
    sa.Column("job", sa.Text, primary_key=True),
    sa.Column("slot", sa.Text, primary_key=True),
    sa.Column("at", Utc, nullable=False),
    comment="each job slot runs once: the row is the lock, written with the job's effects",
)

api_keys = sa.Table(
    "api_keys",
    metadata,
    sa.Column("digest", sa.Text, primary_key=True),
    sa.Column("name", sa.Text, nullable=False),
    sa.Column("created_at", Utc, nullable=False),
    sa.Column("revoked_at", Utc),
    comment="REST keys, only their digests",
)

facts = sa.Table(
    "facts",
    metadata,
    sa.Column("key", sa.Text, primary_key=True),
    sa.Column("value", sa.JSON, nullable=False),
    sa.Column("at", Utc, nullable=False),
    comment="small durable facts: last import, a channel's cursor",
)
