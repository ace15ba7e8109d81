"""Steps and their standard times, as the service manuals of fiscal years 2560 and 2563 set them."""

from datetime import date

import sqlalchemy as sa
from alembic import op

revision = "0010"
down_revision = "0009"
branch_labels = None
depends_on = None

YEAR_2560, YEAR_2563 = date(2016, 10, 1), date(2019, 10, 1)  # a fiscal year begins in October
MINUTE = 60

# step, Thai, English, min, max seconds, counted, target
HOTLINE = (
    ("H1", "รับสายที่เข้าสู่ระบบ", "Pick up the call", None, 9, True, None),
    ("H2", "กล่าวต้อนรับด้วยบทสนทนาที่จัดเตรียมไว้", "Greeting by the prepared script", None, 30, True, None),
    ("H3", "ผู้ขอรับบริการสอบถามข้อมูล", "The caller asks", None, 5 * MINUTE, False, None),
    ("H4", "สอบถามข้อมูลเบื้องต้นเพื่อวิเคราะห์ความพร้อม ระดับ และความต้องการ",
     "Basic questions: readiness, level, need", 5 * MINUTE, 10 * MINUTE, True, None),
    ("H5", "สอบถามเชิงลึก พร้อมให้ข้อมูล/คำแนะนำ/คำปรึกษา", "In-depth questions and advice",
     10 * MINUTE, 120 * MINUTE, True, None),
    ("H6", "จัดเตรียมเอกสารเพิ่มเติม ตรวจสอบความถูกต้อง และส่งทางอีเมล", "Prepare, verify, send by e-mail",
     5 * MINUTE, 10 * MINUTE, True, None),
    ("H7", "กล่าวข้อความจบและขอบคุณ พร้อมโอนสายเข้าสู่ระบบประเมินความพึงพอใจ", "Ending, thanks, on to the survey",
     None, 1 * MINUTE, True, None),
    ("H8", "ผู้ขอรับบริการประเมินความพึงพอใจ", "The caller rates the service", None, None, False, None),
    ("H9", "บันทึกสรุปการให้บริการ", "Record the summary", None, 30, True, None),
)  # fmt: skip
CHAT = (
    ("L1", "กล่าวต้อนรับด้วยข้อความที่จัดเตรียมไว้", "Greeting with the prepared text", None, 3 * MINUTE, True, 0.85),
    ("L2", "ผู้ขอรับบริการเลือกหัวข้อและสอบถาม", "The visitor picks a topic and asks", None, 5 * MINUTE, False, None),
    ("L3", "สอบถามข้อมูลเบื้องต้นเพื่อจำแนกความพร้อม ระดับ และความต้องการ", "Questions to classify the visitor",
     5 * MINUTE, 10 * MINUTE, True, None),
    ("L4", "ให้ข้อมูล/คำแนะนำ และส่งไฟล์ที่ส่งได้ทันที", "Answer, and send the files that can be sent at once",
     10 * MINUTE, 120 * MINUTE, True, None),
    ("L5", "จัดเตรียมเอกสารเพิ่มเติม ตรวจสอบความถูกต้อง และส่งทางอีเมล", "Prepare, verify, send by e-mail",
     5 * MINUTE, 10 * MINUTE, True, None),
    ("L6", "ผู้ขอรับบริการตรวจสอบข้อมูลและประเมินความพึงพอใจ", "The visitor checks what was received and rates",
     None, 5 * MINUTE, False, None),
    ("L7", "กล่าวข้อความจบและขอบคุณ", "Ending and thanks", None, 5 * MINUTE, True, None),
    ("L8", "บันทึกสรุปการให้บริการ", "Record the summary", None, 30, True, None),
)  # fmt: skip
CHAT_2563 = {"L7": (None, 2 * MINUTE), "L8": (2 * MINUTE, 3 * MINUTE)}
COUNTER = (
    ("W1", "กล่าวต้อนรับตามมาตรฐาน", "Greeting by the standard", None, 30, True, None),
    ("W2", "ผู้ขอรับบริการกรอกแบบฟอร์ม", "The visitor fills in the request form", None, 5 * MINUTE, False, None),
    ("W3", "สอบถามข้อมูลเบื้องต้น ความพร้อม ระดับ และความต้องการ", "Basic questions: readiness, level, need",
     5 * MINUTE, 20 * MINUTE, True, None),
    ("W4", "สอบถามเชิงลึก ให้คำแนะนำ และคัดเลือกข้อมูลลงตะกร้า", "In-depth questions and advice; select into the basket",
     10 * MINUTE, 140 * MINUTE, True, None),
    ("W5", "เอกสารที่ไม่มีในระบบ และแนะนำแอปพลิเคชัน", "Documents that are not in the system; the mobile application",
     5 * MINUTE, 10 * MINUTE, True, None),
    ("W6", "ผู้ขอรับบริการตรวจสอบข้อมูลในตะกร้าก่อนส่งอีเมล", "The visitor checks the basket before it is e-mailed",
     None, 5 * MINUTE, False, 1.0),
    ("W7", "พิมพ์หน้าสรุปการให้บริการข้อมูล/คำปรึกษา", "Print the summary page", None, None, True, None),
    ("W8", "ผู้ขอรับบริการกรอกแบบประเมินความพึงพอใจ", "Satisfaction form", None, 5 * MINUTE, False, None),
    ("W9", "กล่าวขอบคุณตามมาตรฐาน", "Thanks by the standard", None, 30, True, None),
)  # fmt: skip


def upgrade() -> None:
    standards = op.create_table(
        "step_standards",
        sa.Column("channel", sa.Text(), nullable=False),
        sa.Column("valid_from", sa.Date(), nullable=False),
        sa.Column("step", sa.Text(), nullable=False),
        sa.Column("ordinal", sa.Integer(), nullable=False),
        sa.Column("name_th", sa.Text(), nullable=False),
        sa.Column("name_en", sa.Text(), nullable=False),
        sa.Column("min_seconds", sa.Integer(), nullable=True),
        sa.Column("max_seconds", sa.Integer(), nullable=True),
        sa.Column("counted", sa.Boolean(), nullable=False),
        sa.Column("target_share", sa.Float(), nullable=True),
        sa.CheckConstraint("min_seconds <= max_seconds", name="ck_step_standards_order"),
        sa.PrimaryKeyConstraint("channel", "valid_from", "step", name="pk_step_standards"),
    )
    chat_2563 = [(*row[:3], *CHAT_2563.get(row[0], row[3:5]), *row[5:]) for row in CHAT]
    for channel, since, rows in (
        ("hotline", YEAR_2560, HOTLINE),
        ("chat", YEAR_2560, CHAT),
        ("chat", YEAR_2563, chat_2563),
        ("counter", YEAR_2560, COUNTER),
    ):
        names = ("step", "name_th", "name_en", "min_seconds", "max_seconds", "counted", "target_share")
        values = [dict(zip(names, row, strict=True)) for row in rows]
        op.bulk_insert(
            standards, [{**one, "channel": channel, "valid_from": since, "ordinal": n} for n, one in enumerate(values)]
        )


def downgrade() -> None:
    op.drop_table("step_standards")
