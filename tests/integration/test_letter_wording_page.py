"""The page of what letters to callers say: changed, previewed, taken back, by whom, and never under another's hands."""

import html
from collections.abc import Iterator
from pathlib import Path

import pytest
from admin_office import AdminOffice
from sqlalchemy import Engine
from web_client import WebClient

from crm.basket.kept_wording import KeptWording, kept_wordings
from crm.basket.wording import DEFAULTS, FIELDS, Wording
from crm.database import reading

PATH = "/admin/letter"
NEW = {
    "subject": "About {about}",
    "opening": "Hello {name},\n\nthis is {house}[ about {about}].",
    "closing": "Bye.\n{agent}",
}


@pytest.fixture
def office(engine: Engine, tmp_path: Path) -> Iterator[AdminOffice]:
    office = AdminOffice(engine, tmp_path)
    yield office
    office.close()


def kept(office: AdminOffice, language: str = "en") -> KeptWording:
    with reading(office.engine) as connection:
        return kept_wordings(connection)[language]


def save(browser: WebClient, version: int, language: str = "en", **changes: str) -> tuple[int, str]:
    """The answer's status, and its page as its reader sees it (or where it leads)."""
    answer = browser.send(f"{PATH}/{language}", version=str(version), **{**NEW, **changes})
    return answer.status_code, answer.headers.get("location") or html.unescape(answer.text)


def test_a_supervisor_changes_it_and_the_other_language_stays(office: AdminOffice) -> None:
    """H6, with its line in the audit."""
    head = office.as_("head")
    page = html.unescape(head.get(f"{PATH}?of=th").text)
    assert DEFAULTS["th"].opening in page
    assert "คุณสมหญิง ใจดี" in page  # the made-up caller
    assert "This is the default" in page
    assert save(head, 0) == (303, f"{PATH}?of=en&done=saved")
    assert kept(office).wording == Wording(**NEW)
    assert (kept(office).version, kept(office).changed_by) == (1, "head")
    assert kept(office, "th") == KeptWording(DEFAULTS["th"])
    [(who, action, subject, details)] = office.audit()
    assert (who, action, subject) == ("head", "wording.changed", "wording/en")
    assert details == {"changes": {name: [getattr(DEFAULTS["en"], name), text] for name, text in NEW.items()}}
    page = html.unescape(head.get(f"{PATH}?of=en").text)
    for part in (NEW["opening"], "<b>About exports</b>", "Hello Jane Miller,", "Bye.<br>Somsri Meesuk", "by head"):
        assert part in page
    assert save(head, 1)[0] == 303  # nothing differs
    assert (kept(office).version, len(office.audit())) == (1, 1)
    told = office.as_("boss").get("/admin/audit").text
    assert "changed what letters to callers say" in told
    assert "Wording of letters en" in told


def test_back_to_the_default(office: AdminOffice) -> None:
    head = office.as_("head")
    save(head, 0)
    back = head.send(f"{PATH}/en/default", version="1")
    assert back.headers["location"] == f"{PATH}?of=en&done=wording_reset"
    assert kept(office).wording == DEFAULTS["en"]
    assert [line[1] for line in office.audit()] == ["wording.changed", "wording.reset"]
    page = html.unescape(head.get(f"{PATH}?of=en&done=wording_reset").text)
    assert "The default is back" in page
    assert f"{PATH}/en/default" not in page
    assert save(head, 0)[0] == 409  # versions go on counting: what was seen before is not what is there now
    assert save(head, 2)[0] == 303


@pytest.mark.parametrize(
    ("wrong", "said"),
    [
        ({"opening": "Dear {nmae}, {day} {x}"}, "There is no such placeholder: {nmae} {x}"),
        ({"closing": "Bye [{agent}"}, "has no partner"),
        ({"subject": "About {about"}, "has no partner"),
        ({"subject": " "}, "A text is needed"),
        ({"closing": "x" * 4_001}, "Too long"),
    ],
)
def test_what_cannot_be_is_said_and_nothing_typed_is_lost(
    office: AdminOffice, wrong: dict[str, str], said: str
) -> None:
    head = office.as_("head")
    for path in (f"{PATH}/en", f"{PATH}/en/preview"):
        refused = head.send(path, version="0", **{**NEW, **wrong})
        assert refused.status_code == 422
        page = html.unescape(refused.text)
        assert said in page
        assert all({**NEW, **wrong}[name].strip() in page for name in FIELDS)
        assert f'aria-describedby=" {next(iter(wrong))}-fault"' in page
    assert kept(office).version == 0
    assert office.audit() == []


def test_a_preview_keeps_nothing(office: AdminOffice) -> None:
    head = office.as_("head")
    answer = head.send(f"{PATH}/en/preview", version="0", **{**NEW, "opening": "Good day {name}!"})
    assert answer.status_code == 200
    assert "Good day Jane Miller!" in answer.text
    assert "Good day {name}!" in answer.text
    assert "not saved yet" in answer.text
    assert kept(office) == KeptWording(DEFAULTS["en"])


def test_two_at_once_do_not_write_over_each_other(office: AdminOffice) -> None:
    head, boss = office.as_("head"), office.as_("boss")
    assert save(boss, 0, closing="Bye, the boss.")[0] == 303
    status, page = save(head, 0, closing="Bye, the head.")
    assert status == 409
    for part in ("Somebody else has changed this", "Bye, the head.", "Bye, the boss.", 'name="version" value="1"'):
        assert part in page
    assert head.send(f"{PATH}/en/default", version="0").status_code == 409
    assert kept(office).wording.closing == "Bye, the boss."
    assert save(head, 1, closing="Bye, the head.")[0] == 303
    assert kept(office).wording.closing == "Bye, the head."


def test_script_typed_into_it_is_text(office: AdminOffice) -> None:
    head = office.as_("head")
    script = "<script>alert(1)</script>"
    save(head, 0, **dict.fromkeys(FIELDS, script))
    page = head.get(f"{PATH}?of=en").text
    assert "<script>alert" not in page
    assert page.count("&lt;script&gt;alert(1)") >= 6  # in the fields and in the letter


@pytest.mark.parametrize("who", ["agent", "clerk"])
def test_who_may_not(office: AdminOffice, who: str) -> None:
    other = office.as_(who)
    assert other.get(PATH).status_code == 403
    assert save(other, 0)[0] == 403
    for what in ("preview", "default"):
        assert other.send(f"{PATH}/en/{what}", version="0", **NEW).status_code == 403
    assert kept(office).version == 0


def test_there_are_two_languages(office: AdminOffice) -> None:
    head = office.as_("head")
    assert head.get(f"{PATH}?of=fr").status_code == 422
    assert save(head, 0, "fr")[0] == 422
    assert head.send(f"{PATH}/en", **NEW).status_code == 422  # without the version that was seen
