"""Recordings of talks, and the parts of them that were left out."""

import sqlalchemy as sa
from alembic import op

revision = "0019"
down_revision = "0018"
branch_labels = None
depends_on = None

IDENTITY = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    op.create_table(
        "recordings",
        sa.Column("call_id", sa.Text(), nullable=False),
        sa.Column("started_at", sa.BigInteger(), nullable=False),
        sa.Column("queue", sa.Text()),
        sa.Column("sides", sa.Boolean(), nullable=False),
        sa.Column("announced", sa.Boolean(), nullable=False),
        sa.Column("channel", sa.Text()),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("path", sa.Text()),
        sa.Column("seconds", sa.Float()),
        sa.Column("size_bytes", sa.BigInteger()),
        sa.Column("sha256", sa.Text()),
        sa.Column("peaks", sa.Text()),
        sa.Column("kept_at", sa.BigInteger()),
        sa.Column("deleted_at", sa.BigInteger()),
        sa.CheckConstraint("state IN ('running', 'kept', 'deleted', 'lost')", name="ck_recordings_state"),
        sa.PrimaryKeyConstraint("call_id", name="pk_recordings"),
    )
    op.create_index("ix_recordings_started_at", "recordings", ["started_at"])
    running = sa.text("state = 'running'")
    op.create_index("ix_recordings_running", "recordings", ["call_id"], sqlite_where=running, postgresql_where=running)
    op.create_table(
        "recording_pauses",
        sa.Column("id", IDENTITY, nullable=False),
        sa.Column("call_id", sa.Text(), nullable=False),
        sa.Column("from_at", sa.BigInteger(), nullable=False),
        sa.Column("until_at", sa.BigInteger()),
        sa.Column("staff_id", IDENTITY),
        sa.Column("who", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(["staff_id"], ["staff.id"], name="fk_recording_pauses_staff_id", ondelete="SET NULL"),
        sa.PrimaryKeyConstraint("id", name="pk_recording_pauses"),
    )
    op.create_index("ix_recording_pauses_call_id", "recording_pauses", ["call_id"])


def downgrade() -> None:
    op.drop_table("recording_pauses")
    op.drop_table("recordings")
