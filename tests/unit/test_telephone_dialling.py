"""What an agent may dial: as people write it, and as the dialplan allows it."""

from typing import Any

import pytest

from crm.telephone.dialling import as_dialled, may_be_dialled
from dialplan.site import HotlineSite

BASE: dict[str, Any] = {
    "numbers": [{"number": "1169", "queue": "enquiries"}],
    "trunks": [{"name": "provider", "host": "192.0.2.1"}],
    "queues": [{"name": "enquiries"}],
    "agents": [{"extension": "1001"}, {"extension": "1002"}],
    "departments": [
        {"name": "legal", "extension": "701", "dial": "025077000"},
        {"name": "sales", "extension": "1002"},  # a telephone of ours
        {"name": "empty", "extension": "702"},
    ],
}


def site(**dialling: Any) -> HotlineSite:
    return HotlineSite(**BASE, dialling=dialling)


@pytest.mark.parametrize(
    ("written", "dialled"),
    [
        ("081-234 5678", "0812345678"),
        ("(02) 507.7000", "025077000"),
        ("+66 81 234 5678", "0812345678"),
        ("+66812345678", "0812345678"),
        ("+1 202 555 0100", "+12025550100"),
        (" 1002 ", "1002"),
        ("๑๑๖๙", "๑๑๖๙"),
    ],
)
def test_a_number_as_people_write_it(written: str, dialled: str) -> None:
    assert as_dialled(written) == dialled


@pytest.mark.parametrize("number", ["1001", "1002", "701", "021234567", "0812345678", "0912345678", "1169", "191"])
def test_what_is_permitted(number: str) -> None:
    assert may_be_dialled(site(), number)


@pytest.mark.parametrize(
    "number",
    [
        "702",  # a department with neither number nor telephone of ours
        "0019005551234", "+12025550100", "0112345678", "08123456789", "081234567", "99",
        "*51", "*53", "s", "hotline-survey", "1001,1", "1001@x", "", "๑๑๖๙", "0812345678\n", "T",
    ],
)  # fmt: skip
def test_what_is_not(number: str) -> None:
    assert not may_be_dialled(site(), number)


@pytest.mark.parametrize(
    ("pattern", "yes", "no"),
    [
        ("0Z.", ["012", "0912"], ["0", "01", "00123"]),
        ("02X!", ["021", "0212345"], ["02", "031"]),
        ("[1-3]N", ["12", "39"], ["41", "11"]),
        ("0-81XXXXXXX", ["0812345678"], ["0-812345678", "0912345678"]),
        ("+66.", ["+6621234567"], ["6621234567"]),
    ],
)
def test_patterns_mean_what_asterisk_means(pattern: str, yes: list[str], no: list[str]) -> None:
    permitted = site(patterns=[pattern])
    assert [number for number in yes if not may_be_dialled(permitted, number)] == []
    assert [number for number in no if may_be_dialled(permitted, number)] == []
