"""People, numbers and calls."""

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None

IDENTITY = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    _create_people()
    _create_phone_numbers()
    _create_person_numbers()
    _create_calls()
    _create_conversations()
    _create_holds()
    _create_menu_keys()
    _create_queue_passes()
    _create_rings()
    _create_transfers()
    _create_callbacks()
    _create_messages()
    _create_agent_states()
    _create_journal_position()
    _create_stream_gaps()


def _create_people() -> None:
    op.create_table(
        "people",
        sa.Column("id", IDENTITY, nullable=False),
        sa.Column("title", sa.Text(), nullable=True),
        sa.Column("first_name", sa.Text(), nullable=True),
        sa.Column("last_name", sa.Text(), nullable=True),
        sa.Column("display_name", sa.Text(), nullable=False),
        sa.Column("language", sa.Text(), nullable=True),
        sa.Column("business_level", sa.Text(), nullable=True),
        sa.Column("occupation", sa.Text(), nullable=True),
        sa.Column("sex", sa.Text(), nullable=True),
        sa.Column("birth_year", sa.SmallInteger(), nullable=True),
        sa.Column("province", sa.Text(), nullable=True),
        sa.Column("email", sa.Text(), nullable=True),
        sa.Column("notes", sa.Text(), nullable=True),
        sa.Column("created_at", sa.BigInteger(), nullable=False),
        sa.Column("updated_at", sa.BigInteger(), nullable=False),
        sa.CheckConstraint(
            "business_level IN ('none', 'beginner', 'ready', 'exporter')", name="ck_people_business_level"
        ),
        sa.CheckConstraint("sex IN ('female', 'male', 'other')", name="ck_people_sex"),
        sa.PrimaryKeyConstraint("id", name="pk_people"),
    )


def _create_phone_numbers() -> None:
    op.create_table(
        "phone_numbers",
        sa.Column("id", IDENTITY, nullable=False),
        sa.Column("number", sa.Text(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.CheckConstraint("kind IN ('e164', 'short', 'internal', 'other')", name="ck_phone_numbers_kind"),
        sa.PrimaryKeyConstraint("id", name="pk_phone_numbers"),
    )
    op.create_index("uq_phone_numbers_number", "phone_numbers", ["number"], unique=True)


def _create_person_numbers() -> None:
    op.create_table(
        "person_numbers",
        sa.Column("number_id", IDENTITY, nullable=False),
        sa.Column("person_id", IDENTITY, nullable=False),
        sa.Column("is_primary", sa.Boolean(), nullable=False),
        sa.Column("last_used_at", sa.BigInteger(), nullable=True),
        sa.ForeignKeyConstraint(
            ["number_id"], ["phone_numbers.id"], name="fk_person_numbers_number_id", ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(["person_id"], ["people.id"], name="fk_person_numbers_person_id", ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("number_id", "person_id", name="pk_person_numbers"),
        sqlite_with_rowid=False,
    )
    op.create_index("ix_person_numbers_person_id", "person_numbers", ["person_id"], unique=False)


def _create_calls() -> None:
    op.create_table(
        "calls",
        sa.Column("call_id", sa.Text(), nullable=False),
        sa.Column("arrived_at", sa.BigInteger(), nullable=False),
        sa.Column("caller_number", sa.Text(), nullable=True),
        sa.Column("caller_e164", sa.Text(), nullable=True),
        sa.Column("called_number", sa.Text(), nullable=False),
        sa.Column("trunk", sa.Text(), nullable=False),
        sa.Column("callback_of", sa.Text(), nullable=True),
        sa.Column("language", sa.Text(), nullable=True),
        sa.Column("queue", sa.Text(), nullable=True),
        sa.Column("closed_reason", sa.Text(), nullable=True),
        sa.Column("assistant_answered_at", sa.BigInteger(), nullable=True),
        sa.Column("assistant_reason", sa.Text(), nullable=True),
        sa.Column("agent_answered_at", sa.BigInteger(), nullable=True),
        sa.Column("agent", sa.Text(), nullable=True),
        sa.Column("ended_at", sa.BigInteger(), nullable=True),
        sa.Column("ended_by", sa.Text(), nullable=True),
        sa.Column("outcome", sa.Text(), nullable=True),
        sa.Column("cause", sa.Integer(), nullable=True),
        sa.Column("precision", sa.Text(), nullable=False),
        sa.Column("survey_scale", sa.Text(), nullable=True),
        sa.Column("survey_asked_at", sa.BigInteger(), nullable=True),
        sa.Column("survey_answered_at", sa.BigInteger(), nullable=True),
        sa.Column("survey_key", sa.Text(), nullable=True),
        sa.Column("survey_meaning", sa.Text(), nullable=True),
        sa.Column("person_id", IDENTITY, nullable=True),
        sa.Column("updated_at", sa.BigInteger(), nullable=False),
        sa.CheckConstraint(
            "assistant_reason IN ('guard', 'nobody', 'menu', 'closed', 'full')", name="ck_calls_assistant_reason"
        ),
        sa.CheckConstraint(
            "ended_by IN ('caller', 'agent', 'transfer', 'system', 'failure')", name="ck_calls_ended_by"
        ),
        sa.CheckConstraint(
            "outcome IN ('answered', 'abandoned', 'timed_out', 'closed', 'message', 'callback', 'failed')",
            name="ck_calls_outcome",
        ),
        sa.CheckConstraint("precision IN ('microsecond', 'second', 'estimated')", name="ck_calls_precision"),
        sa.ForeignKeyConstraint(["person_id"], ["people.id"], name="fk_calls_person_id", ondelete="SET NULL"),
        sa.PrimaryKeyConstraint("call_id", name="pk_calls"),
        sqlite_with_rowid=False,
    )
    _create_calls_index("ix_calls_agent_agent_answered_at", ["agent", "agent_answered_at"], "agent IS NOT NULL")
    op.create_index("ix_calls_arrived_at", "calls", ["arrived_at"], unique=False)
    _create_calls_index("ix_calls_caller_e164_arrived_at", ["caller_e164", "arrived_at"], "caller_e164 IS NOT NULL")
    _create_calls_index("ix_calls_open", ["call_id"], "ended_at IS NULL")
    _create_calls_index("ix_calls_person_id", ["person_id"], "person_id IS NOT NULL")
    op.create_index("ix_calls_queue_arrived_at", "calls", ["queue", "arrived_at"], unique=False)


def _create_calls_index(name: str, columns: list[str], where: str) -> None:
    op.create_index(name, "calls", columns, sqlite_where=sa.text(where), postgresql_where=sa.text(where))


def _create_conversations() -> None:
    op.create_table(
        "conversations",
        sa.Column("call_id", sa.Text(), nullable=False),
        sa.Column("ordinal", sa.Integer(), nullable=False),
        sa.Column("queue", sa.Text(), nullable=True),
        sa.Column("agent", sa.Text(), nullable=False),
        sa.Column("answered_at", sa.BigInteger(), nullable=False),
        sa.Column("ended_at", sa.BigInteger(), nullable=True),
        sa.Column("ended_by", sa.Text(), nullable=True),
        sa.Column("agent_channel", sa.Text(), nullable=True),
        sa.CheckConstraint(
            "ended_by IN ('caller', 'agent', 'transfer', 'system', 'failure')", name="ck_conversations_ended_by"
        ),
        sa.ForeignKeyConstraint(["call_id"], ["calls.call_id"], name="fk_conversations_call_id", ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("call_id", "ordinal", name="pk_conversations"),
        sqlite_with_rowid=False,
    )
    op.create_index("ix_conversations_agent_answered_at", "conversations", ["agent", "answered_at"], unique=False)


def _create_holds() -> None:
    op.create_table(
        "holds",
        sa.Column("call_id", sa.Text(), nullable=False),
        sa.Column("ordinal", sa.Integer(), nullable=False),
        sa.Column("agent", sa.Text(), nullable=False),
        sa.Column("held_at", sa.BigInteger(), nullable=False),
        sa.Column("resumed_at", sa.BigInteger(), nullable=True),
        sa.ForeignKeyConstraint(["call_id"], ["calls.call_id"], name="fk_holds_call_id", ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("call_id", "ordinal", name="pk_holds"),
        sqlite_with_rowid=False,
    )


def _create_menu_keys() -> None:
    op.create_table(
        "menu_keys",
        sa.Column("call_id", sa.Text(), nullable=False),
        sa.Column("ordinal", sa.Integer(), nullable=False),
        sa.Column("menu", sa.Text(), nullable=False),
        sa.Column("key", sa.Text(), nullable=False),
        sa.Column("choice", sa.Text(), nullable=True),
        sa.Column("pressed_at", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(["call_id"], ["calls.call_id"], name="fk_menu_keys_call_id", ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("call_id", "ordinal", name="pk_menu_keys"),
        sqlite_with_rowid=False,
    )


def _create_queue_passes() -> None:
    op.create_table(
        "queue_passes",
        sa.Column("call_id", sa.Text(), nullable=False),
        sa.Column("ordinal", sa.Integer(), nullable=False),
        sa.Column("queue", sa.Text(), nullable=False),
        sa.Column("pass_number", sa.Integer(), nullable=False),
        sa.Column("joined_at", sa.BigInteger(), nullable=False),
        sa.Column("position", sa.Integer(), nullable=True),
        sa.Column("left_at", sa.BigInteger(), nullable=True),
        sa.Column("status", sa.Text(), nullable=True),
        sa.CheckConstraint(
            "status IN ('answered', 'timed_out', 'full', 'unavailable', 'key', 'abandoned')",
            name="ck_queue_passes_status",
        ),
        sa.ForeignKeyConstraint(["call_id"], ["calls.call_id"], name="fk_queue_passes_call_id", ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("call_id", "ordinal", name="pk_queue_passes"),
        sqlite_with_rowid=False,
    )
    op.create_index("ix_queue_passes_queue_joined_at", "queue_passes", ["queue", "joined_at"], unique=False)


def _create_rings() -> None:
    op.create_table(
        "rings",
        sa.Column("call_id", sa.Text(), nullable=False),
        sa.Column("ordinal", sa.Integer(), nullable=False),
        sa.Column("queue", sa.Text(), nullable=False),
        sa.Column("agent", sa.Text(), nullable=False),
        sa.Column("rang_at", sa.BigInteger(), nullable=False),
        sa.Column("ended_at", sa.BigInteger(), nullable=True),
        sa.Column("answered", sa.Boolean(), nullable=True),
        sa.Column("precision", sa.Text(), nullable=False),
        sa.CheckConstraint("precision IN ('microsecond', 'second', 'estimated')", name="ck_rings_precision"),
        sa.ForeignKeyConstraint(["call_id"], ["calls.call_id"], name="fk_rings_call_id", ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("call_id", "ordinal", name="pk_rings"),
        sqlite_with_rowid=False,
    )
    op.create_index("ix_rings_agent_rang_at", "rings", ["agent", "rang_at"], unique=False)


def _create_transfers() -> None:
    op.create_table(
        "transfers",
        sa.Column("call_id", sa.Text(), nullable=False),
        sa.Column("ordinal", sa.Integer(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("agent", sa.Text(), nullable=False),
        sa.Column("to", sa.Text(), nullable=True),
        sa.Column("transferred_at", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(["call_id"], ["calls.call_id"], name="fk_transfers_call_id", ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("call_id", "ordinal", name="pk_transfers"),
        sqlite_with_rowid=False,
    )


def _create_callbacks() -> None:
    op.create_table(
        "callbacks",
        sa.Column("id", IDENTITY, nullable=False),
        sa.Column("call_id", sa.Text(), nullable=False),
        sa.Column("number", sa.Text(), nullable=False),
        sa.Column("queue", sa.Text(), nullable=False),
        sa.Column("requested_at", sa.BigInteger(), nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("tries", sa.Integer(), server_default=sa.text("0"), nullable=False),
        sa.Column("next_try_at", sa.BigInteger(), nullable=True),
        sa.Column("done_at", sa.BigInteger(), nullable=True),
        sa.Column("answered_by", sa.Text(), nullable=True),
        sa.CheckConstraint(
            "state IN ('waiting', 'calling', 'done', 'given_up', 'duplicate')", name="ck_callbacks_state"
        ),
        sa.ForeignKeyConstraint(["call_id"], ["calls.call_id"], name="fk_callbacks_call_id", ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("id", name="pk_callbacks"),
    )
    op.create_index("ix_callbacks_state_next_try_at", "callbacks", ["state", "next_try_at"], unique=False)
    op.create_index("uq_callbacks_call_id", "callbacks", ["call_id"], unique=True)


def _create_messages() -> None:
    op.create_table(
        "messages",
        sa.Column("id", IDENTITY, nullable=False),
        sa.Column("call_id", sa.Text(), nullable=False),
        sa.Column("path", sa.Text(), nullable=False),
        sa.Column("seconds", sa.Float(), nullable=False),
        sa.Column("left_at", sa.BigInteger(), nullable=False),
        sa.Column("queue", sa.Text(), nullable=True),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("heard_by", sa.Text(), nullable=True),
        sa.CheckConstraint("state IN ('new', 'heard', 'done')", name="ck_messages_state"),
        sa.ForeignKeyConstraint(["call_id"], ["calls.call_id"], name="fk_messages_call_id", ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("id", name="pk_messages"),
    )
    op.create_index("ix_messages_state_left_at", "messages", ["state", "left_at"], unique=False)
    op.create_index("uq_messages_call_id", "messages", ["call_id"], unique=True)


def _create_agent_states() -> None:
    op.create_table(
        "agent_states",
        sa.Column("agent", sa.Text(), nullable=False),
        sa.Column("since", sa.BigInteger(), nullable=False),
        sa.Column("until", sa.BigInteger(), nullable=True),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=True),
        sa.CheckConstraint(
            "state IN ('offline', 'available', 'ringing', 'in_call', 'on_hold', 'wrap_up', 'paused')",
            name="ck_agent_states_state",
        ),
        sa.PrimaryKeyConstraint("agent", "since", name="pk_agent_states"),
    )
    op.create_index(
        "ix_agent_states_now",
        "agent_states",
        ["agent"],
        unique=False,
        sqlite_where=sa.text("until IS NULL"),
        postgresql_where=sa.text("until IS NULL"),
    )
    op.create_index("ix_agent_states_since", "agent_states", ["since"], unique=False)


def _create_journal_position() -> None:
    op.create_table(
        "journal_position",
        sa.Column("journal", sa.Text(), nullable=False),
        sa.Column("position", sa.Text(), nullable=False),
        sa.Column("updated_at", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("journal", name="pk_journal_position"),
    )


def _create_stream_gaps() -> None:
    op.create_table(
        "stream_gaps",
        sa.Column("from_at", sa.BigInteger(), nullable=False),
        sa.Column("until_at", sa.BigInteger(), nullable=True),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("from_at", name="pk_stream_gaps"),
    )


def downgrade() -> None:
    for table in (
        "stream_gaps",
        "journal_position",
        "agent_states",
        "messages",
        "callbacks",
        "transfers",
        "rings",
        "queue_passes",
        "menu_keys",
        "holds",
        "conversations",
        "calls",
        "person_numbers",
        "phone_numbers",
        "people",
    ):
        op.drop_table(table)
