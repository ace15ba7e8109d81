"""Departments and pause reasons that administrators keep; how a member of staff is to be spoken of."""

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None

REASONS = (
    ("lunch", "พักกลางวัน", "Lunch"),
    ("restroom", "ห้องน้ำ", "Restroom"),
    ("meeting", "ประชุม", "Meeting"),
    ("training", "อบรม", "Training"),
    ("paperwork", "งานเอกสาร", "Paperwork"),
    ("other", "อื่น ๆ", "Other"),
)


def upgrade() -> None:
    op.create_table(
        "departments",
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("label_th", sa.Text(), nullable=False),
        sa.Column("label_en", sa.Text(), nullable=False),
        sa.Column("extension", sa.Text(), nullable=False),
        sa.Column("dial", sa.Text(), server_default=sa.text("''"), nullable=False),
        sa.Column("email", sa.Text(), server_default=sa.text("''"), nullable=False),
        sa.Column("answer_days", sa.Integer(), server_default=sa.text("1"), nullable=False),
        sa.Column("answer_hours", sa.Integer(), server_default=sa.text("0"), nullable=False),
        sa.Column("active", sa.Boolean(), server_default=sa.true(), nullable=False),
        sa.Column("updated_at", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("name", name="pk_departments"),
    )
    op.create_index("uq_departments_extension", "departments", ["extension"], unique=True)
    reasons = op.create_table(
        "pause_reasons",
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("label_th", sa.Text(), nullable=False),
        sa.Column("label_en", sa.Text(), nullable=False),
        sa.Column("supervisors_only", sa.Boolean(), server_default=sa.false(), nullable=False),
        sa.Column("position", sa.Integer(), server_default=sa.text("0"), nullable=False),
        sa.Column("active", sa.Boolean(), server_default=sa.true(), nullable=False),
        sa.Column("updated_at", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("name", name="pk_pause_reasons"),
    )
    op.bulk_insert(
        reasons,
        [
            {"name": name, "label_th": th, "label_en": en, "position": position, "updated_at": 0}
            for position, (name, th, en) in enumerate(REASONS, start=1)
        ],
    )
    with op.batch_alter_table("staff") as table:
        table.add_column(sa.Column("sex", sa.Text(), nullable=True))
        table.create_check_constraint(op.f("ck_staff_sex"), "sex IN ('female', 'male')")


def downgrade() -> None:
    with op.batch_alter_table("staff") as table:
        table.drop_constraint(op.f("ck_staff_sex"), type_="check")
        table.drop_column("sex")
    op.drop_table("pause_reasons")
    op.drop_table("departments")
