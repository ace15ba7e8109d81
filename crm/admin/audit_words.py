"""Lines of the audit as sentences for people. What has no words here is shown as it is kept."""

from collections.abc import Mapping
from datetime import datetime, tzinfo
from typing import Any, Final

from crm.audit.service import SYSTEM, AuditLine
from crm.cards.words import WORDS as CARDS
from crm.web.dates import date_and_time

ACTIONS: Final[dict[str, tuple[str, str]]] = {
    "staff.created": ("สร้างบัญชี", "made an account"),
    "staff.changed": ("แก้ไขบัญชี", "changed an account"),
    "staff.activated": ("เปิดบัญชีอีกครั้ง", "opened an account again"),
    "staff.deactivated": ("ปิดบัญชี", "closed an account"),
    "staff.password_reset": ("ออกรหัสผ่านใหม่", "gave a new password"),
    "staff.password_chosen": ("เปลี่ยนรหัสผ่านของตน", "chose a password"),
    "staff.unlocked": ("ปลดล็อกบัญชี", "unlocked an account"),
    "staff.locked": ("ใส่รหัสผ่านผิด บัญชีถูกล็อก", "too many wrong passwords: locked"),
    "staff.login_refused": ("ใส่รหัสผ่านผิด", "wrong password"),
    "staff.logged_in": ("เข้าสู่ระบบ", "logged in"),
    "staff.logged_out_everywhere": ("ให้ออกจากระบบทุกที่", "logged out everywhere"),
    "roster.added": ("เพิ่มเวร", "added a shift"),
    "roster.removed": ("ลบเวร", "removed a shift"),
    "roster.imported": ("นำเข้าตารางเวร", "imported a roster"),
    "roster.copied": ("คัดลอกตารางเวร", "copied a week of the roster"),
    "forecast.imported": ("นำเข้าพยากรณ์สาย", "imported a forecast"),
    "forecast.dropped": ("ยกเลิกพยากรณ์ที่นำเข้า", "dropped an imported forecast"),
    "recording.heard": ("ฟังบันทึกเสียง", "listened to a recording"),
    "recording.saved": ("ดาวน์โหลดบันทึกเสียง", "saved a recording"),
    "recording.paused": ("หยุดบันทึกเสียงชั่วคราว", "paused a recording"),
    "recording.resumed": ("บันทึกเสียงต่อ", "went on recording"),
    "recording.expired": ("ลบบันทึกเสียงที่ครบกำหนด", "deleted recordings whose time was over"),
    "quality.card_made": ("สร้างแบบประเมินคุณภาพ", "made a score card"),
    "quality.card_designed": ("แก้ไขแบบประเมินคุณภาพ", "changed a score card"),
    "quality.card_published": ("เผยแพร่แบบประเมินคุณภาพ", "published a score card"),
    "quality.skipped": ("ข้ามสายที่รอให้คะแนน", "skipped a sample"),
    "quality.scored": ("ให้คะแนนคุณภาพ", "scored a talk"),
    "quality.replied": ("ตอบความเห็นเรื่องคะแนน", "answered a score"),
    "quality.round_begun": ("เริ่มเทียบเกณฑ์ผู้ให้คะแนน", "began a calibration"),
    "quality.round_closed": ("ปิดการเทียบเกณฑ์ผู้ให้คะแนน", "closed a calibration"),
    "team.created": ("เพิ่มทีม", "made a team"),
    "team.changed": ("แก้ไขทีม", "changed a team"),
    "team.removed": ("ลบทีม", "removed a team"),
    "department.created": ("เพิ่มหน่วยงาน", "made a department"),
    "department.changed": ("แก้ไขหน่วยงาน", "changed a department"),
    "department.closed": ("ปิดหน่วยงาน", "closed a department"),
    "department.opened": ("เปิดหน่วยงานอีกครั้ง", "opened a department again"),
    "pause.created": ("เพิ่มเหตุผลการพัก", "added a pause reason"),
    "pause.changed": ("แก้ไขเหตุผลการพัก", "changed a pause reason"),
    "pause.given_up": ("เลิกใช้เหตุผลการพัก", "took a pause reason out of use"),
    "pause.taken_back": ("ใช้เหตุผลการพักอีกครั้ง", "took a pause reason back into use"),
    "pause.moved": ("เลื่อนเหตุผลการพัก", "moved a pause reason"),
    "closure.closed": ("ปิดรับสายฉุกเฉิน", "closed in an emergency"),
    "closure.opened": ("เปิดรับสายอีกครั้ง", "opened again"),
    "calendar.added": ("เพิ่มวันหยุด", "added a holiday"),
    "calendar.removed": ("เปิดรับสายในวันหยุด", "opened on a holiday"),
    "screen.key_renewed": ("ออกรหัสใหม่ของจอแสดงผล", "renewed the key of the wallboards"),
    "topic.added": ("เพิ่มเรื่อง", "added a subject"),
    "topic.changed": ("แก้ไขเรื่อง", "changed a subject"),
    "topic.retired": ("เลิกใช้เรื่อง", "retired a subject"),
    "topic.brought_back": ("ใช้เรื่องอีกครั้ง", "took a subject back into use"),
    "script.added": ("เพิ่มบทสนทนา", "added a script"),
    "script.changed": ("แก้ไขบทสนทนา", "changed a script"),
    "wording.changed": ("แก้ไขข้อความในจดหมายถึงผู้รับบริการ", "changed what letters to callers say"),
    "wording.reset": ("ให้จดหมายถึงผู้รับบริการกลับเป็นข้อความตั้งต้น", "took letters to callers back to the default"),
    "standards.set": ("กำหนดมาตรฐานเวลา", "set standard times"),
    "contact.changed": ("แก้ไขบันทึกการให้บริการ", "changed a record of service"),
    "contact.finished": ("จบบันทึกการให้บริการ", "finished a record of service"),
    "contact.person_chosen": ("เลือกผู้รับบริการของบันทึก", "chose the person of a record"),
    "person.added": ("เพิ่มผู้รับบริการ", "wrote down a person"),
    "console.listen": ("ฟังสายสนทนา", "listened to a call"),
    "console.whisper": ("กระซิบกับเจ้าหน้าที่ในสาย", "whispered into a call"),
    "console.barge": ("ร่วมสายสนทนา", "barged into a call"),
    "console.pulled": ("ดึงสายที่รออยู่มารับเอง", "took a waiting call"),
    "console.paused": ("ให้เจ้าหน้าที่หยุดพัก", "paused an agent"),
    "console.made_ready": ("ให้เจ้าหน้าที่กลับมารับสาย", "made an agent ready again"),
    "console.logged_out": ("ให้เจ้าหน้าที่ออกจากระบบ", "logged an agent out"),
    "console.message_sent": ("ส่งข้อความถึงเจ้าหน้าที่", "sent a message to the floor"),
    "directory.added": ("เพิ่มในสมุดโทรศัพท์", "added to the directory"),
    "directory.changed": ("แก้ไขสมุดโทรศัพท์", "changed the directory"),
    "directory.removed": ("ลบจากสมุดโทรศัพท์", "removed from the directory"),
    "person.created": ("เพิ่มผู้รับบริการ", "wrote down a person"),
    "person.changed": ("แก้ไขข้อมูลผู้รับบริการ", "changed a person's data"),
    "person.merged": ("รวมผู้รับบริการ", "merged people"),
    "person.may_be_same": ("พบว่าอาจเป็นคนเดียวกัน", "noticed that two may be one person"),
    "person.told_apart": ("ยืนยันว่าเป็นคนละคน", "said that they are two people"),
    "person.number_added": ("เพิ่มเบอร์โทรศัพท์", "added a telephone number"),
    "person.number_removed": ("ลบเบอร์โทรศัพท์", "removed a telephone number"),
    "person.unmerged": ("แยกผู้รับบริการที่รวมไว้", "parted people again"),
}
KINDS: Final[dict[str, tuple[str, str]]] = {
    "staff": ("เจ้าหน้าที่", "Staff"),
    "team": ("ทีม", "Teams"),
    "roster": ("ตารางเวร", "Roster"),
    "recording": ("บันทึกเสียง", "Recordings"),
    "quality": ("คุณภาพการให้บริการ", "Quality"),
    "forecast": ("พยากรณ์สาย", "Forecasts"),
    "department": ("หน่วยงาน", "Departments"),
    "pause": ("เหตุผลการพัก", "Pause reasons"),
    "closure": ("ปิดรับสายฉุกเฉิน", "Emergency closure"),
    "calendar": ("ปฏิทินวันหยุด", "Holidays"),
    "screen": ("จอแสดงผล", "Wallboards"),
    "person": ("ผู้รับบริการ", "People"),
    "contact": ("บันทึกการให้บริการ", "Records of service"),
    "card": ("การ์ดโอนสาย", "Transfer cards"),
    "topic": ("เรื่องที่สอบถาม", "Topics"),
    "script": ("บทสนทนา", "Scripts"),
    "standards": ("มาตรฐานเวลา", "Standard times"),
    "letter": ("จดหมาย", "Letters"),
    "wording": ("ข้อความในจดหมาย", "Wording of letters"),
    "directory": ("สมุดโทรศัพท์", "Directory"),
    "inbox": ("กล่องงาน", "Inbox"),
    "message": ("ข้อความเสียง", "Messages"),
    "console": ("ห้องควบคุม", "Console"),
}
FIELDS: Final[dict[str, tuple[str, str]]] = {
    "username": ("ชื่อผู้ใช้", "user name"),
    "role": ("หน้าที่", "role"),
    "name_th": ("ชื่อไทย", "Thai name"),
    "name_en": ("ชื่ออังกฤษ", "English name"),
    "label_th": ("ข้อความไทย", "Thai text"),
    "label_en": ("ข้อความอังกฤษ", "English text"),
    "name": ("รหัส", "code"),
    "sex": ("เพศ", "sex"),
    "email": ("อีเมล", "e-mail"),
    "language": ("ภาษา", "language"),
    "department": ("หน่วยงาน", "department"),
    "team_id": ("ทีม", "team"),
    "extension": ("เบอร์ภายใน", "extension"),
    "phone": ("โทรศัพท์", "telephone"),
    "queues": ("คิว", "queues"),
    "dial": ("เบอร์ภายนอก", "outside number"),
    "answer_days": ("วันทำการ", "working days"),
    "answer_hours": ("ชั่วโมงทำการ", "working hours"),
    "supervisors_only": ("หัวหน้างานเท่านั้น", "supervisors only"),
    "position": ("ลำดับ", "position"),
    "reason": ("เหตุผล", "reason"),
    "address": ("ที่อยู่เครือข่าย", "address"),
    "sessions": ("จำนวนที่ที่ออก", "sessions"),
    "display_name": ("ชื่อ", "name"),
    "first_name": ("ชื่อ", "first name"),
    "last_name": ("นามสกุล", "last name"),
    "title": ("คำนำหน้า", "title"),
    "occupation": ("อาชีพ", "occupation"),
    "birth_year": ("ปีเกิด", "year of birth"),
    "province": ("จังหวัด", "province"),
    "business_level": ("ระดับธุรกิจ", "level of the business"),
    "notes": ("บันทึก", "notes"),
    "number": ("เบอร์โทรศัพท์", "telephone number"),
    "agent": ("เจ้าหน้าที่", "agent"),
    "text": ("ข้อความ", "text"),
    "subject": ("หัวเรื่อง", "subject"),
    "opening": ("ข้อความนำ", "opening"),
    "closing": ("ข้อความปิดท้าย", "closing"),
    "queue": ("คิว", "queue"),
    "day": ("วันที่", "day"),
    "from": ("ตั้งแต่", "from"),
    "to": ("ถึง", "to"),
    "days": ("จำนวนวัน", "days"),
    "shifts": ("จำนวนเวร", "shifts"),
    "state": ("สถานะ", "state"),
    "kind": ("ชนิด", "kind"),
    "to_kind": ("ชนิดปลายทาง", "kind of destination"),
    "by": ("โดย", "by"),
    "letters": ("จดหมาย", "letters"),
    "transferred_at": ("โอนเมื่อ", "transferred"),
    "people": ("จำนวนคน", "people"),
    "auto_answer": ("รับสายเอง", "answers by itself"),
}
VALUES: Final[dict[str, dict[str, tuple[str, str]]]] = {
    "role": {
        "agent": ("เจ้าหน้าที่", "agent"),
        "officer": ("เจ้าหน้าที่หน่วยงานเจ้าของเรื่อง", "officer"),
        "supervisor": ("หัวหน้างาน", "supervisor"),
        "administrator": ("ผู้ดูแลระบบ", "administrator"),
    },
    "phone": {"browser": ("ในเบราว์เซอร์", "in the browser"), "desk": ("เครื่องบนโต๊ะ", "on the desk")},
    "sex": {"female": ("หญิง", "female"), "male": ("ชาย", "male")},
    "language": {"th": ("ไทย", "Thai"), "en": ("อังกฤษ", "English")},
    "kind": {
        "blind": (CARDS["th"]["mode_blind"], CARDS["en"]["mode_blind"]),
        "attended": (CARDS["th"]["mode_attended"], CARDS["en"]["mode_attended"]),
        "new": ("ใหม่", "new"),
    },
    "to_kind": {
        "department": ("หน่วยงาน", "department"),
        "officer": ("เจ้าหน้าที่หน่วยงาน", "officer"),
        "agent": ("เจ้าหน้าที่", "agent"),
        "outside": ("เบอร์ภายนอก", "outside"),
    },
    "state": {
        key.removeprefix("state_"): (text, CARDS["en"][key]) for key, text in CARDS["th"].items() if key[:6] == "state_"
    },
}
"""Values that are words of ours, by the detail's name."""
_YES, _NO = ("ใช่", "yes"), ("ไม่ใช่", "no")
_NOTHING: Final = "–"


def text_of(action: str, language: str) -> str:
    """An action in words; of a transfer card those of its own story; else its kind and how it is kept."""
    if action in ACTIONS:
        return _in(language, ACTIONS[action])
    kind, _, what = action.partition(".")
    if kind == "card" and (told := CARDS[language].get(f"what_{what}")):
        return told
    return f"{kind_of(kind, language)}: {what.replace('_', ' ')}" if kind in KINDS else action


def kind_of(kind: str, language: str) -> str:
    """A kind of action in words."""
    return _in(language, KINDS.get(kind, (kind, kind)))


def field_of(name: str, language: str) -> str:
    """What a detail is called."""
    return _in(language, FIELDS.get(name, (name, name)))


def subject_of(subject: str, names: Mapping[str, str], language: str) -> str:
    """What was done to: by name, else its kind and number."""
    kind, separator, which = subject.partition("/")
    if subject in names or not separator or kind not in KINDS:
        return names.get(subject, subject)
    return f"{kind_of(kind, language)} {which}"


def sentences(line: AuditLine, language: str, zone: tzinfo) -> dict[str, Any]:
    """What a line says: ``who`` did it, ``what`` was done, and ``details``, each a name, what was and what is (or None
    and what is)."""
    details: list[tuple[str, str | None, str]] = []
    for name, value in line.details.items():
        if name == "changes" and isinstance(value, Mapping):
            for field, pair in value.items():
                details.append((field_of(field, language), *_old_and_new(field, pair, language)))
        elif name == "number" and line.action.startswith("card."):
            details.append((_in(language, ("เลขที่การ์ด", "card")), None, plain(value)))
        elif value not in (None, "", {}, []):
            told = _moment(value, language, zone) if name.endswith("_at") else None
            details.append((field_of(name, language), None, told or value_of(name, value, language)))
    who = _in(language, ("ระบบ", "the system")) if line.who == SYSTEM else line.who
    return {"who": who, "what": text_of(line.action, language), "details": details}


def _moment(value: Any, language: str, zone: tzinfo) -> str | None:
    try:
        return date_and_time(datetime.fromisoformat(str(value)), zone, language)
    except ValueError:
        return None


def value_of(name: str, value: Any, language: str) -> str:
    """A value of the detail ``name`` as people say it."""
    if isinstance(value, bool):
        return _in(language, _YES if value else _NO)
    known = VALUES.get(name, {}).get(value) if isinstance(value, str) else None
    return _in(language, known) if known else plain(value)


def plain(value: Any) -> str:
    """A value of the details, short."""
    if value in (None, "", {}, []):
        return _NOTHING
    if isinstance(value, Mapping):
        return ", ".join(f"{key}: {plain(one)}" for key, one in value.items())
    if isinstance(value, list):
        return ", ".join(map(plain, value))
    return str(value)


def _old_and_new(name: str, pair: Any, language: str) -> tuple[str | None, str]:
    if isinstance(pair, list) and len(pair) == 2:
        return value_of(name, pair[0], language), value_of(name, pair[1], language)
    return None, value_of(name, pair, language)


def _in(language: str, words: tuple[str, str]) -> str:
    return words[0] if language == "th" else words[1]
