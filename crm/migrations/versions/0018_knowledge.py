"""The knowledge base: articles with versions, documents, dealers, sources, and the search index."""

import sqlalchemy as sa
from alembic import op

revision = "0018"
down_revision = "0017"
branch_labels = None
depends_on = None

IDENTITY = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    _search_blocks()
    _search_passages()
    _search_postings()
    _search_marks()
    _useful_answers()
    _documents()
    _knowledge_articles()
    _knowledge_versions()
    _dealers()
    _sources()


def _search_blocks() -> None:
    op.create_table(
        "search_blocks",
        sa.Column("block", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("shelf", sa.Text(), nullable=False),
        sa.Column("used", sa.Integer(), nullable=False),
        sa.Column("passages", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("block", name="pk_search_blocks"),
    )
    op.create_index("ix_search_blocks_shelf_block", "search_blocks", ["shelf", "block"], unique=False)


def _search_passages() -> None:
    op.create_table(
        "search_passages",
        sa.Column("id", IDENTITY, autoincrement=False, nullable=False),
        sa.Column("shelf", sa.Text(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("ref", sa.BigInteger(), nullable=False),
        sa.Column("ordinal", sa.Integer(), nullable=False),
        sa.Column("title", sa.Text(), nullable=False),
        sa.Column("also", sa.Text(), server_default=sa.text("''"), nullable=False),
        sa.Column("body", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_search_passages"),
    )
    op.create_index("uq_search_passages_kind_ref_ordinal", "search_passages", ["kind", "ref", "ordinal"], unique=True)


def _search_postings() -> None:
    op.create_table(
        "search_postings",
        sa.Column("term", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("block", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("count", sa.Integer(), nullable=False),
        sa.Column("packed", sa.LargeBinary(), nullable=False),
        sa.PrimaryKeyConstraint("term", "block", name="pk_search_postings"),
        sqlite_with_rowid=False,
    )


def _search_marks() -> None:
    op.create_table(
        "search_marks",
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("at", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("name", name="pk_search_marks"),
    )


def _useful_answers() -> None:
    op.create_table(
        "useful_answers",
        sa.Column("id", IDENTITY, nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("ref", sa.BigInteger(), nullable=False),
        sa.Column("question", sa.Text(), nullable=False),
        sa.Column("topic_id", IDENTITY, nullable=True),
        sa.Column("contact_id", IDENTITY, nullable=True),
        sa.Column("staff_id", IDENTITY, nullable=True),
        sa.Column("marked_at", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_useful_answers"),
    )
    op.create_index("ix_useful_answers_kind_ref", "useful_answers", ["kind", "ref"], unique=False)
    op.create_index("ix_useful_answers_topic_id", "useful_answers", ["topic_id"], unique=False)


def _documents() -> None:
    op.create_table(
        "documents",
        sa.Column("id", IDENTITY, nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("title_th", sa.Text(), nullable=False),
        sa.Column("title_en", sa.Text(), nullable=False),
        sa.Column("also", sa.Text(), server_default=sa.text("''"), nullable=False),
        sa.Column("media_type", sa.Text(), nullable=False),
        sa.Column("size_bytes", sa.BigInteger(), nullable=False),
        sa.Column("sha256", sa.Text(), nullable=False),
        sa.Column("sensitive", sa.Boolean(), server_default=sa.false(), nullable=False),
        sa.Column("restricted", sa.Boolean(), server_default=sa.false(), nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("topic_id", IDENTITY, nullable=True),
        sa.Column("department", sa.Text(), server_default=sa.text("''"), nullable=False),
        sa.Column("valid_until", sa.Date(), nullable=True),
        sa.Column("text", sa.Text(), server_default=sa.text("''"), nullable=False),
        sa.Column("text_state", sa.Text(), nullable=False),
        sa.Column("added_by", IDENTITY, nullable=True),
        sa.Column("added_at", sa.BigInteger(), nullable=False),
        sa.Column("verified_by", IDENTITY, nullable=True),
        sa.Column("verified_at", sa.BigInteger(), nullable=True),
        sa.Column("updated_at", sa.BigInteger(), nullable=False),
        sa.CheckConstraint("state IN ('draft', 'published', 'retired')", name="ck_documents_state"),
        sa.CheckConstraint("text_state IN ('taken', 'none', 'failed')", name="ck_documents_text_state"),
        sa.ForeignKeyConstraint(["topic_id"], ["topics.id"], name="fk_documents_topic_id"),
        sa.PrimaryKeyConstraint("id", name="pk_documents"),
    )
    op.create_index("ix_documents_state", "documents", ["state"], unique=False)
    op.create_index("ix_documents_sha256", "documents", ["sha256"], unique=False)


def _knowledge_articles() -> None:
    op.create_table(
        "knowledge_articles",
        sa.Column("id", IDENTITY, nullable=False),
        sa.Column("external_id", sa.Text(), nullable=True),
        sa.Column("published_version", sa.Integer(), nullable=True),
        sa.Column("latest_version", sa.Integer(), nullable=False),
        sa.Column("created_at", sa.BigInteger(), nullable=False),
        sa.Column("updated_at", sa.BigInteger(), nullable=False),
        sa.Column("retired_at", sa.BigInteger(), nullable=True),
        sa.Column("review_at", sa.Date(), nullable=True),
        sa.PrimaryKeyConstraint("id", name="pk_knowledge_articles"),
    )
    op.create_index("ix_knowledge_articles_review_at", "knowledge_articles", ["review_at"], unique=False)
    op.create_index("uq_knowledge_articles_external_id", "knowledge_articles", ["external_id"], unique=True)


def _knowledge_versions() -> None:
    op.create_table(
        "knowledge_versions",
        sa.Column("id", IDENTITY, nullable=False),
        sa.Column("article_id", IDENTITY, nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("question_th", sa.Text(), nullable=False),
        sa.Column("question_en", sa.Text(), nullable=False),
        sa.Column("answer_th", sa.Text(), nullable=False),
        sa.Column("answer_en", sa.Text(), nullable=False),
        sa.Column("also", sa.Text(), server_default=sa.text("''"), nullable=False),
        sa.Column("sources", sa.Text(), server_default=sa.text("''"), nullable=False),
        sa.Column("topic_id", IDENTITY, nullable=True),
        sa.Column("department", sa.Text(), server_default=sa.text("''"), nullable=False),
        sa.Column("valid_until", sa.Date(), nullable=True),
        sa.Column("attachments", sa.JSON(), nullable=False),
        sa.Column("author_id", IDENTITY, nullable=True),
        sa.Column("author", sa.Text(), nullable=False),
        sa.Column("made_at", sa.BigInteger(), nullable=False),
        sa.Column("why", sa.Text(), server_default=sa.text("''"), nullable=False),
        sa.Column("verifier_id", IDENTITY, nullable=True),
        sa.Column("verifier", sa.Text(), server_default=sa.text("''"), nullable=False),
        sa.Column("verified_at", sa.BigInteger(), nullable=True),
        sa.Column("refusal", sa.Text(), server_default=sa.text("''"), nullable=False),
        sa.Column("published_at", sa.BigInteger(), nullable=True),
        sa.CheckConstraint(
            "state IN ('draft', 'waiting', 'verified', 'published', 'replaced', 'refused')",
            name="ck_knowledge_versions_state",
        ),
        sa.ForeignKeyConstraint(["topic_id"], ["topics.id"], name="fk_knowledge_versions_topic_id"),
        sa.ForeignKeyConstraint(
            ["article_id"], ["knowledge_articles.id"], name="fk_knowledge_versions_article_id", ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name="pk_knowledge_versions"),
    )
    op.create_index("ix_knowledge_versions_state", "knowledge_versions", ["state"], unique=False)
    op.create_index(
        "uq_knowledge_versions_article_id_number", "knowledge_versions", ["article_id", "number"], unique=True
    )


def _dealers() -> None:
    op.create_table(
        "dealers",
        sa.Column("id", IDENTITY, nullable=False),
        sa.Column("code", sa.Text(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("name_th", sa.Text(), server_default=sa.text("''"), nullable=False),
        sa.Column("name_en", sa.Text(), server_default=sa.text("''"), nullable=False),
        sa.Column("contact", sa.Text(), server_default=sa.text("''"), nullable=False),
        sa.Column("products", sa.Text(), server_default=sa.text("''"), nullable=False),
        sa.Column("areas", sa.Text(), server_default=sa.text("''"), nullable=False),
        sa.Column("telephones", sa.Text(), server_default=sa.text("''"), nullable=False),
        sa.Column("email", sa.Text(), server_default=sa.text("''"), nullable=False),
        sa.Column("website", sa.Text(), server_default=sa.text("''"), nullable=False),
        sa.Column("address", sa.Text(), server_default=sa.text("''"), nullable=False),
        sa.Column("note", sa.Text(), server_default=sa.text("''"), nullable=False),
        sa.Column("created_at", sa.BigInteger(), nullable=False),
        sa.Column("updated_at", sa.BigInteger(), nullable=False),
        sa.Column("retired_at", sa.BigInteger(), nullable=True),
        sa.CheckConstraint("kind IN ('organisation', 'person')", name="ck_dealers_kind"),
        sa.PrimaryKeyConstraint("id", name="pk_dealers"),
    )
    op.create_index("uq_dealers_code", "dealers", ["code"], unique=True)


def _sources() -> None:
    op.create_table(
        "sources",
        sa.Column("id", IDENTITY, nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("name_th", sa.Text(), server_default=sa.text("''"), nullable=False),
        sa.Column("name_en", sa.Text(), server_default=sa.text("''"), nullable=False),
        sa.Column("about_th", sa.Text(), server_default=sa.text("''"), nullable=False),
        sa.Column("about_en", sa.Text(), server_default=sa.text("''"), nullable=False),
        sa.Column("url", sa.Text(), server_default=sa.text("''"), nullable=False),
        sa.Column("department", sa.Text(), server_default=sa.text("''"), nullable=False),
        sa.Column("extension", sa.Text(), server_default=sa.text("''"), nullable=False),
        sa.Column("telephone", sa.Text(), server_default=sa.text("''"), nullable=False),
        sa.Column("email", sa.Text(), server_default=sa.text("''"), nullable=False),
        sa.Column("position", sa.Integer(), server_default=sa.text("0"), nullable=False),
        sa.Column("created_at", sa.BigInteger(), nullable=False),
        sa.Column("updated_at", sa.BigInteger(), nullable=False),
        sa.Column("retired_at", sa.BigInteger(), nullable=True),
        sa.CheckConstraint("kind IN ('office', 'website', 'manual', 'officer')", name="ck_sources_kind"),
        sa.PrimaryKeyConstraint("id", name="pk_sources"),
    )
    op.create_index("ix_sources_kind_position", "sources", ["kind", "position"], unique=False)


def downgrade() -> None:
    for table in (
        "sources",
        "dealers",
        "knowledge_versions",
        "knowledge_articles",
        "documents",
        "useful_answers",
        "search_marks",
        "search_postings",
        "search_passages",
        "search_blocks",
    ):
        op.drop_table(table)
