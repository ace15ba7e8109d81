"""Numbers in their one form: remembered, and never after the extensions have changed."""

from pathlib import Path

from crm.people.numbers import NumberKind
from hotline.our_numbers import OurNumbers
from hotline.settings import parse
from hotline.settings_file import first_settings


def test_a_number_is_looked_at_once_until_people_come_or_go(tmp_path: Path) -> None:
    """C1: the extension of a new colleague is a desk from that moment, not an unknown number."""
    settings = parse(first_settings(), tmp_path / "hotline.toml")
    now = settings
    numbers = OurNumbers(lambda: now)
    first = numbers("081-234-5678")
    assert first.number == "+66812345678"
    assert numbers("081-234-5678") is first
    assert numbers(None).kind is NumberKind.WITHHELD
    assert numbers("1133").kind is not NumberKind.INTERNAL
    newcomer = settings.agents[0].model_copy(update={"extension": "1133"})
    now = settings.model_copy(update={"agents": (*settings.agents, newcomer)})
    assert numbers("1133").kind is NumberKind.INTERNAL
