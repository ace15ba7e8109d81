"""Messages of supervisors to the floor, and who has read them."""

import sqlalchemy as sa
from alembic import op

revision = "0020"
down_revision = "0019"
branch_labels = None
depends_on = None

KEY = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    op.create_table(
        "floor_messages",
        sa.Column("id", KEY, nullable=False),
        sa.Column("sent_at", sa.BigInteger(), nullable=False),
        sa.Column("sent_by", KEY, nullable=False),
        sa.Column("text", sa.Text(), nullable=False),
        sa.Column("queue", sa.Text(), nullable=True),
        sa.Column("agent", sa.Text(), nullable=True),
        sa.Column("urgent", sa.Boolean(), nullable=False, server_default=sa.false()),
        sa.ForeignKeyConstraint(["sent_by"], ["staff.id"], name="fk_floor_messages_sent_by"),
        sa.PrimaryKeyConstraint("id", name="pk_floor_messages"),
    )
    op.create_index("ix_floor_messages_sent_at", "floor_messages", ["sent_at"], unique=False)
    op.create_table(
        "floor_message_reads",
        sa.Column("message_id", KEY, nullable=False),
        sa.Column("staff_id", KEY, nullable=False),
        sa.Column("read_at", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(
            ["message_id"], ["floor_messages.id"], name="fk_floor_message_reads_message_id", ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(["staff_id"], ["staff.id"], name="fk_floor_message_reads_staff_id"),
        sa.PrimaryKeyConstraint("message_id", "staff_id", name="pk_floor_message_reads"),
    )


def downgrade() -> None:
    op.drop_table("floor_message_reads")
    op.drop_table("floor_messages")
