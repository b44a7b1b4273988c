"""Signing in, mail, the audit, and operations that wait for a yes."""

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"

MOMENT = sa.DateTime(timezone=True)
IDENTITY = sa.BigInteger().with_variant(sa.Integer, "sqlite")
DIGEST = sa.String(64)
ADDRESS = sa.String(200)


def _id() -> sa.Column:
    return sa.Column("id", IDENTITY, primary_key=True)


def _reference(table: str, *, column: str = "", nullable: bool = False, index: bool = False) -> sa.Column:
    name = column or f"{table}_id"
    return sa.Column(name, IDENTITY, sa.ForeignKey(f"{table}.id"), nullable=nullable, index=index)


def _moment(name: str, nullable: bool = False) -> sa.Column:
    return sa.Column(name, MOMENT, nullable=nullable)


def upgrade() -> None:
    _secrets()
    _sessions()
    _operations()
    _mail()
    _audit()


def _secrets() -> None:
    op.create_table(
        "credential",
        sa.Column("person_id", IDENTITY, sa.ForeignKey("person.id"), primary_key=True, autoincrement=False),
        sa.Column("password_hash", sa.String(200), nullable=False),
        _moment("changed_at"),
    )
    op.create_table(
        "second_factor",
        sa.Column("person_id", IDENTITY, sa.ForeignKey("person.id"), primary_key=True, autoincrement=False),
        sa.Column("sealed_secret", sa.String(300), nullable=False),
        _moment("confirmed_at", nullable=True),
        sa.Column("last_step", sa.BigInteger, nullable=False),
    )
    op.create_table(
        "recovery_code",
        _id(),
        _reference("person", index=True),
        sa.Column("code_digest", DIGEST, nullable=False),
        _moment("used_at", nullable=True),
    )
    op.create_table(
        "attempt",
        _id(),
        sa.Column("kind", sa.String(32), nullable=False),
        sa.Column("key_digest", DIGEST, nullable=False),
        _moment("made_at"),
    )
    op.create_index("ix_attempt_kind_key_digest_made_at", "attempt", ["kind", "key_digest", "made_at"])


def _sessions() -> None:
    op.create_table(
        "sign_in_link",
        _id(),
        sa.Column("token_digest", DIGEST, nullable=False),
        sa.Column("address", ADDRESS, nullable=False, index=True),
        _moment("created_at"),
        _moment("expires_at"),
        _moment("used_at", nullable=True),
        sa.UniqueConstraint("token_digest", name="uq_sign_in_link_token_digest"),
    )
    op.create_table(
        "password_link",
        _id(),
        sa.Column("token_digest", DIGEST, nullable=False),
        _reference("person", nullable=True, index=True),
        _reference("sign_in_link", nullable=True),
        _moment("created_at"),
        _moment("expires_at"),
        _moment("used_at", nullable=True),
        sa.UniqueConstraint("token_digest", name="uq_password_link_token_digest"),
    )
    op.create_table(
        "session",
        _id(),
        sa.Column("address", ADDRESS, nullable=False),
        _reference("person", index=True),
        _reference("agency", nullable=True),
        sa.Column("browser_digest", DIGEST, index=True),
        _moment("signed_in_at"),
        _moment("seen_at"),
        _moment("ended_at", nullable=True),
    )
    live = sa.text("ended_at IS NULL")
    op.create_index(
        "uq_session_address_live", "session", ["address"], unique=True, sqlite_where=live, postgresql_where=live
    )
    op.create_table(
        "mailed_code",
        _id(),
        sa.Column("address", ADDRESS, nullable=False, index=True),
        sa.Column("purpose", sa.String(32), nullable=False),
        sa.Column("subject", sa.String(64), nullable=False),
        sa.Column("code_digest", DIGEST, nullable=False),
        sa.Column("failures", sa.SmallInteger, nullable=False),
        _moment("created_at"),
        _moment("expires_at"),
        _moment("used_at", nullable=True),
    )


def _operations() -> None:
    op.create_table(
        "pending_operation",
        _id(),
        sa.Column("reference", sa.String(43), nullable=False),
        _reference("session", index=True),
        sa.Column("kind", sa.String(48), nullable=False),
        sa.Column("details", sa.JSON, nullable=False),
        _moment("created_at"),
        _moment("expires_at"),
        _moment("settled_at", nullable=True),
        sa.Column("outcome", sa.String(16)),
        sa.UniqueConstraint("reference", name="uq_pending_operation_reference"),
    )


def _mail() -> None:
    op.create_table(
        "mail",
        _id(),
        sa.Column("recipient", sa.String(254), nullable=False),
        sa.Column("template", sa.String(64), nullable=False),
        sa.Column("details", sa.JSON, nullable=False),
        sa.Column("once", sa.String(100)),
        sa.Column("state", sa.String(16), nullable=False),
        sa.Column("attempts", sa.Integer, nullable=False),
        _moment("created_at"),
        _moment("next_try_at"),
        _moment("sent_at", nullable=True),
        sa.Column("problem", sa.String(300)),
        sa.UniqueConstraint("once", name="uq_mail_once"),
    )
    op.create_index("ix_mail_state_next_try_at", "mail", ["state", "next_try_at"])


def _audit() -> None:
    op.create_table(
        "audit",
        _id(),
        _moment("at"),
        sa.Column("address", ADDRESS, nullable=False),
        sa.Column("person_id", IDENTITY),
        sa.Column("agency_id", IDENTITY),
        sa.Column("action", sa.String(48), nullable=False),
        sa.Column("object_kind", sa.String(32), nullable=False),
        sa.Column("object_id", sa.String(64), nullable=False),
        sa.Column("result", sa.String(16), nullable=False),
    )
    for columns in (["at"], ["person_id", "at"], ["agency_id", "at"], ["object_kind", "object_id", "at"]):
        op.create_index(f"ix_audit_{'_'.join(columns)}", "audit", columns)
    _forbid_changes_of("audit")


def _forbid_changes_of(table: str) -> None:
    """Rows are added, never changed or taken away."""
    if op.get_bind().dialect.name == "sqlite":
        for change in ("UPDATE", "DELETE"):
            op.execute(
                f"CREATE TRIGGER {table}_no_{change.lower()} BEFORE {change} ON {table} "
                f"BEGIN SELECT RAISE(ABORT, '{table} is append-only'); END"
            )
        op.execute(  # INSERT OR REPLACE deletes without the trigger for that
            f"CREATE TRIGGER {table}_no_replace BEFORE INSERT ON {table} "  # noqa: S608 - a name of ours
            f"WHEN EXISTS (SELECT 1 FROM {table} WHERE id = NEW.id) "
            f"BEGIN SELECT RAISE(ABORT, '{table} is append-only'); END"
        )
        return
    op.execute(
        f"CREATE FUNCTION {table}_is_append_only() RETURNS trigger LANGUAGE plpgsql AS "
        f"$$ BEGIN RAISE EXCEPTION '{table} is append-only'; END $$"
    )
    op.execute(
        f"CREATE TRIGGER {table}_no_change BEFORE UPDATE OR DELETE OR TRUNCATE ON {table} "
        f"FOR EACH STATEMENT EXECUTE FUNCTION {table}_is_append_only()"
    )


def downgrade() -> None:
    op.drop_table("audit")
    if op.get_bind().dialect.name == "postgresql":
        op.execute("DROP FUNCTION audit_is_append_only()")
    tables = "mail pending_operation mailed_code session password_link sign_in_link attempt recovery_code second_factor"
    for table in [*tables.split(), "credential"]:
        op.drop_table(table)
