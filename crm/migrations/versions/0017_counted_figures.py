"""What was counted of whole half hours and days, and which half hours were written to later."""

from typing import Any

import sqlalchemy as sa
from alembic import op

revision = "0017"
down_revision = "0016"
branch_labels = None
depends_on = None

CALL_COUNTS = (
    "offered", "waiting", "answered", "answered_within", "picked_up", "picked_up_within", "pick_up_pending",
    "abandoned", "short_abandoned", "abandoned_within", "timed_out", "messages", "callbacks", "failed", "closed",
    "callbacks_completed", "handled", "talk_known", "hold_known", "wrap_up_known", "surveys_asked", "impressed",
    "satisfied", "not_satisfied",
)  # fmt: skip
CALL_TIMES = ("answer_wait", "pick_up_wait", "talk", "hold", "wrap_up")
AGENT_COUNTS = (
    "rings", "rings_answered", "talks", "by_transfer", "handed_on", "talk_known", "wrap_up_known", "surveys_asked",
    "impressed", "satisfied", "not_satisfied",
)  # fmt: skip
AGENT_TIMES = ("talk", "hold", "wrap_up")


def upgrade() -> None:
    op.create_table(
        "late_half_hours",
        sa.Column("half_hour_at", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("times", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("half_hour_at", name="pk_late_half_hours"),
        sqlite_with_rowid=False,
    )
    _by_queue("figures_half_hour", "half_hour_at")
    op.create_index("ix_figures_half_hour_half_hour_at", "figures_half_hour", ["half_hour_at"], unique=False)
    _by_queue("figures_day")
    op.create_table(
        "figures_agent_day",
        sa.Column("day_at", sa.BigInteger(), nullable=False),
        sa.Column("agent", sa.Text(), nullable=False),
        *_numbers(AGENT_COUNTS, AGENT_TIMES),
        sa.PrimaryKeyConstraint("day_at", "agent", name="pk_figures_agent_day"),
        sqlite_with_rowid=False,
    )
    op.create_table(
        "figures_state",
        sa.Column("id", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("counted_with", sa.Text(), nullable=False),
        sa.Column("sealed_until", sa.BigInteger(), nullable=True),
        sa.PrimaryKeyConstraint("id", name="pk_figures_state"),
    )


def _numbers(counts: tuple[str, ...], times: tuple[str, ...]) -> list[sa.Column[Any]]:
    whole = [sa.Column(name, sa.Integer(), nullable=False) for name in counts]
    return whole + [sa.Column(name, sa.BigInteger(), nullable=False) for name in times]


def _by_queue(table: str, *more: str) -> None:
    op.create_table(
        table,
        sa.Column("day_at", sa.BigInteger(), nullable=False),
        *(sa.Column(name, sa.BigInteger(), nullable=False) for name in more),
        sa.Column("queue", sa.Text(), nullable=False),
        sa.Column("out_of_hours", sa.Boolean(), nullable=False),
        *_numbers(CALL_COUNTS, CALL_TIMES),
        sa.Column("longest_wait", sa.BigInteger(), nullable=True),
        sa.PrimaryKeyConstraint("day_at", *more, "queue", "out_of_hours", name=f"pk_{table}"),
        sqlite_with_rowid=False,
    )


def downgrade() -> None:
    for table in ("figures_state", "figures_agent_day", "figures_day", "figures_half_hour", "late_half_hours"):
        op.drop_table(table)
