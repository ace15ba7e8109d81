"""An office whose knowledge base has something to look at, served to a browser."""

from datetime import timedelta
from pathlib import Path

from card_server import CardServer

from crm.database import writing
from crm.dealers.service import save_dealer
from crm.documents.models import TextState
from crm.documents.service import add_document, change_document, publish_document
from crm.files.store import FOLDER, FileStore
from crm.knowledge.articles import Draft
from crm.knowledge.service import hand_in, publish, verify, write_article
from crm.knowledge.starter import fill

ANSWER = """ยื่นคำขอทางอินเทอร์เน็ตที่ระบบ **DFT SMART C/O** ของกรมการค้าต่างประเทศ

1. ลงทะเบียนผู้ใช้ครั้งแรก ใช้เวลา 1 วันทำการ
2. ตรวจคุณสมบัติถิ่นกำเนิดของสินค้า
3. ยื่นคำขอ แนบใบกำกับสินค้าและใบตราส่ง

| แบบ | ใช้กับ |
|---|---|
| Form D | อาเซียน |
| Form E | อาเซียน-จีน |

> ค่าธรรมเนียมฉบับละ 30 บาท"""
DEALERS = (
    ("D001", "บริษัท กล้วยไม้ไทยส่งออก จำกัด", "Thai Orchid Export Co., Ltd.", "กล้วยไม้; ดอกไม้", "นครปฐม", "034 123 456"),
    ("D002", "ห้างหุ้นส่วนจำกัด เซรามิกลำปาง", "Lampang Ceramics LP", "จานชาม; กระเบื้อง", "ลำปาง", "054 222 333"),
    ("D003", "คุณมาลี สวนทุเรียน", "", "ทุเรียน; มังคุด", "จันทบุรี", "081 234 5678"),
)


class KnowledgeServer(CardServer):
    """``article``: published; ``old``: past its date; ``document``: a PDF, published."""

    def __init__(self, folder: Path, pdf: bytes) -> None:
        super().__init__(folder)
        mali, officer = self.visitor("mali"), self.visitor("officer")
        at = self.now() - timedelta(days=3)
        stored = FileStore(self.settings.state / FOLDER).put(pdf, len(pdf))
        with writing(self.engine) as connection:
            fill(connection, at)
            self.document = add_document(
                connection, name="คู่มือถิ่นกำเนิดสินค้า.pdf", media_type="application/pdf", size_bytes=stored.size_bytes,
                sha256=stored.sha256, text="คู่มือการขอหนังสือรับรองถิ่นกำเนิดสินค้า", text_state=TextState.TAKEN, at=at,
                doer=mali, title_th="คู่มือการขอหนังสือรับรองถิ่นกำเนิดสินค้า", title_en="Manual of certificates of origin",
            )  # fmt: skip
            publish_document(connection, self.document, at, officer)
            change_document(connection, self.document, at, mali, department="กรมการค้าต่างประเทศ", sensitive=True)
            draft = Draft(
                question_th="ขอหนังสือรับรองถิ่นกำเนิดสินค้าต้องทำอย่างไร", answer_th=ANSWER,
                question_en="How do I get a certificate of origin?", answer_en="Apply **online** at DFT SMART C/O.",
                also="ใบซีโอ\nC/O", sources="https://www.dft.go.th/", department="กรมการค้าต่างประเทศ",
                attachments=(self.document,),
            )  # fmt: skip
            self.article = write_article(connection, draft, at, mali, "มะลิ หัวหน้า")
            hand_in(connection, self.article, at, mali)
            verify(connection, self.article, at, officer, "นิติ กฎหมาย")
            publish(connection, self.article, at, mali)
            past = Draft(
                question_th="งานแสดงสินค้าอาหารปีนี้จัดวันไหน", answer_th="26–30 พฤษภาคม ที่อิมแพ็ค เมืองทองธานี",
                valid_until=(at - timedelta(days=30)).date(),
            )  # fmt: skip
            self.old = write_article(connection, past, at, mali, "มะลิ หัวหน้า")
            hand_in(connection, self.old, at, mali)
            verify(connection, self.old, at, officer, "นิติ กฎหมาย")
            publish(connection, self.old, at, mali)
            for code, thai, english, products, areas, telephones in DEALERS:
                told = {"code": code, "kind": "", "name_th": thai, "name_en": english, "products": products,
                        "areas": areas, "telephones": telephones}  # fmt: skip
                save_dealer(connection, None, told, at, mali)
