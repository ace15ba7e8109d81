"""Asterisk's patterns, read as Asterisk reads them."""

import pytest

from dialplan.patterns import may_be_dialled
from dialplan.sections import Dialling

THAI = Dialling().patterns


@pytest.mark.parametrize(
    ("number", "patterns", "taken"),
    [
        ("021112222", THAI, True),
        ("0812345678", THAI, True),
        ("1169", THAI, True),
        ("191", THAI, True),
        ("0019005551234", THAI, False),
        ("08123456789", THAI, False),
        ("0112345678", THAI, False),
        ("", THAI, False),
        ("2001", ("2ZXX",), False),
        ("2101", ("2ZXX",), True),
        ("119", ("1N9",), False),
        ("129", ("1N9",), True),
        ("5", ("[13-6]",), True),
        ("2", ("[13-6]",), False),
        ("+6621112222", ("+66.",), True),
        ("+66", ("+66.",), False),
        ("+66", ("+66!",), True),
        ("0211", ("02-11",), True),
    ],
)
def test_a_number_and_its_patterns(number: str, patterns: tuple[str, ...], taken: bool) -> None:
    assert may_be_dialled(number, patterns) is taken
