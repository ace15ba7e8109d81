"""What every page knows of the installation: its name, its languages, the menu."""

from pathlib import Path
from typing import Final
from zoneinfo import ZoneInfo

from crm.staff.access import AGENTS, EVERYONE, OFFICE, SUPERVISORS
from crm.staff.models import Role
from crm.web.pages import find_fonts, find_scripts
from crm.web.shell import House, NavigationItem
from hotline.settings import Settings

NAVIGATION: Final = (
    NavigationItem("/desk", "โต๊ะทำงาน", "Desk", AGENTS),
    NavigationItem("/inbox", "กล่องงาน", "Inbox", AGENTS, badge="inbox"),
    NavigationItem("/console", "ห้องควบคุม", "Console", SUPERVISORS, room=True),
    NavigationItem("/cards", "การ์ดโอนสาย", "Transfer cards", OFFICE, badge="cards"),
    NavigationItem("/baskets", "ตรวจซ้ำ", "Checks", AGENTS),
    NavigationItem("/knowledge", "คลังความรู้", "Knowledge", OFFICE, rooms_behind=("/documents", "/dealers", "/sources")),
    NavigationItem("/people", "ผู้รับบริการ", "People", AGENTS),
    NavigationItem("/staffing", "อัตรากำลัง", "Staffing", SUPERVISORS, room=True),
    NavigationItem("/briefs", "สรุปเช้า–เย็น", "Briefs", SUPERVISORS, room=True),
    NavigationItem("/wallboard", "จอแสดงผล", "Wallboard", EVERYONE),
    NavigationItem("/recordings", "บันทึกเสียง", "Recordings", SUPERVISORS, room=True),
    NavigationItem("/quality", "คุณภาพ", "Quality", SUPERVISORS, room=True),
    NavigationItem("/quality/mine", "คะแนนของฉัน", "My scores", (Role.AGENT,), own=True),
    NavigationItem("/reports", "รายงาน", "Reports", SUPERVISORS, room=True),
    NavigationItem("/admin", "ตั้งค่า", "Administration", SUPERVISORS, room=True),
)


def house_of(settings: Settings, version: str) -> House:
    """What the pages know of the installation."""
    here = Path(__file__).parent.parent
    return House(
        name_th=settings.site.name_th,
        name_en=settings.site.name_en,
        zone=ZoneInfo(settings.site.timezone),
        languages=settings.site.languages,
        fonts=find_fonts(here) is not None,
        scripts=bool(find_scripts(here)),
        version=version,
        navigation=NAVIGATION,
    )
