"""The first schema."""

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "api_keys",
        sa.Column("digest", sa.Text(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("created_at", sa.BigInteger(), nullable=False),
        sa.Column("revoked_at", sa.BigInteger(), nullable=True),
        sa.PrimaryKeyConstraint("digest", name=op.f("pk_api_keys")),
        comment="REST keys, only their digests",
    )
    op.create_table(
        "bind_failures",
        sa.Column("chat", sa.Text(), nullable=False),
        sa.Column("tries", sa.Integer(), nullable=False),
        sa.Column("last_at", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("chat", name=op.f("pk_bind_failures")),
        comment="tries with a wrong code, so that guessing is slowed down",
    )
    op.create_table(
        "conversations",
        sa.Column("chat", sa.Text(), nullable=False),
        sa.Column("language", sa.Text(), nullable=False),
        sa.Column("language_fixed", sa.Boolean(), nullable=False),
        sa.Column("owner", sa.Text(), nullable=False),
        sa.Column("awaiting", sa.Text(), nullable=True),
        sa.Column("slots", sa.JSON(), nullable=False),
        sa.Column("misses", sa.Integer(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("updated_at", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("chat", name=op.f("pk_conversations")),
        comment="会话",
    )
    op.create_table(
        "documents",
        sa.Column("digest", sa.Text(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("mime", sa.Text(), nullable=False),
        sa.Column("size", sa.Integer(), nullable=False),
        sa.Column("content", sa.LargeBinary(), nullable=False),
        sa.Column("created_at", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("digest", name=op.f("pk_documents")),
        comment="原始文件, content-addressed",
    )
    op.create_table(
        "employees",
        sa.Column(
            "id", sa.BigInteger().with_variant(sa.Integer, "sqlite"), autoincrement=True, nullable=False
        ),
        sa.Column("number", sa.Text(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("role", sa.Text(), nullable=False),
        sa.Column("demo", sa.Boolean(), nullable=False),
        sa.Column("created_at", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_employees")),
        sa.UniqueConstraint("number", name=op.f("uq_employees_number")),
        comment="员工",
    )
    op.create_table(
        "facts",
        sa.Column("key", sa.Text(), nullable=False),
        sa.Column("value", sa.JSON(), nullable=False),
        sa.Column("at", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("key", name=op.f("pk_facts")),
        comment="small durable facts: last import, a channel's cursor",
    )
    op.create_table(
        "job_slots",
        sa.Column("job", sa.Text(), nullable=False),
        sa.Column("slot", sa.Text(), nullable=False),
        sa.Column("at", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("job", "slot", name=op.f("pk_job_slots")),
        comment="each job slot runs once: the row is the lock, written with the job's effects",
    )
    op.create_table(
        "messages",
        sa.Column(
            "id", sa.BigInteger().with_variant(sa.Integer, "sqlite"), autoincrement=True, nullable=False
        ),
        sa.Column("chat", sa.Text(), nullable=False),
        sa.Column("direction", sa.Text(), nullable=False),
        sa.Column("key", sa.Text(), nullable=False),
        sa.Column("cause", sa.BigInteger(), nullable=True),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("body", sa.JSON(), nullable=False),
        sa.Column("attempts", sa.Integer(), nullable=False),
        sa.Column("fence", sa.Integer(), nullable=False),
        sa.Column("due_at", sa.BigInteger(), nullable=False),
        sa.Column("created_at", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_messages")),
        sa.UniqueConstraint("key", name=op.f("uq_messages_key")),
        comment="inbox, transcript and outbox in one: a message is written down once",
    )
    op.create_index("ix_messages_cause", "messages", ["cause"], unique=False)
    op.create_index("ix_messages_chat_id", "messages", ["chat", "id"], unique=False)
    op.create_index(
        "ix_messages_open",
        "messages",
        ["state", "due_at"],
        unique=False,
        sqlite_where=sa.text("state NOT IN ('done', 'sent')"),
        postgresql_where=sa.text("state NOT IN ('done', 'sent')"),
    )
    op.create_index(
        "ix_messages_waiting",
        "messages",
        ["chat"],
        unique=False,
        sqlite_where=sa.text("state IN ('held', 'in_doubt')"),
        postgresql_where=sa.text("state IN ('held', 'in_doubt')"),
    )
    op.create_table(
        "reminders",
        sa.Column(
            "id", sa.BigInteger().with_variant(sa.Integer, "sqlite"), autoincrement=True, nullable=False
        ),
        sa.Column("key", sa.Text(), nullable=False),
        sa.Column("chat", sa.Text(), nullable=False),
        sa.Column("subject", sa.Text(), nullable=False),
        sa.Column("due_at", sa.BigInteger(), nullable=False),
        sa.Column("repeat", sa.Text(), nullable=True),
        sa.Column("created_at", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_reminders")),
        sa.UniqueConstraint("key", name=op.f("uq_reminders_key")),
        comment="提醒",
    )
    op.create_index(op.f("ix_reminders_chat"), "reminders", ["chat"], unique=False)
    op.create_index(op.f("ix_reminders_due_at"), "reminders", ["due_at"], unique=False)
    op.create_table(
        "bind_codes",
        sa.Column("digest", sa.Text(), nullable=False),
        sa.Column("employee_id", sa.BigInteger().with_variant(sa.Integer, "sqlite"), nullable=False),
        sa.Column("expires_at", sa.BigInteger(), nullable=False),
        sa.Column("used_at", sa.BigInteger(), nullable=True),
        sa.ForeignKeyConstraint(["employee_id"], ["employees.id"], name=op.f("fk_bind_codes_employee_id")),
        sa.PrimaryKeyConstraint("digest", name=op.f("pk_bind_codes")),
        comment="绑定码: one-time codes, only their digests",
    )
    op.create_table(
        "identities",
        sa.Column("chat", sa.Text(), nullable=False),
        sa.Column("employee_id", sa.BigInteger().with_variant(sa.Integer, "sqlite"), nullable=False),
        sa.Column("bound_at", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(["employee_id"], ["employees.id"], name=op.f("fk_identities_employee_id")),
        sa.PrimaryKeyConstraint("chat", name=op.f("pk_identities")),
        comment="渠道身份: which chat belongs to which employee",
    )
    op.create_index(op.f("ix_identities_employee_id"), "identities", ["employee_id"], unique=False)
    op.create_table(
        "invoices",
        sa.Column(
            "id", sa.BigInteger().with_variant(sa.Integer, "sqlite"), autoincrement=True, nullable=False
        ),
        sa.Column("key", sa.Text(), nullable=False),
        sa.Column("owner_id", sa.BigInteger().with_variant(sa.Integer, "sqlite"), nullable=True),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("code", sa.Text(), nullable=True),
        sa.Column("number", sa.Text(), nullable=False),
        sa.Column("issue_date", sa.Date(), nullable=True),
        sa.Column("check_code", sa.Text(), nullable=True),
        sa.Column("seller_name", sa.Text(), nullable=True),
        sa.Column("seller_folded", sa.Text(), nullable=True),
        sa.Column("seller_tax_id", sa.Text(), nullable=True),
        sa.Column("buyer_name", sa.Text(), nullable=True),
        sa.Column("buyer_tax_id", sa.Text(), nullable=True),
        sa.Column("amount", sa.BigInteger(), nullable=True),
        sa.Column("tax", sa.BigInteger(), nullable=True),
        sa.Column("total", sa.BigInteger(), nullable=True),
        sa.Column("tax_state", sa.Text(), nullable=False),
        sa.Column("tax_state_at", sa.BigInteger(), nullable=True),
        sa.Column("tax_state_source", sa.Text(), nullable=True),
        sa.Column("use_state", sa.Text(), nullable=False),
        sa.Column("use_state_at", sa.BigInteger(), nullable=True),
        sa.Column("use_state_source", sa.Text(), nullable=True),
        sa.Column("reimbursement_state", sa.Text(), nullable=False),
        sa.Column("reimbursement_state_at", sa.BigInteger(), nullable=True),
        sa.Column("reimbursement_state_source", sa.Text(), nullable=True),
        sa.Column("change", sa.Integer(), nullable=False),
        sa.Column("document", sa.Text(), nullable=True),
        sa.Column("demo", sa.Boolean(), nullable=False),
        sa.Column("created_at", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(["owner_id"], ["employees.id"], name=op.f("fk_invoices_owner_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_invoices")),
        sa.UniqueConstraint("key", name=op.f("uq_invoices_key")),
        comment="发票",
    )
    op.create_index("ix_invoices_number", "invoices", ["number"], unique=False)
    op.create_index("ix_invoices_owner_id_issue_date", "invoices", ["owner_id", "issue_date"], unique=False)
    op.create_table(
        "filings",
        sa.Column(
            "id", sa.BigInteger().with_variant(sa.Integer, "sqlite"), autoincrement=True, nullable=False
        ),
        sa.Column("chat", sa.Text(), nullable=False),
        sa.Column("document", sa.Text(), nullable=False),
        sa.Column("page", sa.Integer(), nullable=False),
        sa.Column("fields", sa.JSON(), nullable=False),
        sa.Column("corrections", sa.JSON(), nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("invoice_id", sa.BigInteger().with_variant(sa.Integer, "sqlite"), nullable=True),
        sa.Column("key", sa.Text(), nullable=False),
        sa.Column("created_at", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(["invoice_id"], ["invoices.id"], name=op.f("fk_filings_invoice_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_filings")),
        sa.UniqueConstraint("key", name=op.f("uq_filings_key")),
        comment="归档: what was read from a document, what the user corrected, and the invoice it became",
    )
    op.create_index(op.f("ix_filings_chat"), "filings", ["chat"], unique=False)
    op.create_index(op.f("ix_filings_invoice_id"), "filings", ["invoice_id"], unique=False)
    op.create_table(
        "status_changes",
        sa.Column(
            "id", sa.BigInteger().with_variant(sa.Integer, "sqlite"), autoincrement=True, nullable=False
        ),
        sa.Column("invoice_id", sa.BigInteger().with_variant(sa.Integer, "sqlite"), nullable=False),
        sa.Column("change", sa.Integer(), nullable=False),
        sa.Column("line", sa.Text(), nullable=False),
        sa.Column("old", sa.Text(), nullable=True),
        sa.Column("new", sa.Text(), nullable=False),
        sa.Column("raw", sa.Text(), nullable=True),
        sa.Column("source", sa.Text(), nullable=False),
        sa.Column("at", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(["invoice_id"], ["invoices.id"], name=op.f("fk_status_changes_invoice_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_status_changes")),
        comment="状态历史",
    )
    op.create_index(
        "ix_status_changes_invoice_id_change", "status_changes", ["invoice_id", "change"], unique=False
    )
    op.create_table(
        "watches",
        sa.Column(
            "id", sa.BigInteger().with_variant(sa.Integer, "sqlite"), autoincrement=True, nullable=False
        ),
        sa.Column("chat", sa.Text(), nullable=False),
        sa.Column("invoice_id", sa.BigInteger().with_variant(sa.Integer, "sqlite"), nullable=False),
        sa.Column("told", sa.Integer(), nullable=False),
        sa.Column("created_at", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(["invoice_id"], ["invoices.id"], name=op.f("fk_watches_invoice_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_watches")),
        sa.UniqueConstraint("chat", "invoice_id", name=op.f("uq_watches_chat_invoice_id")),
        comment="关注: tell this chat when this invoice changes",
    )
    op.create_index("ix_watches_invoice_id", "watches", ["invoice_id"], unique=False)


def downgrade() -> None:
    op.drop_index("ix_watches_invoice_id", table_name="watches")
    op.drop_table("watches")
    op.drop_index("ix_status_changes_invoice_id_change", table_name="status_changes")
    op.drop_table("status_changes")
    op.drop_index(op.f("ix_filings_invoice_id"), table_name="filings")
    op.drop_index(op.f("ix_filings_chat"), table_name="filings")
    op.drop_table("filings")
    op.drop_index("ix_invoices_owner_id_issue_date", table_name="invoices")
    op.drop_index("ix_invoices_number", table_name="invoices")
    op.drop_table("invoices")
    op.drop_index(op.f("ix_identities_employee_id"), table_name="identities")
    op.drop_table("identities")
    op.drop_table("bind_codes")
    op.drop_index(op.f("ix_reminders_due_at"), table_name="reminders")
    op.drop_index(op.f("ix_reminders_chat"), table_name="reminders")
    op.drop_table("reminders")
    op.drop_index(
        "ix_messages_waiting",
        table_name="messages",
        sqlite_where=sa.text("state IN ('held', 'in_doubt')"),
        postgresql_where=sa.text("state IN ('held', 'in_doubt')"),
    )
    op.drop_index(
        "ix_messages_open",
        table_name="messages",
        sqlite_where=sa.text("state NOT IN ('done', 'sent')"),
        postgresql_where=sa.text("state NOT IN ('done', 'sent')"),
    )
    op.drop_index("ix_messages_chat_id", table_name="messages")
    op.drop_index("ix_messages_cause", table_name="messages")
    op.drop_table("messages")
    op.drop_table("job_slots")
    op.drop_table("facts")
    op.drop_table("employees")
    op.drop_table("documents")
    op.drop_table("conversations")
    op.drop_table("bind_failures")
    op.drop_table("api_keys")
