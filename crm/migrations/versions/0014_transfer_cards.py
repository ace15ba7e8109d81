"""Transfer cards, the calls handed over with them, the offices' attempts, and their story."""

import sqlalchemy as sa
from alembic import op

revision = "0014"
down_revision = "0013"
branch_labels = None
depends_on = None

IDENTITY = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
STATES = "'open', 'answered', 'not_satisfied', 'satisfied', 'reported', 'followed_up', 'closed'"
HANDOVERS = "'planned', 'ringing', 'connected', 'failed', 'caller_gone', 'without_call'"
REASONS = "'busy', 'no_answer', 'unreachable', 'unknown'"
RESULTS = "'answered', 'satisfied', 'not_satisfied', 'not_reached'"
KINDS = "'department', 'officer', 'agent', 'outside'"


def upgrade() -> None:
    op.create_table(
        "card_numbers",
        sa.Column("year", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("last", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("year", name="pk_card_numbers"),
    )
    _cards()
    op.create_table(
        "card_handovers",
        sa.Column("id", IDENTITY, nullable=False),
        sa.Column("card_id", IDENTITY, nullable=False),
        sa.Column("call_id", sa.Text(), nullable=False),
        sa.Column("agent", sa.Text(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("to", sa.Text(), nullable=True),
        sa.Column("transferred_at", sa.BigInteger(), nullable=False),
        sa.Column("result", sa.Text(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=True),
        sa.Column("picked_up_at", sa.BigInteger(), nullable=True),
        sa.CheckConstraint(f"result IN ({HANDOVERS})", name="ck_card_handovers_result"),
        sa.CheckConstraint(f"reason IN ({REASONS})", name="ck_card_handovers_reason"),
        _of_card("card_handovers"),
        sa.PrimaryKeyConstraint("id", name="pk_card_handovers"),
    )
    op.create_index(
        "uq_card_handovers_call_id_transferred_at", "card_handovers", ["call_id", "transferred_at"], unique=True
    )
    op.create_index("ix_card_handovers_card_id", "card_handovers", ["card_id"], unique=False)
    op.create_index("ix_card_handovers_transferred_at", "card_handovers", ["transferred_at"], unique=False)
    op.create_table(
        "card_attempts",
        sa.Column("id", IDENTITY, nullable=False),
        sa.Column("card_id", IDENTITY, nullable=False),
        sa.Column("ordinal", sa.Integer(), nullable=False),
        sa.Column("made_at", sa.BigInteger(), nullable=False),
        sa.Column("officer", sa.Text(), nullable=False),
        sa.Column("staff_id", IDENTITY, nullable=True),
        sa.Column("details", sa.Text(), nullable=False),
        sa.Column("answer", sa.Text(), nullable=False),
        sa.Column("result", sa.Text(), nullable=False),
        sa.Column("next_due_at", sa.BigInteger(), nullable=True),
        sa.CheckConstraint(f"result IN ({RESULTS})", name="ck_card_attempts_result"),
        _of_card("card_attempts"),
        sa.PrimaryKeyConstraint("id", name="pk_card_attempts"),
    )
    op.create_index("uq_card_attempts_card_id_ordinal", "card_attempts", ["card_id", "ordinal"], unique=True)
    op.create_table(
        "card_steps",
        sa.Column("id", IDENTITY, nullable=False),
        sa.Column("card_id", IDENTITY, nullable=False),
        sa.Column("done_at", sa.BigInteger(), nullable=False),
        sa.Column("staff_id", IDENTITY, nullable=True),
        sa.Column("who", sa.Text(), nullable=False),
        sa.Column("what", sa.Text(), nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("details", sa.JSON(), nullable=False),
        sa.CheckConstraint(f"state IN ({STATES})", name="ck_card_steps_state"),
        _of_card("card_steps"),
        sa.PrimaryKeyConstraint("id", name="pk_card_steps"),
    )
    op.create_index("ix_card_steps_card_id", "card_steps", ["card_id"], unique=False)


def _of_card(table: str) -> sa.ForeignKeyConstraint:
    return sa.ForeignKeyConstraint(["card_id"], ["transfer_cards.id"], name=f"fk_{table}_card_id", ondelete="CASCADE")


def _cards() -> None:
    table = "transfer_cards"
    op.create_table(
        table,
        sa.Column("id", IDENTITY, nullable=False),
        sa.Column("number", sa.Text(), nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("handover", sa.Text(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=True),
        sa.Column("mode", sa.Text(), nullable=True),
        sa.Column("by_event", sa.Boolean(), nullable=False),
        sa.Column("created_at", sa.BigInteger(), nullable=False),
        sa.Column("updated_at", sa.BigInteger(), nullable=False),
        sa.Column("agent", sa.Text(), nullable=False),
        sa.Column("agent_name_th", sa.Text(), nullable=False),
        sa.Column("agent_name_en", sa.Text(), nullable=False),
        sa.Column("staff_id", IDENTITY, nullable=True),
        sa.Column("call_id", sa.Text(), nullable=True),
        sa.Column("contact_id", IDENTITY, nullable=True),
        sa.Column("person_id", IDENTITY, nullable=True),
        sa.Column("caller_name", sa.Text(), nullable=False),
        sa.Column("caller_number", sa.Text(), nullable=True),
        sa.Column("to_kind", sa.Text(), nullable=False),
        sa.Column("to_key", sa.Text(), nullable=False),
        sa.Column("to_name_th", sa.Text(), nullable=False),
        sa.Column("to_name_en", sa.Text(), nullable=False),
        sa.Column("to_dial", sa.Text(), nullable=True),
        sa.Column("department", sa.Text(), nullable=True),
        sa.Column("to_staff_id", IDENTITY, nullable=True),
        sa.Column("why", sa.Text(), nullable=False),
        sa.Column("question", sa.Text(), nullable=False),
        sa.Column("transferred_at", sa.BigInteger(), nullable=True),
        sa.Column("picked_up_at", sa.BigInteger(), nullable=True),
        sa.Column("handed_over_at", sa.BigInteger(), nullable=True),
        sa.Column("office_told_at", sa.BigInteger(), nullable=True),
        sa.Column("due_at", sa.BigInteger(), nullable=True),
        sa.Column("reminded_for", sa.BigInteger(), nullable=True),
        sa.Column("overdue_told_for", sa.BigInteger(), nullable=True),
        sa.Column("outcome", sa.Text(), server_default=sa.text("''"), nullable=False),
        sa.Column("followed_up_at", sa.BigInteger(), nullable=True),
        sa.Column("closed_at", sa.BigInteger(), nullable=True),
        sa.Column("closed_because", sa.Text(), nullable=True),
        sa.Column("link_key", sa.Text(), nullable=False),
        sa.CheckConstraint(f"state IN ({STATES})", name="ck_transfer_cards_state"),
        sa.CheckConstraint(f"handover IN ({HANDOVERS})", name="ck_transfer_cards_handover"),
        sa.CheckConstraint(f"reason IN ({REASONS})", name="ck_transfer_cards_reason"),
        sa.CheckConstraint(f"to_kind IN ({KINDS})", name="ck_transfer_cards_to_kind"),
        sa.ForeignKeyConstraint(["staff_id"], ["staff.id"], name="fk_transfer_cards_staff_id", ondelete="SET NULL"),
        sa.ForeignKeyConstraint(
            ["contact_id"], ["contacts.id"], name="fk_transfer_cards_contact_id", ondelete="SET NULL"
        ),
        sa.ForeignKeyConstraint(["person_id"], ["people.id"], name="fk_transfer_cards_person_id", ondelete="SET NULL"),
        sa.ForeignKeyConstraint(
            ["to_staff_id"], ["staff.id"], name="fk_transfer_cards_to_staff_id", ondelete="SET NULL"
        ),
        sa.PrimaryKeyConstraint("id", name="pk_transfer_cards"),
    )
    op.create_index("uq_transfer_cards_number", table, ["number"], unique=True)
    for columns in (
        ("state", "due_at"), ("department", "state"), ("staff_id", "state"), ("person_id",), ("call_id",),
        ("contact_id",), ("created_at",),
    ):  # fmt: skip
        op.create_index(f"ix_{table}_{'_'.join(columns)}", table, list(columns), unique=False)


def downgrade() -> None:
    for table in ("card_steps", "card_attempts", "card_handovers", "transfer_cards", "card_numbers"):
        op.drop_table(table)
