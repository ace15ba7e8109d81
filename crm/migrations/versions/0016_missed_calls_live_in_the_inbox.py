"""What was done about a missed call is kept by the inbox (``inbox_tasks``): the other table for it goes."""

import sqlalchemy as sa
from alembic import op

revision = "0016"
down_revision = "0015"
branch_labels = None
depends_on = None

IDENTITY = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    op.drop_table("missed_calls_done")


def downgrade() -> None:
    op.create_table(
        "missed_calls_done",
        sa.Column("call_id", sa.Text(), nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("staff_id", IDENTITY, nullable=True),
        sa.Column("done_at", sa.BigInteger(), nullable=False),
        sa.CheckConstraint("state IN ('called_back', 'not_needed')", name="ck_missed_calls_done_state"),
        sa.ForeignKeyConstraint(
            ["call_id"], ["calls.call_id"], name="fk_missed_calls_done_call_id", ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(["staff_id"], ["staff.id"], name="fk_missed_calls_done_staff_id", ondelete="SET NULL"),
        sa.PrimaryKeyConstraint("call_id", name="pk_missed_calls_done"),
        sqlite_with_rowid=False,
    )
