"""Calls at a desk of `desk_product`, up to the talk and after it; and what was written down of them."""

from typing import Any

from desk_product import (
    SECOND,
    DeskProduct,
    available,
    in_state,
)
from playwright.sync_api import Page, expect
from sqlalchemy import select
from telephones import Call

from crm.contacts.models import contacts
from crm.database import reading

PATIENCE = 20 * SECOND


def ring(product: DeskProduct, page: Page, caller: str) -> Call:
    """Somebody calls, and the desk rings."""
    call = product.outside.call(caller)
    in_state(page, "ringing")
    return call


def talk(product: DeskProduct, page: Page, caller: str) -> Call:
    """Somebody calls, and is spoken with."""
    call = ring(product, page, caller)
    page.keyboard.press("F2")
    in_state(page, "in_call")
    expect(page.locator("#form")).to_be_visible()
    product.outside.do(call.answered())
    return call


def finish_quickly(page: Page) -> None:
    """Whatever is open is written down."""
    page.locator("#f-outcome").select_option("wrong_number")
    page.locator("#finish").click()
    expect(page.locator("#idle")).to_be_visible()
    available(page)


def rows(product: DeskProduct, query: Any) -> list[Any]:
    with reading(product.whole.engine) as connection:
        return list(connection.execute(query))


def record_of(product: DeskProduct, caller: str) -> Any:
    """The newest record of this number."""
    query = select(contacts).where(contacts.c.number == f"+66{caller[1:]}").order_by(contacts.c.id.desc())
    return rows(product, query)[0]
