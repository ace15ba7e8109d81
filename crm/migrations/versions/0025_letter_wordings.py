"""The wording of letters, where it was changed."""

import sqlalchemy as sa
from alembic import op

revision = "0025"
down_revision = "0024"
branch_labels = None
depends_on = None

IDENTITY = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    op.create_table(
        "letter_wordings",
        sa.Column("language", sa.Text(), nullable=False),
        sa.Column("subject", sa.Text(), nullable=True),
        sa.Column("opening", sa.Text(), nullable=True),
        sa.Column("closing", sa.Text(), nullable=True),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("changed_by", IDENTITY, nullable=True),
        sa.Column("changed_at", sa.BigInteger(), nullable=False),
        sa.CheckConstraint("language IN ('th', 'en')", name="ck_letter_wordings_language"),
        sa.ForeignKeyConstraint(
            ["changed_by"], ["staff.id"], name="fk_letter_wordings_changed_by", ondelete="SET NULL"
        ),
        sa.PrimaryKeyConstraint("language", name="pk_letter_wordings"),
    )


def downgrade() -> None:
    op.drop_table("letter_wordings")
