"""What was collected for a procedure, and which news of it were told in the chat."""

import sqlalchemy as sa
from alembic import op

revision = "0010"
down_revision = "0009"

MOMENT = sa.DateTime(timezone=True)
IDENTITY = sa.BigInteger().with_variant(sa.Integer, "sqlite")


def upgrade() -> None:
    op.create_table(
        "procedure_datum",
        sa.Column("id", IDENTITY, primary_key=True),
        sa.Column("procedure_id", IDENTITY, sa.ForeignKey("procedure.id"), nullable=False),
        sa.Column("what", sa.String(48), nullable=False),
        sa.Column("value", sa.Text, nullable=False),
        sa.UniqueConstraint("procedure_id", "what", name="uq_procedure_datum_procedure_id_what"),
    )
    op.add_column("procedure_step", sa.Column("told_at", MOMENT))


def downgrade() -> None:
    with op.batch_alter_table("procedure_step") as batch:
        batch.drop_column("told_at")
    op.drop_table("procedure_datum")
