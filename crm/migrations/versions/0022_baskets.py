"""Baskets and what lies in them."""

import sqlalchemy as sa
from alembic import op

revision = "0022"
down_revision = "0021"
branch_labels = None
depends_on = None

IDENTITY = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
KINDS = "'article', 'document', 'dealer', 'source', 'link', 'file'"
WAITING = sa.text("second_asked_at IS NOT NULL AND second_at IS NULL")


def upgrade() -> None:
    _baskets()
    _items()


def _baskets() -> None:
    texts = ("language", "recipient", "recipient_name", "answer", "note", "show_key")
    op.create_table(
        "baskets",
        sa.Column("id", IDENTITY, nullable=False),
        sa.Column("contact_id", IDENTITY, nullable=False),
        *(sa.Column(name, sa.Text(), nullable=True) for name in texts),
        sa.Column("show_until", sa.BigInteger(), nullable=True),
        sa.Column("confirmed_at", sa.BigInteger(), nullable=True),
        sa.Column("confirmed_print", sa.Text(), nullable=True),
        sa.Column("confirmed_how", sa.Text(), nullable=True),
        sa.Column("visitor_says", sa.Text(), nullable=True),
        sa.Column("version", sa.Integer(), server_default=sa.text("1"), nullable=False),
        sa.Column("updated_at", sa.BigInteger(), nullable=False),
        sa.CheckConstraint("confirmed_how IN ('screen', 'here')", name="ck_baskets_confirmed_how"),
        sa.ForeignKeyConstraint(["contact_id"], ["contacts.id"], name="fk_baskets_contact_id", ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("id", name="pk_baskets"),
    )
    op.create_index("uq_baskets_contact_id", "baskets", ["contact_id"], unique=True)
    op.create_index("uq_baskets_show_key", "baskets", ["show_key"], unique=True)


def _items() -> None:
    people = ("added_by", "verified_by", "second_by")
    op.create_table(
        "basket_items",
        sa.Column("id", IDENTITY, nullable=False),
        sa.Column("basket_id", IDENTITY, nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("ref", sa.Text(), nullable=True),
        sa.Column("piece_version", sa.Text(), nullable=True),
        sa.Column("title", sa.Text(), nullable=False),
        sa.Column("text", sa.Text(), nullable=True),
        sa.Column("html", sa.Text(), nullable=True),
        sa.Column("url", sa.Text(), nullable=True),
        sa.Column("warning", sa.Text(), nullable=True),
        sa.Column("sensitive", sa.Boolean(), server_default=sa.false(), nullable=False),
        sa.Column("files", sa.JSON(), server_default=sa.text("'[]'"), nullable=False),
        sa.Column("added_by", IDENTITY, nullable=True),
        sa.Column("added_at", sa.BigInteger(), nullable=False),
        sa.Column("checks", sa.JSON(), server_default=sa.text("'[]'"), nullable=False),
        sa.Column("verified_by", IDENTITY, nullable=True),
        sa.Column("verified_at", sa.BigInteger(), nullable=True),
        sa.Column("verified_print", sa.Text(), nullable=True),
        sa.Column("second_asked_at", sa.BigInteger(), nullable=True),
        sa.Column("second_by", IDENTITY, nullable=True),
        sa.Column("second_at", sa.BigInteger(), nullable=True),
        sa.Column("second_print", sa.Text(), nullable=True),
        sa.Column("second_refusal", sa.Text(), nullable=True),
        sa.Column("letter_id", IDENTITY, nullable=True),
        sa.Column("sent_at", sa.BigInteger(), nullable=True),
        sa.CheckConstraint(f"kind IN ({KINDS})", name="ck_basket_items_kind"),
        sa.ForeignKeyConstraint(["basket_id"], ["baskets.id"], name="fk_basket_items_basket_id", ondelete="CASCADE"),
        sa.ForeignKeyConstraint(["letter_id"], ["letters.id"], name="fk_basket_items_letter_id", ondelete="SET NULL"),
        *(
            sa.ForeignKeyConstraint([name], ["staff.id"], name=f"fk_basket_items_{name}", ondelete="SET NULL")
            for name in people
        ),
        sa.PrimaryKeyConstraint("id", name="pk_basket_items"),
    )
    op.create_index("ix_basket_items_basket_id_position", "basket_items", ["basket_id", "position"])
    op.create_index("ix_basket_items_letter_id", "basket_items", ["letter_id"])
    op.create_index(
        "ix_basket_items_second", "basket_items", ["second_asked_at"], sqlite_where=WAITING, postgresql_where=WAITING
    )


def downgrade() -> None:
    op.drop_table("basket_items")
    op.drop_table("baskets")
