"""WhatsApp: who writes from which number, what became of what was sent, and files to be fetched."""

import sqlalchemy as sa
from alembic import op

revision = "0015"
down_revision = "0014"

MOMENT = sa.DateTime(timezone=True)
IDENTITY = sa.BigInteger().with_variant(sa.Integer, "sqlite")


def upgrade() -> None:
    op.create_table(
        "whatsapp_number",
        sa.Column("address", sa.String(200), primary_key=True),
        sa.Column("number", sa.String(150), nullable=False),
        sa.Column("heard_at", MOMENT),
        sa.Column("knocked_at", MOMENT),
    )
    op.create_table(
        "whatsapp_sent",
        sa.Column("id", IDENTITY, primary_key=True),
        sa.Column("digest", sa.String(64), nullable=False, unique=True),
        sa.Column("message_id", IDENTITY, sa.ForeignKey("message.id", ondelete="CASCADE"), nullable=False),
        sa.Column("part", sa.Integer, nullable=False),
        sa.Column("progress", sa.String(16), nullable=False),
        sa.Column("code", sa.Integer, nullable=False),
        sa.Column("changed_at", MOMENT, nullable=False),
        sa.UniqueConstraint("message_id", "part"),
    )
    op.create_table(
        "whatsapp_file",
        sa.Column("id", IDENTITY, primary_key=True),
        sa.Column("digest", sa.String(64), nullable=False, unique=True),
        sa.Column("address", sa.String(200), nullable=False),
        sa.Column("media_id", sa.String(200), nullable=False),
        sa.Column("name", sa.String(300), nullable=False),
        sa.Column("claimed_until", MOMENT),
        sa.Column("arrived_at", MOMENT, nullable=False),
        sa.Column("ended_at", MOMENT),
    )


def downgrade() -> None:
    for table in ("whatsapp_file", "whatsapp_sent", "whatsapp_number"):
        op.drop_table(table)
