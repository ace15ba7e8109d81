"""Telephone numbers are written alike by the server and in the browser."""

import base64
from pathlib import Path

from playwright.sync_api import Browser

from crm.people.showing import national

SCRIPT = Path(__file__).parents[2] / "crm/web/static/numbers.js"
NUMBERS = (
    "+66812345678", "0812345678", "+6625077999", "025077999", "+6634123456", "034123456", "0212345678", "+447911123456",
    "1169", "202", "0๘12345678", "+660", "0812345678 ", "",
)  # fmt: skip


def test_numbers_are_shown_alike_by_page_and_server(browser: Browser) -> None:
    page = browser.new_page()
    module = "data:text/javascript;base64," + base64.b64encode(SCRIPT.read_bytes()).decode()
    shown = page.evaluate("([of, all]) => import(of).then((it) => all.map(it.national))", [module, NUMBERS])
    page.close()
    assert dict(zip(NUMBERS, shown, strict=True)) == {number: national(number) for number in NUMBERS}
