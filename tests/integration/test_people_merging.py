"""Two people who are one: everything moves, and comes back exactly; what happened in between stays (C5)."""

from typing import Any

import pytest
from contact_talk import answer, arrive, leave, talk
from records_rig import RecordsRig
from sqlalchemy import Table, insert, select, text

from crm.contacts.models import contacts
from crm.database import metadata, reading, writing
from crm.people.models import people, person_numbers, person_words


def add(rig: RecordsRig, name: str, number: str | None, **more: Any) -> int:
    fields = {"first_name": name, **more}
    return int(rig.send("POST", "/api/people", {"fields": fields, "number": number})["id"])


def rows(rig: RecordsRig, *tables: Table) -> dict[str, set[tuple[Any, ...]]]:
    """Everything in these tables but times and counts of changes."""
    left_out = {"updated_at", "version", "field_versions"}
    with reading(rig.engine) as connection:
        return {
            table.name: {
                tuple(row) for row in connection.execute(select(*(c for c in table.c if c.name not in left_out)))
            }
            for table in tables
        }


def numbers(rig: RecordsRig, person_id: int) -> list[str]:
    return sorted(one["number"] for one in rig.get(f"/api/people/{person_id}")["numbers"])


def merge(rig: RecordsRig, kept: int, merged: int) -> int:
    return int(rig.send("POST", f"/api/people/{kept}/merge", {"other": merged})["merge"])


def unmerge(rig: RecordsRig, kept: int, merge_id: int) -> dict[str, Any]:
    done: dict[str, Any] = rig.send("POST", f"/api/people/{kept}/unmerge", {"merge": merge_id})
    return done


def two_with_a_past(rig: RecordsRig) -> tuple[int, int]:
    """Each with a number, a call and a contact of their own."""
    kept = add(rig, "สมชาย", "0811111111", notes="คนแรก")
    merged = add(rig, "สมชาย", "0822222222", last_name="ใจดี", email="s@example.com", notes="คนที่สอง")
    rig.send("POST", f"/api/people/{merged}/numbers", {"number": "0811111111"})  # shared
    for call, number in (("c1", "0811111111"), ("c2", "0822222222")):
        contact = talk_from(rig, call, number)
        rig.record(call)
        owner = kept if call == "c1" else merged
        rig.send("PATCH", f"/api/contacts/{contact['id']}", {"changes": {"person_id": owner}})
        rig.later(10)
        leave(rig, call)
        rig.record(call)
    return kept, merged


def talk_from(rig: RecordsRig, call: str, number: str) -> dict[str, Any]:
    arrive(rig, call, number)
    answer(rig, call)
    found: dict[str, Any] = rig.get("/api/contacts/current")["contact"]
    return found


def test_everything_of_one_goes_to_the_other(rig: RecordsRig) -> None:
    kept, merged = two_with_a_past(rig)
    merge(rig, kept, merged)
    shown = rig.get(f"/api/people/{kept}")
    assert numbers(rig, kept) == ["+66811111111", "+66822222222"]
    assert (shown["email"], shown["last_name"], shown["notes"]) == ("s@example.com", "ใจดี", "คนแรก\nคนที่สอง")
    assert len(rig.get(f"/api/contacts?person_id={kept}")["contacts"]) == 2
    with reading(rig.engine) as connection:
        assert set(connection.scalars(text("SELECT person_id FROM calls"))) == {kept}
    assert [one["id"] for one in rig.get("/api/people?q=สมชาย")["people"]] == [kept]
    gone = rig.get(f"/api/people/{merged}")
    assert (gone["merged_into"], gone["numbers"]) == (kept, [])
    assert shown["merges"][0]["merged_id"] == merged
    for person_id in (kept, merged):
        assert any(line.action == "person.merged" for line in rig.audit(f"person/{person_id}"))
    assert rig.hub.of(f"person/{merged}")[-1]["merged_into"] == kept


def test_undo_brings_everything_back_exactly(rig: RecordsRig) -> None:
    kept, merged = two_with_a_past(rig)
    watched = (people, person_numbers, person_words, contacts, metadata.tables["calls"])
    before = rows(rig, *watched)
    merge_id = merge(rig, kept, merged)
    assert rows(rig, *watched) != before
    done = unmerge(rig, kept, merge_id)
    assert rows(rig, *watched) == before
    assert (done["separated"], done["stayed"]) == (merged, {})
    assert rig.get(f"/api/people/{kept}")["merges"] == []


def test_what_happened_in_between_stays_and_the_rest_comes_back(rig: RecordsRig) -> None:
    kept, merged = two_with_a_past(rig)
    merge_id = merge(rig, kept, merged)
    path = f"/api/people/{kept}"
    rig.send("PATCH", path, {"changes": {"email": "new@example.com", "province": "ตราด"}})
    rig.send("POST", f"{path}/numbers", {"number": "0833333333"})
    since = talk_from(rig, "c3", "0822222222")
    assert since["person"]["id"] == kept
    moved = rig.get(f"/api/contacts?person_id={kept}")["contacts"][-1]["id"]
    elsewhere = add(rig, "คนอื่น", None)
    rig.send("PATCH", f"/api/contacts/{moved}", {"changes": {"person_id": elsewhere}})
    unmerge(rig, kept, merge_id)
    shown, back = rig.get(path), rig.get(f"/api/people/{merged}")
    assert (shown["email"], shown["province"], shown["last_name"]) == ("new@example.com", "ตราด", None)
    assert shown["notes"] == "คนแรก"
    assert (back["email"], back["last_name"], back["notes"]) == ("s@example.com", "ใจดี", "คนที่สอง")
    assert numbers(rig, kept) == ["+66811111111", "+66833333333"]
    assert "+66822222222" in numbers(rig, merged)
    assert since["id"] in [one["id"] for one in rig.get(f"/api/contacts?person_id={kept}")["contacts"]]
    assert len(rig.get(f"/api/contacts?person_id={merged}")["contacts"]) == 1
    assert moved in [one["id"] for one in rig.get(f"/api/contacts?person_id={elsewhere}")["contacts"]]


def test_a_number_taken_away_in_between_does_not_come_back(rig: RecordsRig) -> None:
    kept, merged = two_with_a_past(rig)
    merge_id = merge(rig, kept, merged)
    rig.send("DELETE", f"/api/people/{kept}/numbers/+66822222222")
    unmerge(rig, kept, merge_id)
    assert numbers(rig, kept) == numbers(rig, merged) == ["+66811111111"]


def test_three_in_a_row_can_be_taken_apart_in_any_order(rig: RecordsRig) -> None:
    first, second, third = (add(rig, name, f"08{n}0000000") for n, name in ((1, "ก"), (2, "ข"), (3, "ค")))
    contact = talk_from(rig, "c1", "0830000000")
    inner = merge(rig, second, third)
    outer = merge(rig, first, second)
    assert numbers(rig, first) == ["+66810000000", "+66820000000", "+66830000000"]
    unmerge(rig, second, inner)
    assert (numbers(rig, first), numbers(rig, third)) == (["+66810000000", "+66820000000"], ["+66830000000"])
    assert [one["id"] for one in rig.get(f"/api/contacts?person_id={third}")["contacts"]] == [contact["id"]]
    unmerge(rig, first, outer)
    assert [numbers(rig, one) for one in (first, second, third)] == [
        ["+66810000000"], ["+66820000000"], ["+66830000000"],
    ]  # fmt: skip


def test_a_chain_keeps_numbers_that_the_last_one_had_itself(rig: RecordsRig) -> None:
    first, second, third = add(rig, "ก", "0810000000"), add(rig, "ข", "0820000000"), add(rig, "ค", "0810000000")
    inner = merge(rig, second, third)
    merge(rig, first, second)
    unmerge(rig, second, inner)
    assert numbers(rig, first) == ["+66810000000", "+66820000000"]
    assert numbers(rig, third) == ["+66810000000"]


def test_changes_sent_to_who_was_merged_meanwhile_are_kept(rig: RecordsRig) -> None:
    """Nothing typed is lost: an agent may be writing while another one merges."""
    kept, merged = two_with_a_past(rig)
    merge(rig, kept, merged)
    answer = rig.send("PATCH", f"/api/people/{merged}", {"changes": {"province": "น่าน"}, "version": 1}, "prasert")
    assert (answer["id"], answer["fields"]["province"]) == (kept, "น่าน")
    assert rig.get(f"/api/people/{kept}")["province"] == "น่าน"
    contact = talk(rig, "c9")
    linked = rig.send("PATCH", f"/api/contacts/{contact['id']}", {"changes": {"person_id": merged}})
    assert linked["fields"]["person_id"] == kept


def test_what_cannot_be_merged(rig: RecordsRig) -> None:
    one, other = add(rig, "ก", None), add(rig, "ข", None)
    path = f"/api/people/{one}/merge?lang=en"
    assert rig.ask("POST", path, {"other": one}).json()["code"] == "same_person"
    assert rig.ask("POST", path, {"other": 999}).status_code == 404
    merge_id = merge(rig, one, other)
    assert rig.ask("POST", path, {"other": other}).json()["code"] == "merged_already"
    assert rig.ask("POST", f"/api/people/{other}/merge", {"other": one}).status_code == 409
    unmerge(rig, one, merge_id)
    assert rig.ask("POST", f"/api/people/{one}/unmerge", {"merge": merge_id}).json()["code"] == "no_merge"


def test_rows_of_every_feature_go_along(rig: RecordsRig) -> None:
    """Whatever table points to people, by whatever name, of today or of tomorrow."""
    kept, merged = add(rig, "ก", None), add(rig, "ข", None)
    pointing = sorted(
        f"{table.name}.{column.name}"
        for table in metadata.sorted_tables
        for column in table.columns
        for key in column.foreign_keys
        if key.column is people.c.id and table.name not in {"people", "person_numbers", "person_words",
                                                            "person_merges", "different_people"}
    )  # fmt: skip
    assert {"calls.person_id", "contacts.person_id"} <= set(pointing)
    merge_id = merge(rig, kept, merged)
    with reading(rig.engine) as connection:
        moved = connection.scalar(select(metadata.tables["person_merges"].c.moved))
    assert moved is not None
    assert sorted(moved["rows"]) == pointing
    unmerge(rig, kept, merge_id)


# --- who may be the same ----------------------------------------------------------------------------------------------


def suggested(rig: RecordsRig, person_id: int) -> list[tuple[int, list[str]]]:
    found = rig.get(f"/api/people/{person_id}/duplicates")["duplicates"]
    return [(one["id"], one["reasons"]) for one in found]


def test_duplicates_by_number_and_by_name_as_it_sounds(rig: RecordsRig) -> None:
    one = add(rig, "ณัฐพงศ์", "0811111111", last_name="ศรีสุข")
    both = add(rig, "นัฐพงษ์", "0811111111", last_name="ศรีสุข", title="นาย")
    number = add(rig, "สมหญิง", "0811111111", last_name="ใจดี")
    name = add(rig, "ณัฐพงศ์", None, last_name="ศรีสุข")
    add(rig, "ณัฐพงศ์", None, last_name="ใจงาม")
    assert suggested(rig, one) == [
        (both, ["same_number", "same_name"]),
        (number, ["same_number"]),
        (name, ["same_name"]),
    ]
    assert rig.ask("POST", f"/api/people/{one}/different", {"other": number}).status_code == 204
    assert number not in [other for other, _reasons in suggested(rig, one)]
    assert one not in [other for other, _reasons in suggested(rig, number)]
    assert rig.ask("POST", f"/api/people/{number}/different", {"other": one, "undo": True}).status_code == 204
    assert number in [other for other, _reasons in suggested(rig, one)]
    merge(rig, one, both)
    assert both not in [other for other, _reasons in suggested(rig, one)]


def test_a_switchboard_is_no_sign(rig: RecordsRig) -> None:
    callers = [add(rig, f"คน{n}", "025077999", last_name=f"นามสกุล{n * 37}") for n in range(22)]
    assert suggested(rig, callers[0]) == []


@pytest.mark.parametrize("count", [450])
def test_hundreds_of_contacts_move_and_come_back(rig: RecordsRig, count: int) -> None:
    kept, merged = add(rig, "ก", None), add(rig, "ข", None)
    with writing(rig.engine) as connection:
        values = {"channel": "letter", "direction": "inbound", "state": "draft", "begun_at": rig.at}
        rows_ = [{**values, "updated_at": rig.at, "person_id": merged if n % 2 else kept} for n in range(count)]
        connection.execute(insert(contacts), rows_)
    before = rows(rig, contacts)
    merge_id = merge(rig, kept, merged)
    assert unmerge(rig, kept, merge_id)["returned"] == count // 2
    assert rows(rig, contacts) == before
