"""Agents' own calls: to colleagues, departments and numbers outside."""

import sqlalchemy as sa
from alembic import op

revision = "0012"
down_revision = "0011"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "outbound_calls",
        sa.Column("outbound_id", sa.Text(), nullable=False),
        sa.Column("agent", sa.Text(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("number", sa.Text(), nullable=False),
        sa.Column("began_at", sa.BigInteger(), nullable=False),
        sa.Column("answered_at", sa.BigInteger(), nullable=True),
        sa.Column("ended_at", sa.BigInteger(), nullable=True),
        sa.Column("result", sa.Text(), nullable=True),
        sa.Column("cause", sa.Integer(), nullable=True),
        sa.CheckConstraint("kind IN ('agent', 'department', 'outside')", name="ck_outbound_calls_kind"),
        sa.CheckConstraint(
            "result IN ('answered', 'busy', 'no_answer', 'cancelled', 'unreachable', 'failed')",
            name="ck_outbound_calls_result",
        ),
        sa.PrimaryKeyConstraint("outbound_id", name="pk_outbound_calls"),
    )
    op.create_index("ix_outbound_calls_agent_began_at", "outbound_calls", ["agent", "began_at"], unique=False)


def downgrade() -> None:
    op.drop_table("outbound_calls")
