"""Around every page: headers, static files, health, metrics, errors, language."""

from pathlib import Path

import pytest
from board_app import DATA, Client, board_app
from fastapi import APIRouter

from crm.wallboard.web import wallboard
from crm.web.app import create_app
from crm.web.pages import find_fonts, language_of


def test_headers_of_every_answer() -> None:
    answer = board_app().get("/wallboard")
    policy = answer.headers["content-security-policy"]
    assert "default-src 'none'" in policy
    assert "script-src 'self'" in policy
    assert "unsafe" not in policy
    assert "frame-ancestors 'none'" in policy
    assert answer.headers["x-frame-options"] == "DENY"
    assert answer.headers["x-content-type-options"] == "nosniff"
    assert answer.headers["cache-control"] == "no-store"


def test_the_page_has_no_inline_script_or_style() -> None:
    page = board_app().get("/wallboard").text
    assert "<style" not in page
    assert " style=" not in page
    assert page.count("<script") == page.count("<script src=") == 1


@pytest.mark.parametrize(("ancestors", "old"), [("'self'", "SAMEORIGIN"), ("https://portal.example", None)])
def test_frames_are_a_setting(ancestors: str, old: str | None) -> None:
    answer = board_app(frame_ancestors=ancestors).get("/health")
    assert answer.headers["content-security-policy"].endswith(f"frame-ancestors {ancestors}")
    assert answer.headers.get("x-frame-options") == old


@pytest.mark.parametrize("name", ["base.css", "wallboard.css", "wallboard.js", "fonts.css", "icon.svg"])
def test_static_files_may_be_kept(name: str) -> None:
    answer = board_app().get(f"/static/{name}?v=1")
    assert answer.status_code == 200
    assert answer.headers["cache-control"] == "public, max-age=3600"


def test_a_module_is_asked_for_each_time_since_its_address_has_no_version() -> None:
    browser = board_app()
    first = browser.get("/static/office.js")
    assert first.headers["cache-control"] == "no-cache"
    again = browser.get("/static/office.js", headers={"if-none-match": first.headers["etag"]})
    assert (again.status_code, again.headers["cache-control"]) == (304, "no-cache")


def test_what_is_the_same_for_all_is_sent_small() -> None:
    answer = board_app().get("/static/office.js", headers={"accept-encoding": "gzip"})
    assert answer.headers["content-encoding"] == "gzip"


def test_typeface_is_served_when_it_is_installed(tmp_path: Path) -> None:
    files = tmp_path / "node_modules" / "@fontsource" / "sarabun" / "files"
    files.mkdir(parents=True)
    (files / "sarabun-thai-400-normal.woff2").write_bytes(b"font")
    assert find_fonts(tmp_path / "deeper") == files
    with_fonts = Client(create_app([wallboard(lambda: DATA, fonts=True)], fonts_folder=files))
    assert with_fonts.get("/static/fonts/sarabun-thai-400-normal.woff2").content == b"font"
    assert "fonts.css" in with_fonts.get("/wallboard").text


def test_pages_do_without_the_typeface() -> None:
    assert "fonts.css" not in board_app().get("/wallboard").text
    assert find_fonts(Path("/nowhere")) is None


def test_health_and_readiness() -> None:
    assert board_app().get("/health").json() == {"status": "ok"}
    ready = board_app(ready=lambda: {"database": True, "asterisk": False}).get("/ready")
    assert ready.status_code == 503
    assert ready.json() == {"status": "not ready", "parts": {"database": True, "asterisk": False}}
    assert board_app(ready=lambda: {"database": True}).get("/ready").status_code == 200


def test_metrics_when_there_are_any() -> None:
    answer = board_app(metrics=lambda: b"hotline_calls_waiting 3.0\n").get("/metrics")
    assert answer.headers["content-type"] == "text/plain; version=0.0.4; charset=utf-8"
    assert answer.text == "hotline_calls_waiting 3.0\n"
    assert board_app().get("/metrics").status_code == 404


HTML = {"accept": "text/html"}


@pytest.mark.parametrize(
    ("path", "headers", "words"),
    [
        ("/nothing", HTML, "ไม่พบหน้านี้"),
        ("/nothing?lang=en", HTML, "There is no such page"),
        ("/nothing", HTML | {"accept-language": "en-GB,en;q=0.9"}, "There is no such page"),
        ("/nothing", HTML | {"accept-language": "fr"}, "ไม่พบหน้านี้"),
    ],
)
def test_error_pages_speak_the_readers_language(path: str, headers: dict[str, str], words: str) -> None:
    answer = board_app().get(path, headers=headers)
    assert answer.status_code == 404
    assert words in answer.text


def test_programs_get_errors_as_json() -> None:
    assert board_app().get("/nothing").json()["status"] == 404


def test_a_page_that_fails_says_so_and_nothing_more() -> None:
    router = APIRouter()

    @router.get("/broken")
    def broken() -> None:
        raise RuntimeError("secret detail")

    @router.get("/number/{number}")
    def number(number: int) -> int:
        return number

    app = Client(create_app([router]))
    answer = app.get("/broken", headers=HTML)
    assert answer.status_code == 500
    assert "ระบบขัดข้อง" in answer.text
    assert "secret" not in answer.text
    assert answer.headers["cache-control"] == "no-store"
    assert "content-security-policy" in answer.headers
    assert app.get("/number/x").status_code == 422


def test_language_asked_for_wins() -> None:
    assert language_of("en", "th", "th") == "en"
    assert language_of("xx", None, "th") == "th"
