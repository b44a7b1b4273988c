"""The support desk: staff and their sessions, cases, their steps and internal notes."""

import sqlalchemy as sa
from alembic import op

revision = "0012"
down_revision = "0011"

MOMENT = sa.DateTime(timezone=True)
IDENTITY = sa.BigInteger().with_variant(sa.Integer, "sqlite")


def upgrade() -> None:
    _staff()
    _sessions()
    _cases()
    _steps()
    _notes()


def _id() -> sa.Column:
    return sa.Column("id", IDENTITY, primary_key=True)


def _of_case() -> sa.Column:
    reference = sa.ForeignKey("support_case.id", ondelete="CASCADE")
    return sa.Column("case_id", IDENTITY, reference, nullable=False, index=True)


def _by(name: str = "staff_id", nullable: bool = True) -> sa.Column:
    return sa.Column(name, IDENTITY, sa.ForeignKey("staff.id"), nullable=nullable)


def _staff() -> None:
    op.create_table(
        "staff",
        _id(),
        sa.Column("login", sa.String(100), nullable=False),
        sa.Column("name", sa.String(60), nullable=False),
        sa.Column("role", sa.String(16), nullable=False),
        sa.Column("team", sa.String(48), nullable=False),
        sa.Column("password_hash", sa.String(200)),
        sa.Column("sealed_secret", sa.String(300)),
        sa.Column("secret_confirmed_at", MOMENT),
        sa.Column("last_step", sa.Integer, nullable=False),
        sa.Column("created_at", MOMENT, nullable=False),
        sa.Column("seen_at", MOMENT),
        sa.Column("disabled_at", MOMENT),
        sa.UniqueConstraint("login", name="uq_staff_login"),
    )


def _sessions() -> None:
    op.create_table(
        "staff_session",
        _id(),
        sa.Column("token_digest", sa.String(64), nullable=False),
        sa.Column("staff_id", IDENTITY, sa.ForeignKey("staff.id"), nullable=False, index=True),
        sa.Column("signed_in_at", MOMENT, nullable=False),
        sa.Column("seen_at", MOMENT, nullable=False),
        sa.Column("ended_at", MOMENT),
        sa.UniqueConstraint("token_digest", name="uq_staff_session_token_digest"),
    )


def _cases() -> None:
    op.create_table(
        "support_case",
        _id(),
        sa.Column("address", sa.String(200), nullable=False),
        sa.Column("state", sa.String(16), nullable=False),
        sa.Column("reason", sa.String(24), nullable=False),
        sa.Column("choice", sa.String(8), nullable=False),
        sa.Column("asking", sa.String(8), nullable=False),
        sa.Column("phone", sa.String(20)),
        sa.Column("email", sa.String(254)),
        sa.Column("procedure_id", IDENTITY, sa.ForeignKey("procedure.id"), nullable=False, index=True),
        sa.Column("tracking_key", sa.String(14), nullable=False),
        sa.Column("deadline_on", sa.Date, nullable=False),
        sa.Column("person_id", IDENTITY, sa.ForeignKey("person.id"), index=True),
        sa.Column("agency_id", IDENTITY, sa.ForeignKey("agency.id"), index=True),
        sa.Column("team", sa.String(48), nullable=False),
        _by(),
        sa.Column("opened_at", MOMENT, nullable=False),
        sa.Column("queued_at", MOMENT, nullable=False),
        sa.Column("taken_at", MOMENT),
        sa.Column("first_answer_at", MOMENT),
        sa.Column("ended_at", MOMENT),
        sa.Column("changed_at", MOMENT, nullable=False),
        sa.Column("last_person_at", MOMENT, nullable=False),
        sa.Column("read_sequence", sa.Integer, nullable=False),
        sa.Column("outcome", sa.String(48)),
    )
    _case_indexes()


def _case_indexes() -> None:
    for columns in (
        ["state", "opened_at", "id"],
        ["state", "deadline_on", "id"],
        ["staff_id", "state"],
        ["changed_at"],
        ["address"],
        ["taken_at"],
    ):
        named = [name for name in columns if name != "id"]
        op.create_index(f"ix_support_case_{'_'.join(named)}", "support_case", columns)
    live = sa.text("state IN ('waiting', 'agent')")
    op.create_index(
        "uq_support_case_address_live",
        "support_case",
        ["address"],
        unique=True,
        sqlite_where=live,
        postgresql_where=live,
    )


def _steps() -> None:
    op.create_table(
        "support_case_step",
        _id(),
        _of_case(),
        sa.Column("at", MOMENT, nullable=False, index=True),
        sa.Column("what", sa.String(16), nullable=False),
        _by(),
        _by("to_staff_id"),
        sa.Column("to_team", sa.String(48), nullable=False),
    )


def _notes() -> None:
    op.create_table(
        "support_case_note",
        _id(),
        _of_case(),
        _by(nullable=False),
        sa.Column("at", MOMENT, nullable=False),
        sa.Column("text", sa.Text, nullable=False),
    )


def downgrade() -> None:
    for table in ("support_case_note", "support_case_step", "support_case", "staff_session", "staff"):
        op.drop_table(table)
