"""Messages that bring a file, and why what is sent does not reach a person."""

import sqlalchemy as sa
from alembic import op

revision = "0017"
down_revision = "0016"


def upgrade() -> None:
    op.add_column("message", sa.Column("attachment", sa.JSON))
    op.add_column("outbound", sa.Column("why", sa.String(16)))


def downgrade() -> None:
    with op.batch_alter_table("outbound") as outbound:
        outbound.drop_column("why")
    with op.batch_alter_table("message") as message:
        message.drop_column("attachment")
