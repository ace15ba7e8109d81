"""Letters as pages, with files, by several servers; and those that came back."""

import sqlalchemy as sa
from alembic import op

revision = "0015"
down_revision = "0014"
branch_labels = None
depends_on = None

IDENTITY = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    for column in ("html", "server", "bounce"):
        op.add_column("letters", sa.Column(column, sa.Text(), nullable=True))
    op.add_column("letters", sa.Column("bounced_at", sa.BigInteger(), nullable=True))
    op.create_table(
        "letter_files",
        sa.Column("letter_id", IDENTITY, autoincrement=False, nullable=False),
        sa.Column("ordinal", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("media_type", sa.Text(), nullable=False),
        sa.Column("sha256", sa.Text(), nullable=False),
        sa.Column("size_bytes", sa.Integer(), nullable=False),
        sa.Column("link_key", sa.Text(), nullable=True),
        sa.Column("link_until", sa.BigInteger(), nullable=True),
        sa.ForeignKeyConstraint(["letter_id"], ["letters.id"], name="fk_letter_files_letter_id", ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("letter_id", "ordinal", name="pk_letter_files"),
        sqlite_with_rowid=False,
    )
    op.create_index("uq_letter_files_link_key", "letter_files", ["link_key"], unique=True)


def downgrade() -> None:
    op.drop_table("letter_files")
    for column in ("bounced_at", "bounce", "server", "html"):
        op.drop_column("letters", column)
