"""Records of service, their steps, and what was done about missed calls."""

import sqlalchemy as sa
from alembic import op

revision = "0011"
down_revision = "0010"
branch_labels = None
depends_on = None

IDENTITY = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    _create_contacts()
    for name, ordinal in (("contact_marks", "marked_at"), ("contact_steps", "started_at")):
        more = [sa.Column(ordinal, sa.BigInteger(), nullable=False)]
        if name == "contact_steps":
            more += [
                sa.Column("ended_at", sa.BigInteger(), nullable=True),
                sa.Column("measured", sa.Boolean(), nullable=False),
            ]
        op.create_table(
            name,
            sa.Column("contact_id", IDENTITY, nullable=False),
            sa.Column("ordinal", sa.Integer(), nullable=False),
            sa.Column("step", sa.Text(), nullable=False),
            *more,
            sa.ForeignKeyConstraint(["contact_id"], ["contacts.id"], name=f"fk_{name}_contact_id", ondelete="CASCADE"),
            sa.PrimaryKeyConstraint("contact_id", "ordinal", name=f"pk_{name}"),
            sqlite_with_rowid=False,
        )
    op.create_table(
        "missed_calls_done",
        sa.Column("call_id", sa.Text(), nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("staff_id", IDENTITY, nullable=True),
        sa.Column("done_at", sa.BigInteger(), nullable=False),
        sa.CheckConstraint("state IN ('called_back', 'not_needed')", name="ck_missed_calls_done_state"),
        sa.ForeignKeyConstraint(
            ["call_id"], ["calls.call_id"], name="fk_missed_calls_done_call_id", ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(["staff_id"], ["staff.id"], name="fk_missed_calls_done_staff_id", ondelete="SET NULL"),
        sa.PrimaryKeyConstraint("call_id", name="pk_missed_calls_done"),
        sqlite_with_rowid=False,
    )


def _create_contacts() -> None:
    op.create_table(
        "contacts",
        sa.Column("id", IDENTITY, nullable=False),
        sa.Column("call_id", sa.Text(), nullable=True),
        sa.Column("agent", sa.Text(), nullable=True),
        sa.Column("staff_id", IDENTITY, nullable=True),
        sa.Column("channel", sa.Text(), nullable=False),
        sa.Column("direction", sa.Text(), nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("queue", sa.Text(), nullable=True),
        sa.Column("number", sa.Text(), nullable=True),
        sa.Column("person_id", IDENTITY, nullable=True),
        sa.Column("attached_number", sa.Boolean(), server_default=sa.false(), nullable=False),
        sa.Column("topic_id", IDENTITY, nullable=True),
        sa.Column("kind", sa.Text(), nullable=True),
        sa.Column("department", sa.Text(), nullable=True),
        sa.Column("internal_extension", sa.Text(), nullable=True),
        sa.Column("notes", sa.Text(), nullable=True),
        sa.Column("question", sa.Text(), nullable=True),
        sa.Column("answer", sa.Text(), nullable=True),
        sa.Column("outcome", sa.Text(), nullable=True),
        sa.Column("language", sa.Text(), nullable=True),
        sa.Column("rang_at", sa.BigInteger(), nullable=True),
        sa.Column("begun_at", sa.BigInteger(), nullable=False),
        sa.Column("talk_ended_at", sa.BigInteger(), nullable=True),
        sa.Column("survey_asked_at", sa.BigInteger(), nullable=True),
        sa.Column("survey_ended_at", sa.BigInteger(), nullable=True),
        sa.Column("finished_at", sa.BigInteger(), nullable=True),
        sa.Column("version", sa.Integer(), server_default=sa.text("1"), nullable=False),
        sa.Column("field_versions", sa.JSON(), server_default=sa.text("'{}'"), nullable=False),
        sa.Column("updated_at", sa.BigInteger(), nullable=False),
        sa.CheckConstraint(
            "channel IN ('telephone', 'chat', 'counter', 'email', 'letter', 'online')", name="ck_contacts_channel"
        ),
        sa.CheckConstraint("direction IN ('inbound', 'outbound')", name="ck_contacts_direction"),
        sa.CheckConstraint("state IN ('draft', 'finished')", name="ck_contacts_state"),
        sa.CheckConstraint("kind IN ('general', 'technical', 'new_product', 'complaint')", name="ck_contacts_kind"),
        sa.CheckConstraint(
            "outcome IN ('answered', 'transferred', 'callback_promised', 'case_opened', 'cut_off', 'wrong_number')",
            name="ck_contacts_outcome",
        ),
        sa.ForeignKeyConstraint(["staff_id"], ["staff.id"], name="fk_contacts_staff_id", ondelete="SET NULL"),
        sa.ForeignKeyConstraint(["person_id"], ["people.id"], name="fk_contacts_person_id", ondelete="SET NULL"),
        sa.ForeignKeyConstraint(["topic_id"], ["topics.id"], name="fk_contacts_topic_id"),
        sa.PrimaryKeyConstraint("id", name="pk_contacts"),
    )
    op.create_index("uq_contacts_call_id_agent", "contacts", ["call_id", "agent"], unique=True)
    op.create_index("ix_contacts_begun_at", "contacts", ["begun_at"])
    for first in ("person_id", "number", "staff_id"):
        op.create_index(f"ix_contacts_{first}_begun_at", "contacts", [first, "begun_at"])
    for name, columns, condition in (
        ("ix_contacts_drafts", ["staff_id", "begun_at"], "state = 'draft'"),
        ("ix_contacts_talking", ["begun_at"], "talk_ended_at IS NULL"),
    ):
        where = sa.text(condition)
        op.create_index(name, "contacts", columns, sqlite_where=where, postgresql_where=where)


def downgrade() -> None:
    for table in ("missed_calls_done", "contact_steps", "contact_marks", "contacts"):
        op.drop_table(table)
