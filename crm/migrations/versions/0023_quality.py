"""Score cards, talks to be scored, scores, calibration."""

import sqlalchemy as sa
from alembic import op

revision = "0023"
down_revision = "0022"
branch_labels = None
depends_on = None

IDENTITY = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    op.create_table(
        "qa_cards",
        sa.Column("id", IDENTITY, nullable=False),
        sa.Column("name_th", sa.Text(), nullable=False),
        sa.Column("name_en", sa.Text(), nullable=False),
        sa.Column("active", sa.Boolean(), server_default=sa.true(), nullable=False),
        sa.Column("draft", sa.Text(), nullable=False),
        sa.Column("created_at", sa.BigInteger(), nullable=False),
        sa.Column("updated_at", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_qa_cards"),
    )
    op.create_table(
        "qa_versions",
        sa.Column("id", IDENTITY, nullable=False),
        sa.Column("card_id", IDENTITY, nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("form", sa.Text(), nullable=False),
        sa.Column("published_at", sa.BigInteger(), nullable=False),
        sa.Column("published_by", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(["card_id"], ["qa_cards.id"], name="fk_qa_versions_card_id", ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("id", name="pk_qa_versions"),
    )
    op.create_index("uq_qa_versions_card_id_number", "qa_versions", ["card_id", "number"], unique=True)
    op.create_table(
        "qa_samples",
        sa.Column("id", IDENTITY, nullable=False),
        sa.Column("call_id", sa.Text(), nullable=False),
        sa.Column("agent", sa.Text(), nullable=False),
        sa.Column("answered_at", sa.BigInteger(), nullable=False),
        sa.Column("queue", sa.Text()),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("drawn_at", sa.BigInteger(), nullable=False),
        sa.CheckConstraint(
            "reason IN ('random', 'low_rating', 'long_hold', 'new_agent', 'chosen')",
            name="ck_qa_samples_ck_qa_samples_reason",
        ),
        sa.CheckConstraint("state IN ('open', 'done', 'skipped')", name="ck_qa_samples_ck_qa_samples_state"),
        sa.PrimaryKeyConstraint("id", name="pk_qa_samples"),
    )
    op.create_index("ix_qa_samples_state_answered_at", "qa_samples", ["state", "answered_at"])
    op.create_index("uq_qa_samples_call_id_agent", "qa_samples", ["call_id", "agent"], unique=True)
    op.create_table(
        "qa_rounds",
        sa.Column("id", IDENTITY, nullable=False),
        sa.Column("sample_id", IDENTITY, nullable=False),
        sa.Column("version_id", IDENTITY, nullable=False),
        sa.Column("begun_at", sa.BigInteger(), nullable=False),
        sa.Column("begun_by", sa.Text(), nullable=False),
        sa.Column("closed_at", sa.BigInteger()),
        sa.ForeignKeyConstraint(["sample_id"], ["qa_samples.id"], name="fk_qa_rounds_sample_id", ondelete="CASCADE"),
        sa.ForeignKeyConstraint(["version_id"], ["qa_versions.id"], name="fk_qa_rounds_version_id"),
        sa.PrimaryKeyConstraint("id", name="pk_qa_rounds"),
    )
    op.create_table(
        "qa_reviews",
        sa.Column("id", IDENTITY, nullable=False),
        sa.Column("sample_id", IDENTITY, nullable=False),
        sa.Column("round_id", IDENTITY),
        sa.Column("version_id", IDENTITY, nullable=False),
        sa.Column("call_id", sa.Text(), nullable=False),
        sa.Column("agent", sa.Text(), nullable=False),
        sa.Column("queue", sa.Text()),
        sa.Column("answered_at", sa.BigInteger(), nullable=False),
        sa.Column("grader_id", IDENTITY),
        sa.Column("grader", sa.Text(), nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("answers", sa.Text(), nullable=False),
        sa.Column("comment", sa.Text(), nullable=False),
        sa.Column("score", sa.Float()),
        sa.Column("fatal", sa.Boolean(), server_default=sa.false(), nullable=False),
        sa.Column("created_at", sa.BigInteger(), nullable=False),
        sa.Column("finished_at", sa.BigInteger()),
        sa.Column("seen_at", sa.BigInteger()),
        sa.Column("reply", sa.Text()),
        sa.Column("replied_at", sa.BigInteger()),
        sa.CheckConstraint("state IN ('draft', 'final')", name="ck_qa_reviews_ck_qa_reviews_state"),
        sa.ForeignKeyConstraint(["grader_id"], ["staff.id"], name="fk_qa_reviews_grader_id", ondelete="SET NULL"),
        sa.ForeignKeyConstraint(["round_id"], ["qa_rounds.id"], name="fk_qa_reviews_round_id", ondelete="CASCADE"),
        sa.ForeignKeyConstraint(["sample_id"], ["qa_samples.id"], name="fk_qa_reviews_sample_id", ondelete="CASCADE"),
        sa.ForeignKeyConstraint(["version_id"], ["qa_versions.id"], name="fk_qa_reviews_version_id"),
        sa.PrimaryKeyConstraint("id", name="pk_qa_reviews"),
    )
    op.create_index("ix_qa_reviews_agent_answered_at", "qa_reviews", ["agent", "answered_at"])
    op.create_index("ix_qa_reviews_answered_at", "qa_reviews", ["answered_at"])
    op.create_index("ix_qa_reviews_sample_id", "qa_reviews", ["sample_id"])


def downgrade() -> None:
    for table in ("qa_reviews", "qa_rounds", "qa_samples", "qa_versions", "qa_cards"):
        op.drop_table(table)
