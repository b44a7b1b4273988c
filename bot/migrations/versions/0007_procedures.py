"""Procedures, their steps, and what they ask for."""

import sqlalchemy as sa
from alembic import op

revision = "0007"
down_revision = "0006"

MOMENT = sa.DateTime(timezone=True)
IDENTITY = sa.BigInteger().with_variant(sa.Integer, "sqlite")


def upgrade() -> None:
    _procedures()
    _steps()
    _items()


def _id() -> sa.Column:
    return sa.Column("id", IDENTITY, primary_key=True)


def _reference(table: str) -> sa.Column:
    return sa.Column(f"{table}_id", IDENTITY, sa.ForeignKey(f"{table}.id"), index=True)


def _procedures() -> None:
    op.create_table(
        "procedure",
        _id(),
        sa.Column("tracking_key", sa.String(14), nullable=False),
        sa.Column("kind", sa.String(48), nullable=False),
        sa.Column("state", sa.String(24), nullable=False),
        sa.Column("address", sa.String(200), nullable=False),
        sa.Column("once", sa.String(100)),
        _reference("person"),
        _reference("agency"),
        _reference("client"),
        sa.Column("email", sa.String(254)),
        sa.Column("opened_at", MOMENT, nullable=False),
        sa.Column("deadline_on", sa.Date, nullable=False),
        sa.Column("region", sa.String(2)),
        sa.Column("locality", sa.String(120)),
        sa.Column("closed_at", MOMENT),
        sa.Column("outcome", sa.String(48)),
        sa.UniqueConstraint("tracking_key", name="uq_procedure_tracking_key"),
        sa.UniqueConstraint("address", "once", name="uq_procedure_address_once"),
    )
    still_open = sa.text("closed_at IS NULL")
    op.create_index(
        "ix_procedure_open_deadline_on",
        "procedure",
        ["deadline_on", "id"],
        sqlite_where=still_open,
        postgresql_where=still_open,
    )


def _steps() -> None:
    op.create_table(
        "procedure_step",
        _id(),
        sa.Column("procedure_id", IDENTITY, sa.ForeignKey("procedure.id"), nullable=False, index=True),
        sa.Column("at", MOMENT, nullable=False),
        sa.Column("state", sa.String(24), nullable=False),
        sa.Column("by", sa.String(16), nullable=False),
        sa.Column("code", sa.String(48), nullable=False),
        sa.Column("note", sa.String(300), nullable=False),
    )


def _items() -> None:
    op.create_table(
        "procedure_item",
        _id(),
        sa.Column("procedure_id", IDENTITY, sa.ForeignKey("procedure.id"), nullable=False),
        sa.Column("what", sa.String(48), nullable=False),
        sa.Column("is_needed", sa.Boolean, nullable=False),
        sa.Column("received_at", MOMENT),
        sa.Column("document_reference", sa.String(43)),
        sa.UniqueConstraint("procedure_id", "what", name="uq_procedure_item_procedure_id_what"),
    )


def downgrade() -> None:
    for table in ("procedure_item", "procedure_step", "procedure"):
        op.drop_table(table)
