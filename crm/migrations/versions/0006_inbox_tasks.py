"""Callers who are called back by hand: who does it, and that it is done."""

import sqlalchemy as sa
from alembic import op

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None

IDENTITY = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    op.create_table(
        "inbox_tasks",
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("call_id", sa.Text(), nullable=False),
        sa.Column("taken_by", IDENTITY, nullable=True),
        sa.Column("taken_at", sa.BigInteger(), nullable=True),
        sa.Column("done_by", IDENTITY, nullable=True),
        sa.Column("done_at", sa.BigInteger(), nullable=True),
        sa.CheckConstraint("kind IN ('missed', 'callback')", name="ck_inbox_tasks_kind"),
        sa.ForeignKeyConstraint(["call_id"], ["calls.call_id"], name="fk_inbox_tasks_call_id", ondelete="CASCADE"),
        sa.ForeignKeyConstraint(["done_by"], ["staff.id"], name="fk_inbox_tasks_done_by", ondelete="SET NULL"),
        sa.ForeignKeyConstraint(["taken_by"], ["staff.id"], name="fk_inbox_tasks_taken_by", ondelete="SET NULL"),
        sa.PrimaryKeyConstraint("kind", "call_id", name="pk_inbox_tasks"),
        sqlite_with_rowid=False,
    )
    op.create_index("ix_inbox_tasks_call_id", "inbox_tasks", ["call_id"], unique=False)


def downgrade() -> None:
    op.drop_table("inbox_tasks")
