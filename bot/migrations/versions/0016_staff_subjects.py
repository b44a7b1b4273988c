"""How the company's identity provider calls somebody of the staff."""

import sqlalchemy as sa
from alembic import op

revision = "0016"
down_revision = "0015"


def upgrade() -> None:
    op.add_column("staff", sa.Column("subject", sa.String(255)))
    op.create_index("ix_staff_subject", "staff", ["subject"], unique=True)


def downgrade() -> None:
    op.drop_index("ix_staff_subject", "staff")
    op.drop_column("staff", "subject")
