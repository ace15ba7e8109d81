"""The country's calendar as it is taken in."""

from datetime import date

import pytest

from crm.calendar.seed import UnknownCountry, seed


def test_government_offices_work_on_labour_day_and_rest_on_ploughing_day() -> None:
    days = {holiday.date: holiday.name_th for holiday in seed("government", (2026, 2027))}
    assert date(2026, 5, 1) not in days
    assert date(2027, 5, 3) not in days  # its substitute
    assert days[date(2026, 5, 13)] == "วันพืชมงคล"
    public = {holiday.date: holiday.name_en for holiday in seed("public", (2026, 2027))}
    assert public[date(2026, 5, 1)] == "National Labor Day"
    assert date(2027, 5, 3) in public
    assert date(2026, 5, 13) not in public


@pytest.mark.parametrize("kind", ["government", "public"])
def test_both_names_and_substitutes_are_there_and_childrens_day_closes_nothing(kind: str) -> None:
    found = {holiday.date: holiday for holiday in seed(kind, (2026,))}  # type: ignore[arg-type]
    assert found[date(2026, 6, 1)].name_th == "ชดเชยวันวิสาขบูชา"
    assert found[date(2026, 6, 1)].name_en == "Visakha Bucha (in lieu)"
    assert date(2026, 1, 10) not in found
    assert all(holiday.name_th and holiday.name_en for holiday in found.values())
    assert list(found) == sorted(found)


def test_none_is_none() -> None:
    assert seed("none", (2026,)) == []


def test_other_countries_have_their_own_and_unknown_ones_say_so() -> None:
    assert date(2026, 10, 3) in {holiday.date for holiday in seed("government", (2026,), "DE")}
    with pytest.raises(UnknownCountry, match="none"):
        seed("public", (2026,), "XX")
