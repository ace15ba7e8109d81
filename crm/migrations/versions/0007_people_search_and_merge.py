"""People: found by parts of their names, changed field by field, merged with undo."""

import sqlalchemy as sa
from alembic import op

from crm.people.models import Profile
from crm.people.search import index_people

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None

IDENTITY = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
BYTEWISE = sa.Text().with_variant(sa.Text(collation="C"), "postgresql")


def upgrade() -> None:
    op.create_table(
        "done_requests",
        sa.Column("staff_id", IDENTITY, nullable=False),
        sa.Column("key", sa.Text(), nullable=False),
        sa.Column("subject", sa.Text(), nullable=False),
        sa.Column("done_at", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("staff_id", "key", name="pk_done_requests"),
        sqlite_with_rowid=False,
    )
    op.create_index("ix_done_requests_done_at", "done_requests", ["done_at"])
    _add_to_people()
    op.create_table(
        "person_words",
        sa.Column("word", BYTEWISE, nullable=False),
        sa.Column("person_id", IDENTITY, nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.CheckConstraint("kind IN ('name', 'whole', 'email')", name="ck_person_words_kind"),
        sa.ForeignKeyConstraint(["person_id"], ["people.id"], name="fk_person_words_person_id", ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("word", "person_id", name="pk_person_words"),
        sqlite_with_rowid=False,
    )
    op.create_index("ix_person_words_person_id", "person_words", ["person_id"])
    op.create_table(
        "word_spellings",
        sa.Column("spelling", sa.Text(), nullable=False),
        sa.Column("word", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("spelling", "word", name="pk_word_spellings"),
        sqlite_with_rowid=False,
    )
    _create_merges()
    _index_people()


def _add_to_people() -> None:
    op.add_column("people", sa.Column("version", sa.Integer(), server_default=sa.text("1"), nullable=False))
    op.add_column("people", sa.Column("field_versions", sa.JSON(), server_default=sa.text("'{}'"), nullable=False))
    with op.batch_alter_table("people") as people:
        people.add_column(sa.Column("merged_into_id", IDENTITY, nullable=True))
        people.create_foreign_key("fk_people_merged_into_id", "people", ["merged_into_id"], ["id"], ondelete="CASCADE")
    where = sa.text("merged_into_id IS NOT NULL")
    op.create_index(
        "ix_people_merged_into_id", "people", ["merged_into_id"], sqlite_where=where, postgresql_where=where
    )


def _create_merges() -> None:
    op.create_table(
        "person_merges",
        sa.Column("id", IDENTITY, nullable=False),
        sa.Column("kept_id", IDENTITY, nullable=False),
        sa.Column("merged_id", IDENTITY, nullable=False),
        sa.Column("merged_at", sa.BigInteger(), nullable=False),
        sa.Column("merged_by", sa.Text(), nullable=False),
        sa.Column("moved", sa.JSON(), nullable=False),
        sa.Column("undone_at", sa.BigInteger(), nullable=True),
        sa.Column("undone_by", sa.Text(), nullable=True),
        sa.ForeignKeyConstraint(["kept_id"], ["people.id"], name="fk_person_merges_kept_id", ondelete="CASCADE"),
        sa.ForeignKeyConstraint(["merged_id"], ["people.id"], name="fk_person_merges_merged_id", ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("id", name="pk_person_merges"),
    )
    op.create_index("ix_person_merges_kept_id", "person_merges", ["kept_id"])
    op.create_index("ix_person_merges_merged_id", "person_merges", ["merged_id"])
    op.create_table(
        "different_people",
        sa.Column("one_id", IDENTITY, nullable=False),
        sa.Column("other_id", IDENTITY, nullable=False),
        sa.ForeignKeyConstraint(["one_id"], ["people.id"], name="fk_different_people_one_id", ondelete="CASCADE"),
        sa.ForeignKeyConstraint(["other_id"], ["people.id"], name="fk_different_people_other_id", ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("one_id", "other_id", name="pk_different_people"),
        sqlite_with_rowid=False,
    )
    op.create_index("ix_different_people_other_id", "different_people", ["other_id"])


def _index_people() -> None:
    """An index has to agree with the program that reads it, so the program's own words make it."""
    connection = op.get_bind()
    names = sa.text(
        "SELECT id, display_name, first_name, last_name, email FROM people WHERE id > :last ORDER BY id LIMIT 1000"
    )
    last = 0
    while rows := connection.execute(names, {"last": last}).all():
        index_people(connection, {row.id: Profile(**{name: getattr(row, name) for name in _FOUND_BY}) for row in rows})
        last = rows[-1].id


_FOUND_BY = ("display_name", "first_name", "last_name", "email")


def downgrade() -> None:
    for table in ("different_people", "person_merges", "word_spellings", "person_words", "done_requests"):
        op.drop_table(table)
    op.drop_index("ix_people_merged_into_id", "people")
    with op.batch_alter_table("people") as people:
        people.drop_constraint("fk_people_merged_into_id", type_="foreignkey")
        people.drop_column("merged_into_id")
        people.drop_column("field_versions")
        people.drop_column("version")
