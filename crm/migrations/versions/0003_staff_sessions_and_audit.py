"""People who work here, their sessions, and the audit of what was done."""

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None

IDENTITY = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    op.create_table(
        "audit_lines",
        sa.Column("id", IDENTITY, nullable=False),
        sa.Column("done_at", sa.BigInteger(), nullable=False),
        sa.Column("staff_id", IDENTITY, nullable=True),
        sa.Column("who", sa.Text(), nullable=False),
        sa.Column("action", sa.Text(), nullable=False),
        sa.Column("subject", sa.Text(), nullable=True),
        sa.Column("details", sa.JSON(), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_audit_lines"),
    )
    op.create_index("ix_audit_lines_done_at", "audit_lines", ["done_at"], unique=False)
    op.create_index("ix_audit_lines_subject", "audit_lines", ["subject"], unique=False)
    op.create_table(
        "teams",
        sa.Column("id", IDENTITY, nullable=False),
        sa.Column("name_th", sa.Text(), nullable=False),
        sa.Column("name_en", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_teams"),
    )
    op.create_table(
        "staff",
        sa.Column("id", IDENTITY, nullable=False),
        sa.Column("username", sa.Text(), nullable=False),
        sa.Column("password_hash", sa.Text(), nullable=False),
        sa.Column("password_is_temporary", sa.Boolean(), server_default=sa.false(), nullable=False),
        sa.Column("role", sa.Text(), nullable=False),
        sa.Column("name_th", sa.Text(), nullable=False),
        sa.Column("name_en", sa.Text(), nullable=False),
        sa.Column("email", sa.Text(), nullable=True),
        sa.Column("language", sa.Text(), nullable=True),
        sa.Column("department", sa.Text(), nullable=True),
        sa.Column("team_id", IDENTITY, nullable=True),
        sa.Column("extension", sa.Text(), nullable=True),
        sa.Column("phone", sa.Text(), server_default=sa.text("'browser'"), nullable=False),
        sa.Column("auto_answer", sa.Boolean(), server_default=sa.false(), nullable=False),
        sa.Column("active", sa.Boolean(), server_default=sa.true(), nullable=False),
        sa.Column("failed_logins", sa.Integer(), server_default=sa.text("0"), nullable=False),
        sa.Column("locked_until", sa.BigInteger(), nullable=True),
        sa.Column("created_at", sa.BigInteger(), nullable=False),
        sa.Column("updated_at", sa.BigInteger(), nullable=False),
        sa.CheckConstraint("role IN ('agent', 'officer', 'supervisor', 'administrator')", name="ck_staff_role"),
        sa.CheckConstraint("phone IN ('browser', 'desk')", name="ck_staff_phone"),
        sa.ForeignKeyConstraint(["team_id"], ["teams.id"], name="fk_staff_team_id", ondelete="SET NULL"),
        sa.PrimaryKeyConstraint("id", name="pk_staff"),
    )
    op.create_index("uq_staff_username", "staff", ["username"], unique=True)
    op.create_index("uq_staff_extension", "staff", ["extension"], unique=True)
    op.create_table(
        "staff_queues",
        sa.Column("staff_id", IDENTITY, nullable=False),
        sa.Column("queue", sa.Text(), nullable=False),
        sa.Column("penalty", sa.Integer(), server_default=sa.text("0"), nullable=False),
        sa.ForeignKeyConstraint(["staff_id"], ["staff.id"], name="fk_staff_queues_staff_id", ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("staff_id", "queue", name="pk_staff_queues"),
    )
    op.create_table(
        "sessions",
        sa.Column("token_hash", sa.Text(), nullable=False),
        sa.Column("staff_id", IDENTITY, nullable=False),
        sa.Column("csrf", sa.Text(), nullable=False),
        sa.Column("created_at", sa.BigInteger(), nullable=False),
        sa.Column("seen_at", sa.BigInteger(), nullable=False),
        sa.Column("address", sa.Text(), nullable=True),
        sa.Column("browser", sa.Text(), nullable=True),
        sa.ForeignKeyConstraint(["staff_id"], ["staff.id"], name="fk_sessions_staff_id", ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("token_hash", name="pk_sessions"),
    )
    op.create_index("ix_sessions_staff_id", "sessions", ["staff_id"], unique=False)


def downgrade() -> None:
    for table in ("sessions", "staff_queues", "staff", "teams", "audit_lines"):
        op.drop_table(table)
