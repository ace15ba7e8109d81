"""Keys pressed in a recorded talk, as marks of its player."""

import sqlalchemy as sa
from alembic import op

from crm.database import Identity, Instant

revision = "0026"
down_revision = "0025"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "recording_keys",
        sa.Column("id", Identity, primary_key=True),
        sa.Column("call_id", sa.Text(), nullable=False),
        sa.Column("pressed_at", Instant, nullable=False),
        sa.Column("agent", sa.Text(), nullable=True),
    )
    op.create_index("ix_recording_keys_call_id", "recording_keys", ["call_id"])


def downgrade() -> None:
    op.drop_table("recording_keys")
