"""Persons, agencies, clients, contracts and invoices."""

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"

MOMENT = sa.DateTime(timezone=True)
IDENTITY = sa.BigInteger().with_variant(sa.Integer, "sqlite")


def _belongs_to(table: str, column: str | None = None, **more: bool) -> sa.Column:
    name = column or f"{table}_id"
    return sa.Column(name, IDENTITY, sa.ForeignKey(f"{table}.id"), **({"nullable": False} | more))


def _validity() -> tuple[sa.Column, sa.Column]:
    return sa.Column("valid_from", MOMENT, nullable=False), sa.Column("valid_until", MOMENT)


def upgrade() -> None:
    _people()
    _clients()
    _contracts()
    _invoices()


def _people() -> None:
    op.create_table(
        "person",
        sa.Column("id", IDENTITY, primary_key=True),
        sa.Column("identifier_kind", sa.String(16), nullable=False),
        sa.Column("identifier", sa.String(20), nullable=False),
        sa.Column("first_name", sa.String(200), nullable=False),
        sa.Column("surnames", sa.String(200), nullable=False),
        sa.Column("email", sa.String(254), nullable=False),
        sa.Column("created_at", MOMENT, nullable=False),
        sa.UniqueConstraint("identifier", "identifier_kind", name="uq_person_identifier_identifier_kind"),
    )
    op.create_table(
        "agency",
        sa.Column("id", IDENTITY, primary_key=True),
        sa.Column("name", sa.String(200), nullable=False),
        sa.Column("registered_with", sa.String(16), nullable=False),
        sa.Column("identifier", sa.String(20), nullable=False),
        sa.UniqueConstraint("identifier", name="uq_agency_identifier"),
    )
    for name, more in (("representative", ()), ("access", (sa.Column("role", sa.String(16), nullable=False),))):
        op.create_table(
            name,
            sa.Column("id", IDENTITY, primary_key=True),
            _belongs_to("person"),
            _belongs_to("agency"),
            *more,
            *_validity(),
            sa.UniqueConstraint(
                "person_id", "agency_id", "valid_from", name=f"uq_{name}_person_id_agency_id_valid_from"
            ),
        )


def _clients() -> None:
    op.create_table(
        "client",
        sa.Column("id", IDENTITY, primary_key=True),
        sa.Column("identifier_kind", sa.String(16), nullable=False),
        sa.Column("identifier", sa.String(20), nullable=False),
        sa.Column("name", sa.String(200), nullable=False),
        sa.Column("address", sa.String(300), nullable=False),
        sa.Column("search_text", sa.String(501), nullable=False),
        sa.UniqueConstraint("identifier", name="uq_client_identifier"),
    )
    op.create_table(
        "assignment",
        _belongs_to("agency", primary_key=True),
        _belongs_to("client", primary_key=True, index=True),
        *_validity(),
    )


def _contracts() -> None:
    op.create_table(
        "supply_point",
        sa.Column("id", IDENTITY, primary_key=True),
        sa.Column("cups", sa.String(22), nullable=False),
        sa.Column("address", sa.String(300), nullable=False),
        sa.Column("energy", sa.String(16), nullable=False),
        sa.UniqueConstraint("cups", name="uq_supply_point_cups"),
    )
    op.create_table(
        "contract",
        sa.Column("id", IDENTITY, primary_key=True),
        sa.Column("number", sa.String(40), nullable=False),
        _belongs_to("client", index=True),
        _belongs_to("supply_point", index=True),
        sa.Column("product", sa.String(200), nullable=False),
        sa.Column("starts_on", sa.Date, nullable=False),
        sa.Column("ends_on", sa.Date),
        sa.UniqueConstraint("number", name="uq_contract_number"),
        sa.CheckConstraint("ends_on IS NULL OR ends_on >= starts_on", name="ck_contract_ends_after_start"),
    )


def _invoices() -> None:
    op.create_table(
        "invoice",
        sa.Column("id", IDENTITY, primary_key=True),
        sa.Column("number", sa.String(40), nullable=False),
        _belongs_to("client"),
        _belongs_to("contract", index=True),
        sa.Column("issued_on", sa.Date, nullable=False),
        sa.Column("due_on", sa.Date, nullable=False),
        sa.Column("period_from", sa.Date, nullable=False),
        sa.Column("period_to", sa.Date, nullable=False),
        sa.Column("amount_cents", sa.BigInteger, nullable=False),
        sa.Column("state", sa.String(16), nullable=False),
        sa.Column("paid_on", sa.Date),
        sa.UniqueConstraint("number", name="uq_invoice_number"),
        sa.CheckConstraint("due_on >= issued_on", name="ck_invoice_due_after_issue"),
        sa.CheckConstraint("period_to >= period_from", name="ck_invoice_period"),
        sa.CheckConstraint("(state = 'paid') = (paid_on IS NOT NULL)", name="ck_invoice_paid_has_its_day"),
    )
    for day in ("due_on", "issued_on"):
        op.create_index(f"ix_invoice_client_id_{day}_state", "invoice", ["client_id", day, "state"])
    op.create_table(
        "payment_day",
        sa.Column("id", IDENTITY, primary_key=True),
        _belongs_to("client"),
        _belongs_to("contract", nullable=True),
        sa.Column("day", sa.SmallInteger, nullable=False),
        sa.UniqueConstraint("contract_id", name="uq_payment_day_contract_id"),
        sa.CheckConstraint("day BETWEEN 1 AND 28", name="ck_payment_day_is_in_every_month"),
    )
    of_client = sa.text("contract_id IS NULL")
    op.create_index(
        "uq_payment_day_of_client",
        "payment_day",
        ["client_id"],
        unique=True,
        sqlite_where=of_client,
        postgresql_where=of_client,
    )


def downgrade() -> None:
    tables = "payment_day invoice contract supply_point assignment client access representative agency person"
    for table in tables.split():
        op.drop_table(table)
