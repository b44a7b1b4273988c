"""Password links by the sign-in link they belong to: both are erased, one for the other."""

from __future__ import annotations

from alembic import op

revision = "0020"
down_revision = "0019"


def upgrade() -> None:
    op.create_index("ix_password_link_sign_in_link_id", "password_link", ["sign_in_link_id"])


def downgrade() -> None:
    op.drop_index("ix_password_link_sign_in_link_id", "password_link")
