"""Authorized contacts: who gave a right, over which clients, invitations, and links that undo a change."""

import sqlalchemy as sa
from alembic import op

revision = "0006"
down_revision = "0005"

MOMENT = sa.DateTime(timezone=True)
IDENTITY = sa.BigInteger().with_variant(sa.Integer, "sqlite")
DIGEST = sa.String(64)
OPEN = sa.text("valid_until IS NULL")


def upgrade() -> None:
    _rights()
    _invitations()
    _undo_links()


def _reference(table: str, **more: bool) -> sa.Column:
    return sa.Column(f"{table}_id", IDENTITY, sa.ForeignKey(f"{table}.id"), **({"nullable": False} | more))


def _moment(name: str, nullable: bool = False) -> sa.Column:
    return sa.Column(name, MOMENT, nullable=nullable)


def _rights() -> None:
    giver = sa.Column("given_by", IDENTITY, sa.ForeignKey("person.id", name="fk_access_given_by_person"))
    op.add_column("access", giver, inline_references=True)
    for name in ("is_limited", "may_authorize"):
        op.add_column("access", sa.Column(name, sa.Boolean, nullable=False, server_default=sa.false()))
    op.create_index(
        "uq_access_person_id_agency_id_open",
        "access",
        ["person_id", "agency_id"],
        unique=True,
        sqlite_where=OPEN,
        postgresql_where=OPEN,
    )
    op.create_table(
        "access_client",
        _reference("access", primary_key=True),
        _reference("client", primary_key=True, index=True),
    )


def _invitations() -> None:
    op.create_table(
        "invitation",
        sa.Column("id", IDENTITY, primary_key=True),
        sa.Column("token_digest", DIGEST, nullable=False),
        _reference("access", index=True),
        _reference("person"),
        _reference("agency"),
        _moment("created_at"),
        _moment("expires_at"),
        _moment("used_at", nullable=True),
        _moment("revoked_at", nullable=True),
        sa.UniqueConstraint("token_digest", name="uq_invitation_token_digest"),
    )
    op.create_index("ix_invitation_person_id_agency_id", "invitation", ["person_id", "agency_id"])


def _undo_links() -> None:
    op.create_table(
        "undo_link",
        sa.Column("id", IDENTITY, primary_key=True),
        sa.Column("token_digest", DIGEST, nullable=False),
        _reference("agency", index=True),
        _reference("person"),
        sa.Column("what", sa.JSON, nullable=False),
        _moment("created_at"),
        _moment("expires_at"),
        _moment("used_at", nullable=True),
        sa.UniqueConstraint("token_digest", name="uq_undo_link_token_digest"),
    )


def downgrade() -> None:
    for table in ("undo_link", "invitation", "access_client"):
        op.drop_table(table)
    op.drop_index("uq_access_person_id_agency_id_open", "access")
    with op.batch_alter_table("access") as access:
        for name in ("may_authorize", "is_limited", "given_by"):
            access.drop_column(name)
