"""External managers, requests that change rights, assignments with a history, and the client's own mailbox."""

import sqlalchemy as sa
from alembic import op

revision = "0011"
down_revision = "0010"

MOMENT = sa.DateTime(timezone=True)
IDENTITY = sa.BigInteger().with_variant(sa.Integer, "sqlite")
DIGEST = sa.String(64)
OPEN = sa.text("valid_until IS NULL")
NAMES = {"pk": "pk_%(table_name)s", "fk": "fk_%(table_name)s_%(column_0_N_name)s"}


def upgrade() -> None:
    _managers()
    _assignments()
    _requests()
    with op.batch_alter_table("invitation") as invitation:
        invitation.alter_column("access_id", existing_type=IDENTITY, nullable=True)


def _reference(table: str, **more: bool) -> sa.Column:
    return sa.Column(f"{table}_id", IDENTITY, sa.ForeignKey(f"{table}.id"), **({"nullable": False} | more))


def _moment(name: str, nullable: bool = False) -> sa.Column:
    return sa.Column(name, MOMENT, nullable=nullable)


def _managers() -> None:
    manager = sa.Column("manager_id", IDENTITY, sa.ForeignKey("person.id", name="fk_access_manager_id_person"))
    op.add_column("access", sa.Column("manager_kind", sa.String(16)))
    op.add_column("access", manager, inline_references=True)
    op.create_index("ix_access_manager_id", "access", ["manager_id"])
    op.add_column("client", sa.Column("email", sa.String(254)))


def _assignments() -> None:
    """The same rows with numbers of their own: an agency may come to manage a client again."""
    op.rename_table("assignment", "assignment_before")
    op.drop_index("ix_assignment_client_id", "assignment_before")
    op.create_table(
        "assignment",
        sa.Column("id", IDENTITY, primary_key=True),
        _reference("agency"),
        _reference("client"),
        _moment("valid_from"),
        _moment("valid_until", nullable=True),
        sa.UniqueConstraint(
            "agency_id", "client_id", "valid_from", name="uq_assignment_agency_id_client_id_valid_from"
        ),
    )
    op.execute(
        "INSERT INTO assignment (agency_id, client_id, valid_from, valid_until)"
        " SELECT agency_id, client_id, valid_from, valid_until FROM assignment_before ORDER BY client_id, agency_id"
    )
    op.drop_table("assignment_before")
    op.create_index("ix_assignment_client_id", "assignment", ["client_id"])
    op.create_index(
        "uq_assignment_agency_id_client_id_open",
        "assignment",
        ["agency_id", "client_id"],
        unique=True,
        sqlite_where=OPEN,
        postgresql_where=OPEN,
    )


def _requests() -> None:
    op.create_table(
        "rights_request",
        _reference("procedure", primary_key=True),
        _reference("agency", index=True),
        _reference("person"),
        sa.Column("details", sa.JSON, nullable=False),
        _moment("created_at"),
        _moment("applied_at", nullable=True),
    )
    op.create_table(
        "assignment_request",
        sa.Column("id", IDENTITY, primary_key=True),
        sa.Column("token_digest", DIGEST, nullable=False),
        _reference("procedure"),
        _reference("agency", index=True),
        _reference("person"),
        _reference("client", nullable=True),
        sa.Column("address", sa.String(200), nullable=False),
        _moment("created_at"),
        _moment("expires_at"),
        _moment("used_at", nullable=True),
        sa.Column("answer", sa.String(16)),
        _moment("told_at", nullable=True),
        sa.UniqueConstraint("token_digest", name="uq_assignment_request_token_digest"),
    )
    for column in ("expires_at", "address"):
        op.create_index(f"ix_assignment_request_{column}", "assignment_request", [column])
    op.create_table(
        "assignment_withdrawal",
        sa.Column("id", IDENTITY, primary_key=True),
        sa.Column("token_digest", DIGEST, nullable=False),
        _reference("assignment", index=True),
        _moment("created_at"),
        _moment("expires_at"),
        _moment("used_at", nullable=True),
        sa.UniqueConstraint("token_digest", name="uq_assignment_withdrawal_token_digest"),
    )


def downgrade() -> None:
    for table in ("assignment_withdrawal", "assignment_request", "rights_request"):
        op.drop_table(table)
    _one_assignment_each()
    op.execute("DELETE FROM invitation WHERE access_id IS NULL")
    with op.batch_alter_table("invitation") as invitation:
        invitation.alter_column("access_id", existing_type=IDENTITY, nullable=False)
    # Not in batch mode: other tables point to these, and SQLite would empty them on the way.
    op.drop_column("client", "email")
    op.drop_index("ix_access_manager_id", "access")
    # Nobody would end it with the manager's right any more, which is what it was given by.
    op.execute("UPDATE access SET valid_until = valid_from WHERE manager_id IS NOT NULL AND valid_until IS NULL")
    for name in ("manager_id", "manager_kind"):
        op.drop_column("access", name)


def _one_assignment_each() -> None:
    op.rename_table("assignment", "assignment_after")
    op.drop_index("ix_assignment_client_id", "assignment_after")
    op.drop_index("uq_assignment_agency_id_client_id_open", "assignment_after")
    op.create_table(
        "assignment",
        _reference("agency", primary_key=True),
        _reference("client", primary_key=True, index=True),
        _moment("valid_from"),
        _moment("valid_until", nullable=True),
    )
    op.execute(
        "INSERT INTO assignment SELECT agency_id, client_id, valid_from, valid_until FROM assignment_after AS one"
        " WHERE NOT EXISTS (SELECT 1 FROM assignment_after AS other WHERE other.agency_id = one.agency_id"
        " AND other.client_id = one.client_id AND other.id > one.id)"
    )
    op.drop_table("assignment_after")
