"""How much of a talk is not in its recording."""

import sqlalchemy as sa
from alembic import op

revision = "0024"
down_revision = "0023"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("recordings", sa.Column("missing_seconds", sa.Float(), nullable=True))


def downgrade() -> None:
    op.drop_column("recordings", "missing_seconds")
