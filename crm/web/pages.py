"""Templates: one environment, every feature's folder, everything escaped."""

from collections.abc import Mapping
from pathlib import Path
from typing import Final

from jinja2 import ChoiceLoader, Environment, FileSystemLoader, StrictUndefined
from starlette.requests import Request

SHARED = Path(__file__).parent / "templates"
STATIC = Path(__file__).parent / "static"


def environment(*folders: Path, fonts: bool = False, version: str = "0") -> Environment:
    """Templates of a feature, with the shared ones behind them.

    ``fonts``: the typeface is installed and served. ``version`` goes into the addresses of styles and scripts, so that
    a browser never mixes two versions.
    """
    templates = Environment(
        loader=ChoiceLoader([FileSystemLoader(folder) for folder in (*folders, SHARED)]),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    templates.globals |= {"fonts": fonts, "version": version}
    return templates


def find_fonts(start: Path) -> Path | None:
    """The typeface's folder, installed by npm beside or above ``start``; None when it is not there."""
    for folder in (start, *start.resolve().parents):
        files = folder / "node_modules" / "@fontsource" / "sarabun" / "files"
        if files.is_dir():
            return files
    return None


_SCRIPTS: Final = {"jssip.js": ".bundles/jssip.js", "htmx.js": "htmx.org/dist/htmx.min.js"}


def find_scripts(start: Path) -> dict[str, Path]:
    """Scripts of others that our pages use, by the name they are served under (``/static/vendor/``); installed by npm
    beside or above ``start``, empty when they are not there."""
    for folder in (start, *start.resolve().parents):
        found = {name: folder / "node_modules" / place for name, place in _SCRIPTS.items()}
        if all(path.is_file() for path in found.values()):
            return found
    return {}


def language_of(wanted: str | None, accepted: str | None, default: str) -> str:
    """``th`` or ``en``: what was asked for by ``?lang=``, else what the browser prefers (None: it is not asked)."""
    if wanted in {"th", "en"}:
        return str(wanted)
    for part in (accepted or "").split(","):
        code = part.split(";")[0].strip().lower()[:2]
        if code in {"th", "en"}:
            return code
    return default


def language_asked(request: Request, own: str | None, default: str) -> str:
    """Of an answer: as the address says, else ``own`` of the account, else as the browser prefers."""
    wanted = request.query_params.get("lang") or own
    return language_of(wanted, request.headers.get("accept-language"), default)


ERRORS: Mapping[str, Mapping[int, tuple[str, str]]] = {
    "th": {
        400: ("คำขอไม่ถูกต้อง", "โปรดตรวจสอบที่อยู่ของหน้า แล้วลองอีกครั้ง"),
        403: ("ไม่มีสิทธิ์เข้าถึง", "โปรดเข้าสู่ระบบด้วยบัญชีที่มีสิทธิ์ หรือติดต่อหัวหน้างาน"),
        404: ("ไม่พบหน้านี้", "โปรดตรวจสอบที่อยู่ของหน้า"),
        413: ("ข้อมูลมากเกินไป", "โปรดส่งข้อมูลให้สั้นลง"),
        422: ("คำขอไม่ถูกต้อง", "โปรดตรวจสอบข้อมูลที่ส่ง แล้วลองอีกครั้ง"),
        500: ("ระบบขัดข้อง", "ได้บันทึกเหตุการณ์ไว้แล้ว โปรดลองอีกครั้งในอีกสักครู่ หากยังพบปัญหา โปรดแจ้งผู้ดูแลระบบ"),
        503: ("ระบบยังไม่พร้อม", "โปรดลองอีกครั้งในอีกสักครู่"),
    },
    "en": {
        400: ("The request is not valid", "Check the address of the page and try again."),
        403: ("No access", "Log in with an account that may see this, or ask your supervisor."),
        404: ("There is no such page", "Check the address of the page."),
        413: ("That is too much", "Send less."),
        422: ("The request is not valid", "Check what you sent and try again."),
        500: ("Something failed", "It has been logged. Try again in a moment; if it stays, tell your administrator."),
        503: ("Not ready yet", "Try again in a moment."),
    },
}


def error_words(status: int, language: str) -> tuple[str, str]:
    """Title and advice for an HTTP status."""
    known = ERRORS[language]
    return known.get(status) or known[400 if status < 500 else 500]
