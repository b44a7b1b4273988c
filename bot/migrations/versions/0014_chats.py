"""Chats on remote channels, codes that confirm a sign-in in its chat, and notices that are told in a chat."""

import sqlalchemy as sa
from alembic import op

revision = "0014"
down_revision = "0013"

MOMENT = sa.DateTime(timezone=True)
IDENTITY = sa.BigInteger().with_variant(sa.Integer, "sqlite")


def upgrade() -> None:
    op.create_table(
        "chat",
        sa.Column("address", sa.String(200), primary_key=True),
        sa.Column("shown_name", sa.String(40), nullable=False),
        sa.Column("buttons_on", sa.String(100)),
        sa.Column("seen_at", MOMENT, nullable=False),
    )
    op.create_table(
        "sign_in_code",
        sa.Column("id", IDENTITY, primary_key=True),
        sa.Column("address", sa.String(200), nullable=False),
        sa.Column("person_id", IDENTITY, sa.ForeignKey("person.id"), nullable=False),
        sa.Column("browser_digest", sa.String(64)),
        sa.Column("code_digest", sa.String(64), nullable=False),
        sa.Column("tries", sa.Integer, nullable=False),
        sa.Column("expires_at", MOMENT, nullable=False),
        sa.Column("used_at", MOMENT),
    )
    op.create_index("ix_sign_in_code_address", "sign_in_code", ["address"])
    op.create_index("ix_sign_in_code_person_id", "sign_in_code", ["person_id"])
    op.create_table(
        "notice",
        sa.Column("id", IDENTITY, primary_key=True),
        sa.Column("person_id", IDENTITY, sa.ForeignKey("person.id"), nullable=False),
        sa.Column("kind", sa.String(40), nullable=False),
        sa.Column("details", sa.JSON, nullable=False),
        sa.Column("mail", sa.JSON),
        sa.Column("state", sa.String(16), nullable=False),
        sa.Column("created_at", MOMENT, nullable=False),
        sa.Column("due_at", MOMENT),
        sa.Column("settled_at", MOMENT),
    )
    op.create_index("ix_notice_person_id", "notice", ["person_id"])
    op.create_index("ix_notice_due_at", "notice", ["due_at"])
    op.create_table(
        "notice_choice",
        sa.Column("person_id", IDENTITY, sa.ForeignKey("person.id"), primary_key=True),
        sa.Column("wanted", sa.Boolean, nullable=False),
        sa.Column("changed_at", MOMENT, nullable=False),
    )


def downgrade() -> None:
    for table in ("notice_choice", "notice", "sign_in_code", "chat"):
        op.drop_table(table)
