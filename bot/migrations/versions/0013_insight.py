"""What was answered, how content people are, and the questions that nobody could answer."""

import sqlalchemy as sa
from alembic import op

revision = "0013"
down_revision = "0012"

MOMENT = sa.DateTime(timezone=True)
IDENTITY = sa.BigInteger().with_variant(sa.Integer, "sqlite")


def _conversation() -> sa.Column[int]:
    return sa.Column("conversation_id", IDENTITY, sa.ForeignKey("conversation.id", ondelete="CASCADE"), nullable=False)


def upgrade() -> None:
    op.create_table(
        "answered_turn",
        sa.Column("id", IDENTITY, primary_key=True),
        _conversation(),
        sa.Column("day", sa.Date, nullable=False),
        sa.Column("channel", sa.String(16), nullable=False),
        sa.Column("agency_id", IDENTITY),
        sa.Column("topic", sa.String(60), nullable=False),
    )
    op.create_index("ix_answered_turn_conversation_id", "answered_turn", ["conversation_id"])
    columns = ["day", "agency_id", "channel", "topic", "conversation_id"]
    op.create_index("ix_answered_turn_figures", "answered_turn", columns)
    op.create_table(
        "rating",
        sa.Column("id", IDENTITY, primary_key=True),
        _conversation(),
        sa.Column("day", sa.Date, nullable=False),
        sa.Column("about", sa.String(16), nullable=False),
        sa.Column("channel", sa.String(16), nullable=False),
        sa.Column("agency_id", IDENTITY),
        sa.Column("asked_at", MOMENT, nullable=False),
        sa.Column("asked_after", sa.Integer, nullable=False),
        sa.Column("score", sa.SmallInteger),
        sa.Column("rated_at", MOMENT),
        sa.Column("comment", sa.String(500)),
        sa.UniqueConstraint("conversation_id", "day", name="uq_rating_conversation_id"),
    )
    op.create_index("ix_rating_figures", "rating", ["day", "agency_id", "channel", "score"])
    op.create_table(
        "unanswered_group",
        sa.Column("id", IDENTITY, primary_key=True),
        sa.Column("example", sa.String(500), nullable=False),
        sa.Column("decision", sa.String(16), nullable=False),
        sa.Column("topic", sa.String(60)),
        sa.Column("decided_by", IDENTITY),
        sa.Column("decided_at", MOMENT),
    )
    op.create_index("ix_unanswered_group_decision", "unanswered_group", ["decision"])
    op.create_table(
        "unanswered",
        sa.Column("id", IDENTITY, primary_key=True),
        sa.Column("group_id", IDENTITY, sa.ForeignKey("unanswered_group.id", ondelete="CASCADE")),
        sa.Column("text", sa.String(500), nullable=False),
        sa.Column("reason", sa.String(16), nullable=False),
        sa.Column("channel", sa.String(16), nullable=False),
        sa.Column("ranking", sa.JSON, nullable=False),
        sa.Column("asked_at", MOMENT, nullable=False),
    )
    op.create_index("ix_unanswered_group_id", "unanswered", ["group_id"])
    op.create_index("ix_unanswered_asked_at", "unanswered", ["asked_at"])

    op.create_table(
        "chatwoot_talk",
        sa.Column("case_id", IDENTITY, sa.ForeignKey("support_case.id", ondelete="CASCADE"), primary_key=True),
        sa.Column("status", sa.String(16), nullable=False),
        sa.Column("remote_id", sa.BigInteger, unique=True),
        sa.Column("customer", sa.String(100)),
        sa.Column("is_briefed", sa.Integer, nullable=False),
        sa.Column("sent_sequence", sa.Integer, nullable=False),
        sa.Column("attempts", sa.Integer, nullable=False),
        sa.Column("due_at", MOMENT),
        sa.Column("problem", sa.String(200)),
    )
    op.create_index("ix_chatwoot_talk_due_at", "chatwoot_talk", ["due_at"])
    op.create_table(
        "chatwoot_event",
        sa.Column("id", IDENTITY, primary_key=True),
        sa.Column("key", sa.String(80), nullable=False, unique=True),
        sa.Column("told", sa.JSON),
        sa.Column("arrived_at", MOMENT, nullable=False),
        sa.Column("handled_at", MOMENT),
    )
    op.create_index("ix_chatwoot_event_arrived_at", "chatwoot_event", ["arrived_at"])
    op.create_index("ix_chatwoot_event_handled_at", "chatwoot_event", ["handled_at"])
    op.create_index("ix_support_case_opened_at", "support_case", ["opened_at"])


def downgrade() -> None:
    op.drop_index("ix_support_case_opened_at", "support_case")
    for table in ("chatwoot_event", "chatwoot_talk", "unanswered", "unanswered_group", "rating", "answered_turn"):
        op.drop_table(table)
