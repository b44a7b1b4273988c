"""Chats that can be taken away from a person, news that wait for the morning, and notices of overdue invoices."""

import sqlalchemy as sa
from alembic import op

revision = "0018"
down_revision = "0017"

MOMENT = sa.DateTime(timezone=True)
IDENTITY = sa.BigInteger().with_variant(sa.Integer, "sqlite")


def upgrade() -> None:
    for table in ("session", "sign_in_code"):
        op.add_column(table, sa.Column("device", sa.String(60), nullable=False, server_default=""))
    op.add_column("session", sa.Column("closed", sa.String(16)))
    op.create_index("ix_session_address_id", "session", ["address", "id"])
    op.add_column("conversation", sa.Column("quiet_until", MOMENT))
    op.create_index("ix_conversation_quiet_until", "conversation", ["quiet_until"])
    op.add_column("notice", sa.Column("address", sa.String(200)))
    op.add_column("notice", sa.Column("sequence", sa.Integer))
    op.create_index("ix_notice_address_sequence", "notice", ["address", "sequence"])
    _overdue()


def _overdue() -> None:
    op.create_table(
        "overdue_watch",
        sa.Column("person_id", IDENTITY, sa.ForeignKey("person.id"), primary_key=True, autoincrement=False),
        sa.Column("since", sa.Date, nullable=False),
        sa.Column("look_at", MOMENT, nullable=False),
    )
    op.create_index("ix_overdue_watch_look_at", "overdue_watch", ["look_at"])
    op.create_table(
        "overdue_told",
        sa.Column("person_id", IDENTITY, sa.ForeignKey("person.id"), primary_key=True, autoincrement=False),
        sa.Column("invoice_id", IDENTITY, sa.ForeignKey("invoice.id"), primary_key=True, autoincrement=False),
        sa.Column("due_on", sa.Date, nullable=False),
    )


def downgrade() -> None:
    op.drop_table("overdue_told")
    op.drop_table("overdue_watch")
    op.drop_index("ix_notice_address_sequence", "notice")
    op.drop_index("ix_conversation_quiet_until", "conversation")
    op.drop_index("ix_session_address_id", "session")
    columns = {"notice": ("sequence", "address"), "conversation": ("quiet_until",), "session": ("closed", "device")}
    for table, names in (columns | {"sign_in_code": ("device",)}).items():
        for name in names:
            op.drop_column(table, name)
