"""Subjects, scripts and standard times as supervisors change them."""

from collections.abc import Iterator
from datetime import date
from pathlib import Path

import pytest
from admin_office import AdminOffice
from sqlalchemy import Engine

from crm.database import reading
from crm.scripts.service import list_scripts
from crm.standards.models import StepChannel
from crm.standards.service import standards_on
from crm.topics.service import topic_tree


@pytest.fixture
def office(sqlite_engine: Engine, tmp_path: Path) -> Iterator[AdminOffice]:
    office = AdminOffice(sqlite_engine, tmp_path)
    yield office
    office.close()


def test_subjects(office: AdminOffice) -> None:
    """K1."""
    head = office.as_("head")
    with reading(office.engine) as connection:
        roots = [one for one in topic_tree(connection).values() if one.parent_id is None]
    root = roots[0].id
    assert head.send(f"/admin/topics/{root}/add", name_th="ภาษีนำเข้า", name_en="Duty", also="พิกัด").status_code == 303
    with reading(office.engine) as connection:
        [new] = [one for one in topic_tree(connection).values() if one.name_en == "Duty"]
    assert (new.parent_id, new.also) == (root, "พิกัด")
    head.send(f"/admin/topics/{new.id}", name_th="ภาษี", name_en="Import duty", also="")
    head.send(f"/admin/topics/{new.id}/move", by="-1")
    assert "Import duty" in head.get("/admin/topics").text
    head.send(f"/admin/topics/{new.id}/retired", retired="true")
    with reading(office.engine) as connection:
        assert topic_tree(connection)[new.id].retired_at is not None
    head.send(f"/admin/topics/{new.id}/retired", retired="false")
    assert "A name is needed" in head.send(f"/admin/topics/{new.id}", name_th=" ", name_en="").text
    assert "cannot be retired" in head.send(f"/admin/topics/{root}/retired", retired="true").text
    assert head.send("/admin/topics/99999", name_th="x").status_code == 404
    assert {"topic.added", "topic.changed", "topic.retired", "topic.brought_back"} <= {one[1] for one in office.audit()}


def test_scripts(office: AdminOffice) -> None:
    """H2, H7."""
    head = office.as_("head")
    new = {"channel": "hotline", "moment": "ending", "language": "en", "name_en": "Short", "text": "Goodbye, {caller}."}
    assert head.send("/admin/scripts", **new).headers["location"] == "/admin/scripts?channel=hotline&done=saved"
    with reading(office.engine) as connection:
        [one] = [script for script in list_scripts(connection) if script.name_en == "Short"]
    assert head.send(f"/admin/scripts/{one.id}", **{**new, "text": "Bye.", "position": "3"}).status_code == 303
    wrong = head.send(f"/admin/scripts/{one.id}", **{**new, "text": "Bye {nobody}"})
    assert "Unknown placeholder" in wrong.text
    assert "Bye {nobody}" in wrong.text
    head.send(f"/admin/scripts/{one.id}", **{**new, "retired": "true"})
    with reading(office.engine) as connection:
        assert one.id not in [script.id for script in list_scripts(connection)]
    assert head.send("/admin/scripts", **{**new, "moment": "never"}).status_code == 422
    assert head.send("/admin/scripts/99999", **new).status_code == 404
    assert [line[1] for line in office.audit()] == ["script.added", "script.changed", "script.changed"]


def test_standard_times_hold_from_their_day_on(office: AdminOffice) -> None:
    head = office.as_("head")
    with reading(office.engine) as connection:
        before = standards_on(connection, StepChannel.HOTLINE, office.now.date())
    filled: dict[str, str] = {}
    for step, one in before.standards.items():
        filled |= {
            f"min-{step}": "" if one.min_seconds is None else str(one.min_seconds),
            f"max-{step}": "" if one.max_seconds is None else str(one.max_seconds),
            f"target-{step}": "" if one.target_share is None else str(one.target_share * 100),
        } | ({f"counted-{step}": "true"} if one.counted else {})
    changed = {**filled, "max-H2": "45", "valid_from": "2570-01-01"}
    saved = head.send("/admin/standards/hotline", **changed)
    assert saved.headers["location"] == "/admin/standards?channel=hotline&day=2027-01-01&done=saved"
    with reading(office.engine) as connection:
        old = standards_on(connection, StepChannel.HOTLINE, office.now.date())
        new = standards_on(connection, StepChannel.HOTLINE, date(2027, 1, 1))
    assert old == before
    assert new.standards["H2"].max_seconds == 45
    assert new.standards["H3"] == before.standards["H3"]
    assert 'value="45"' in head.get("/admin/standards?channel=hotline&day=2570-01-02").text
    for wrong, said in (
        ({"max-H2": "soon"}, "Whole seconds"),
        ({"min-H2": "50", "max-H2": "30"}, "must not exceed"),
        ({"target-H1": "120"}, "between 0 and 100"),
        ({"target-H1": "x"}, "between 0 and 100"),
        ({"valid_from": "later"}, "not a date"),
    ):
        refused = head.send("/admin/standards/hotline", **{**changed, **wrong})
        assert refused.status_code == 422
        assert said in refused.text
    assert [line[1] for line in office.audit()] == ["standards.set"]
