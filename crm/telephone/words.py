"""Why an order to the telephone was refused, as people read it."""

from collections.abc import Mapping
from typing import Final

from crm.telephone.control import Why

REFUSED: Final[Mapping[str, Mapping[str, str]]] = {
    "th": {
        Why.NO_CALL: "ขณะนี้ไม่มีสายที่จะดำเนินการ",
        Why.BUSY: "โทรศัพท์ของท่านไม่ว่าง โปรดวางสายก่อน",
        Why.OFFLINE: "โทรศัพท์ของท่านยังไม่พร้อมใช้งาน",
        Why.NOT_PERMITTED: "ไม่อนุญาตให้โทรออกหมายเลขนี้ โปรดตรวจสอบหมายเลข",
        Why.OWN_EXTENSION: "หมายเลขนี้เป็นเบอร์ภายในของท่านเอง",
        Why.NO_QUEUES: "ท่านไม่ได้อยู่ในคิวรับสายใด โปรดติดต่อหัวหน้างาน",
        Why.UNKNOWN_REASON: "ไม่มีเหตุผลพักสายนี้ โปรดเลือกจากรายการ",
        Why.NOT_IN_WRAP_UP: "หมดเวลาบันทึกสรุปแล้ว",
        Why.CANNOT: "ระบบโทรศัพท์ไม่สามารถทำรายการนี้ได้ โปรดลองอีกครั้ง",
    },
    "en": {
        Why.NO_CALL: "There is no call to do this with",
        Why.BUSY: "Your telephone is in use: hang up first",
        Why.OFFLINE: "Your telephone is not connected",
        Why.NOT_PERMITTED: "This number may not be dialled from here: check it",
        Why.OWN_EXTENSION: "This is your own extension",
        Why.NO_QUEUES: "You answer no queue: ask your supervisor",
        Why.UNKNOWN_REASON: "There is no such reason for a break: choose one of the list",
        Why.NOT_IN_WRAP_UP: "The time after the call is over",
        Why.CANNOT: "The telephone system could not do that: try again",
    },
}
