"""The roster of shifts, and forecasts of calls brought in from elsewhere."""

import sqlalchemy as sa
from alembic import op

revision = "0021"
down_revision = "0020"
branch_labels = None
depends_on = None

IDENTITY = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    op.create_table(
        "roster_shifts",
        sa.Column("id", IDENTITY, nullable=False),
        sa.Column("day", sa.Date(), nullable=False),
        sa.Column("starts", sa.Integer(), nullable=False),
        sa.Column("ends", sa.Integer(), nullable=False),
        sa.Column("break_starts", sa.Integer(), nullable=True),
        sa.Column("break_ends", sa.Integer(), nullable=True),
        sa.Column("staff_id", IDENTITY, nullable=True),
        sa.Column("team_id", IDENTITY, nullable=True),
        sa.Column("people", sa.Integer(), nullable=False),
        sa.Column("changed_at", sa.BigInteger(), nullable=False),
        sa.CheckConstraint("(staff_id IS NULL) <> (team_id IS NULL)", name="ck_roster_shifts_who"),
        sa.CheckConstraint("starts >= 0 AND starts < ends AND ends <= 1440", name="ck_roster_shifts_times"),
        sa.CheckConstraint("people BETWEEN 1 AND 999", name="ck_roster_shifts_people"),
        sa.ForeignKeyConstraint(["staff_id"], ["staff.id"], name="fk_roster_shifts_staff_id", ondelete="CASCADE"),
        sa.ForeignKeyConstraint(["team_id"], ["teams.id"], name="fk_roster_shifts_team_id", ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("id", name="pk_roster_shifts"),
    )
    for column in ("day", "staff_id", "team_id"):
        op.create_index(f"ix_roster_shifts_{column}", "roster_shifts", [column], unique=False)
    op.create_table(
        "forecast_slots",
        sa.Column("queue", sa.Text(), nullable=False),
        sa.Column("day", sa.Date(), nullable=False),
        sa.Column("minute", sa.Integer(), nullable=False),
        sa.Column("calls", sa.Float(), nullable=False),
        sa.Column("handling_seconds", sa.Float(), nullable=True),
        sa.Column("imported_at", sa.BigInteger(), nullable=False),
        sa.CheckConstraint("minute >= 0 AND minute < 1440 AND calls >= 0", name="ck_forecast_slots_slot"),
        sa.PrimaryKeyConstraint("queue", "day", "minute", name="pk_forecast_slots"),
    )


def downgrade() -> None:
    op.drop_table("forecast_slots")
    op.drop_table("roster_shifts")
