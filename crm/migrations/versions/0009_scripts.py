"""Scripts of greeting and ending, with the manuals' words to start from."""

import time

import sqlalchemy as sa
from alembic import op

revision = "0009"
down_revision = "0008"
branch_labels = None
depends_on = None

IDENTITY = sa.BigInteger().with_variant(sa.Integer(), "sqlite")

# moment, channel, language, name_th, name_en, text
SEED = (
    ("greeting", "hotline", "th", "กล่าวต้อนรับ", "Greeting",
     "ศูนย์บริการกระทรวงพาณิชย์ สวัสดี{polite}[ {self}{agent} รับสาย ยินดีให้บริการ{polite}]"),
    ("greeting", "hotline", "th", "กล่าวต้อนรับผู้ที่เคยรับบริการ", "Greeting a returning caller",
     "ศูนย์บริการกระทรวงพาณิชย์ สวัสดี{polite}[ {caller}][ {self}{agent} รับสาย] วันนี้ให้ช่วยเรื่องใดดี{polite_question}"),
    ("greeting", "hotline", "en", "กล่าวต้อนรับ", "Greeting",
     "Ministry of Commerce Public Service Centre, good day.[ {agent} speaking.] How may I help you?"),
    ("ending", "hotline", "th", "กล่าวข้อความจบและขอบคุณ", "Ending and thanks",
     "ไม่ทราบว่าต้องการสอบถามเรื่องอื่นอีกไหม{polite_question}\n"
     "ขอบคุณ[{caller}]ที่ใช้บริการ{hotline} กรุณาถือสายรอสักครู่เพื่อประเมินความพึงพอใจ{polite} สวัสดี{polite}"),
    ("ending", "hotline", "en", "กล่าวข้อความจบและขอบคุณ", "Ending and thanks",
     "Is there anything else I can help you with?\n"
     "Thank you for calling {hotline}[, {caller}]. Please stay on the line to rate our service with one key. Goodbye."),
    ("other", "hotline", "th", "ขอให้รอสาย", "Asking to hold",
     "กรุณาถือสายรอสักครู่ ขออนุญาตค้นข้อมูล{polite}"),
    ("other", "hotline", "en", "ขอให้รอสาย", "Asking to hold",
     "Please hold for a moment while I look that up."),
    ("other", "hotline", "th", "โอนสายไปยังหน่วยงานเจ้าของเรื่อง", "Transferring",
     "เรื่องนี้ขออนุญาตโอนสายไปยังหน่วยงานเจ้าของเรื่อง กรุณาถือสายรอสักครู่{polite}"),
    ("other", "hotline", "en", "โอนสายไปยังหน่วยงานเจ้าของเรื่อง", "Transferring",
     "I will transfer you to the office in charge of this. Please stay on the line."),
    ("greeting", "chat", "th", "กล่าวต้อนรับ", "Greeting",
     "สวัสดี{polite}[ {caller}] {hotline} ยินดีให้บริการ{polite} สอบถามเรื่องใดดี{polite_question}"),
    ("greeting", "chat", "en", "กล่าวต้อนรับ", "Greeting",
     "Hello[ {caller}], this is {hotline}. How may I help you?"),
    ("ending", "chat", "th", "กล่าวข้อความจบและขอบคุณ", "Ending and thanks",
     "ขอบคุณที่ใช้บริการ{hotline}{polite} กรุณาประเมินความพึงพอใจเพื่อให้เราปรับปรุงบริการ{polite}"),
    ("ending", "chat", "en", "กล่าวข้อความจบและขอบคุณ", "Ending and thanks",
     "Thank you for using {hotline}. Please rate our service, so that we can improve it."),
    ("greeting", "counter", "th", "กล่าวต้อนรับ", "Greeting",
     "สวัสดี{polite} ยินดีต้อนรับ{polite} มาติดต่อเรื่องใด{polite_question}"),
    ("greeting", "counter", "en", "กล่าวต้อนรับ", "Greeting", "Good day and welcome. What can I do for you?"),
    ("ending", "counter", "th", "กล่าวขอบคุณ", "Thanks",
     "ขอบคุณที่มาใช้บริการ{polite} กรุณากรอกแบบประเมินความพึงพอใจ{polite} สวัสดี{polite}"),
    ("ending", "counter", "en", "กล่าวขอบคุณ", "Thanks",
     "Thank you for coming. Please fill in the satisfaction form. Goodbye."),
)  # fmt: skip


def upgrade() -> None:
    scripts = op.create_table(
        "scripts",
        sa.Column("id", IDENTITY, nullable=False),
        sa.Column("moment", sa.Text(), nullable=False),
        sa.Column("channel", sa.Text(), nullable=False),
        sa.Column("language", sa.Text(), nullable=False),
        sa.Column("name_th", sa.Text(), nullable=False),
        sa.Column("name_en", sa.Text(), nullable=False),
        sa.Column("text", sa.Text(), nullable=False),
        sa.Column("position", sa.Integer(), server_default=sa.text("0"), nullable=False),
        sa.Column("retired_at", sa.BigInteger(), nullable=True),
        sa.Column("updated_at", sa.BigInteger(), nullable=False),
        sa.CheckConstraint("moment IN ('greeting', 'ending', 'other')", name="ck_scripts_moment"),
        sa.PrimaryKeyConstraint("id", name="pk_scripts"),
    )
    op.create_index("ix_scripts_channel_moment", "scripts", ["channel", "moment"])
    op.create_table(
        "script_voices",
        sa.Column("staff_id", IDENTITY, nullable=False),
        sa.Column("particle", sa.Text(), nullable=False),
        sa.CheckConstraint("particle IN ('kha', 'khrap')", name="ck_script_voices_particle"),
        sa.ForeignKeyConstraint(["staff_id"], ["staff.id"], name="fk_script_voices_staff_id", ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("staff_id", name="pk_script_voices"),
    )
    names = ("moment", "channel", "language", "name_th", "name_en", "text")
    now = time.time_ns() // 1000
    rows = [dict(zip(names, row, strict=True)) for row in SEED]
    op.bulk_insert(scripts, [row | {"position": n, "updated_at": now} for n, row in enumerate(rows)])


def downgrade() -> None:
    op.drop_table("script_voices")
    op.drop_table("scripts")
