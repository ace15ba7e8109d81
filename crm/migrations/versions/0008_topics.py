"""Subjects of calls, with those of an international trade hotline to start from."""

import time

import sqlalchemy as sa
from alembic import op

revision = "0008"
down_revision = "0007"
branch_labels = None
depends_on = None

IDENTITY = sa.BigInteger().with_variant(sa.Integer(), "sqlite")

# (Thai, English, other words for it, [below])
SEED = {
    "general": ("สอบถามข้อมูลทั่วไป", "General enquiry", "", [
        ("การส่งออก", "Exporting", "ขายต่างประเทศ ส่งของไปเมืองนอก", [
            ("เริ่มต้นส่งออก", "How to start exporting", "ขั้นตอนส่งออก อยากส่งออก มือใหม่", []),
            ("เอกสารส่งออก", "Export documents", "ใบกำกับสินค้า invoice packing list ใบขนสินค้า", []),
            ("หนังสือรับรองถิ่นกำเนิดสินค้า", "Certificate of origin",
             "C/O CO ฟอร์มดี ฟอร์มอี Form A Form D Form E ใบรับรองแหล่งกำเนิด", []),
            ("ใบอนุญาตส่งออก", "Export licences", "สินค้าควบคุม ข้าว มันสำปะหลัง", []),
            ("การตั้งราคาและเงื่อนไขส่งมอบ", "Pricing and terms of delivery", "Incoterms FOB CIF EXW ต้นทุน", []),
            ("การขนส่งและโลจิสติกส์", "Transport and logistics", "ชิปปิ้ง เรือ เครื่องบิน ตู้คอนเทนเนอร์ freight", []),
            ("การชำระเงินระหว่างประเทศ", "International payment", "L/C LC T/T เลตเตอร์ออฟเครดิต ประกันการส่งออก", []),
        ]),
        ("การนำเข้า", "Importing", "สั่งของจากต่างประเทศ", [
            ("ขั้นตอนและเอกสารนำเข้า", "Import procedure and documents", "ใบขนขาเข้า", []),
            ("ใบอนุญาตนำเข้า", "Import licences", "อย. มอก.", []),
            ("อัตราภาษีนำเข้า", "Import duties", "อากร ศุลกากร ภาษี", []),
        ]),
        ("การพบผู้นำเข้า", "Meeting importers", "หาผู้ซื้อ หาลูกค้า buyer รายชื่อผู้นำเข้า จับคู่ธุรกิจ", [
            ("รายชื่อผู้นำเข้า", "Lists of importers", "ฐานข้อมูลผู้นำเข้า importer list", []),
            ("จับคู่เจรจาธุรกิจ", "Business matching", "OBM เจรจาการค้าออนไลน์ นัดพบผู้ซื้อ", []),
            ("ตรวจสอบบริษัทคู่ค้า", "Checking a trading partner", "บริษัทนี้มีจริงไหม น่าเชื่อถือ", []),
        ]),
        ("งานแสดงสินค้าและคณะผู้แทนการค้า", "Trade fairs and missions", "ออกบูธ แฟร์ THAIFEX นิทรรศการ", [
            ("งานแสดงสินค้าในประเทศ", "Fairs in Thailand", "", []),
            ("งานแสดงสินค้าในต่างประเทศ", "Fairs abroad", "", []),
            ("เงินสนับสนุนผู้ประกอบการ", "Support for exhibitors", "SMEs Pro-active ทุน ค่าใช้จ่าย", []),
        ]),
        ("ข้อมูลตลาดและสถิติการค้า", "Markets and trade statistics", "มูลค่าส่งออก ตลาดต่างประเทศ วิจัยตลาด", []),
        ("สิทธิประโยชน์ทางการค้า", "Trade preferences", "FTA GSP RCEP เอฟทีเอ ลดภาษี", []),
        ("อบรมและสัมมนา", "Training and seminars", "หลักสูตร เรียน NEA สถาบันพัฒนาผู้ประกอบการการค้ายุคใหม่", []),
        ("สมาชิกและบริการของกรม", "Membership and services", "สมัครสมาชิก EL บัตร ต่ออายุ", []),
        ("ตลาดออนไลน์", "Online market places", "Thaitrade e-commerce ขายออนไลน์ อีคอมเมิร์ซ", []),
        ("ที่อยู่ เวลาทำการ ติดต่อหน่วยงาน", "Addresses, hours, contacts", "เบอร์โทร แผนที่ ติดต่อสำนักงาน", []),
    ]),
    "technical": ("ข้อมูลเทคนิค", "Technical information", "", [
        ("พิกัดศุลกากร", "Customs tariff codes", "HS code พิกัด เอชเอสโค้ด", []),
        ("กฎถิ่นกำเนิดสินค้า", "Rules of origin", "ROO สัดส่วนวัตถุดิบ RVC", []),
        ("มาตรฐานและใบรับรองสินค้า", "Standards and certificates", "HACCP GMP ISO ฮาลาล มอก. อย. CE FDA", []),
        ("ฉลากและบรรจุภัณฑ์", "Labels and packaging", "หีบห่อ ฉลากโภชนาการ", []),
        ("สุขอนามัยพืชและสัตว์", "Sanitary and phytosanitary rules", "SPS ผลไม้ ทุเรียน กักกัน", []),
        ("มาตรการทางการค้า", "Trade measures", "ทุ่มตลาด AD CVD NTB กีดกัน โควตา", []),
        ("กฎหมายและสัญญาการค้า", "Law and contracts", "สัญญา อนุญาโตตุลาการ", []),
        ("ทรัพย์สินทางปัญญา", "Intellectual property", "เครื่องหมายการค้า สิทธิบัตร ลิขสิทธิ์", []),
        ("การใช้ระบบออนไลน์ของกรม", "Using our online services", "เข้าระบบไม่ได้ ลืมรหัสผ่าน สมัครไม่ผ่าน", []),
    ]),
    "new_product": ("ข้อมูลรุ่นใหม่/สินค้าใหม่", "New model/new product", "", [
        ("สินค้าใหม่และแนวโน้มตลาด", "New products and trends", "เทรนด์ รุ่นใหม่ นวัตกรรม", []),
        ("การออกแบบและสร้างแบรนด์", "Design and branding", "DEmark โลโก้ ตราสินค้า", []),
        ("โครงการและบริการใหม่", "New projects and services", "โครงการใหม่ สมัครโครงการ", []),
    ]),
    "complaint": ("ร้องเรียน ร้องทุกข์/แจ้งเบาะแส", "Complaint/tip-off", "", [
        ("ข้อพิพาททางการค้ากับคู่ค้าต่างประเทศ", "Trade disputes", "ไม่จ่ายเงิน ไม่ส่งของ โกง ผิดสัญญา", []),
        ("ถูกหลอกลวงทางการค้า", "Trade fraud", "มิจฉาชีพ อีเมลปลอม scam แฮกอีเมล", []),
        ("ร้องเรียนการให้บริการ", "Complaints about our service", "เจ้าหน้าที่ ช้า ไม่สุภาพ", []),
        ("ร้องเรียนสินค้าและราคา", "Complaints about goods and prices", "ของแพง สินค้าไม่ได้มาตรฐาน", []),
        ("แจ้งเบาะแส", "Tip-offs", "ทุจริต สวมสิทธิ์ ละเมิด", []),
        ("ข้อเสนอแนะ", "Suggestions", "แนะนำ ชมเชย", []),
    ]),
}  # fmt: skip


def upgrade() -> None:
    topics = op.create_table(
        "topics",
        sa.Column("id", IDENTITY, nullable=False),
        sa.Column("parent_id", IDENTITY, nullable=True),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("name_th", sa.Text(), nullable=False),
        sa.Column("name_en", sa.Text(), nullable=False),
        sa.Column("also", sa.Text(), server_default=sa.text("''"), nullable=False),
        sa.Column("position", sa.Integer(), server_default=sa.text("0"), nullable=False),
        sa.Column("retired_at", sa.BigInteger(), nullable=True),
        sa.Column("created_at", sa.BigInteger(), nullable=False),
        sa.Column("updated_at", sa.BigInteger(), nullable=False),
        sa.CheckConstraint("kind IN ('general', 'technical', 'new_product', 'complaint')", name="ck_topics_kind"),
        sa.ForeignKeyConstraint(["parent_id"], ["topics.id"], name="fk_topics_parent_id"),
        sa.PrimaryKeyConstraint("id", name="pk_topics"),
    )
    op.create_index("ix_topics_parent_id", "topics", ["parent_id"])
    now = time.time_ns() // 1000
    for position, (kind, root) in enumerate(SEED.items()):
        _plant(topics, kind, None, position, root, now)


def _plant(topics: sa.Table, kind: str, parent_id: int | None, position: int, seed: tuple, now: int) -> None:  # type: ignore[type-arg]
    name_th, name_en, also, below = seed
    row = {"parent_id": parent_id, "kind": kind, "name_th": name_th, "name_en": name_en, "also": also}
    row |= {"position": position, "created_at": now, "updated_at": now}
    topic_id = op.get_bind().execute(sa.insert(topics).values(**row).returning(topics.c.id)).scalar_one()
    for place, child in enumerate(below):
        _plant(topics, kind, topic_id, place, child, now)


def downgrade() -> None:
    op.drop_table("topics")
