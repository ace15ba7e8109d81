"""Quality (L1, D20): cards and versions, samples, scoring, the agent's answer, calibration."""

import csv
import io
import json
import random
import re
from collections.abc import Iterator, Mapping
from dataclasses import fields
from datetime import timedelta
from types import SimpleNamespace
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from click.testing import CliRunner
from guarded_house import GuardedHouse, Session
from prometheus_client import CollectorRegistry
from recorded_talk import NOW, call, keeper_of, leave, write
from sqlalchemy import Connection, Engine, insert, select

from ami_listener.floor import FloorState
from ami_listener.records import CallRecord, Conversation, Hold, Outcome, Survey
from crm.audit.service import AuditFilter, lines
from crm.database import reading, writing
from crm.quality import figures, service
from crm.quality.forms import first_form
from crm.quality.models import SampleReason, SampleState, qa_reviews
from crm.quality.sampling import Draw, candidates, draw
from crm.recordings import service as recordings
from crm.recordings.web import RecordingPages
from crm.staff.accounts import StaffDraft
from crm.staff.models import Role
from crm.staff.passwords import Hasher
from crm.staff.service import create
from crm.wallboard.board import BoardData
from crm.wallboard.view import view_of
from hotline.board import Now, board_settings, day_start, limits_of
from hotline.commands.kpi import kpi
from hotline.health import Health
from hotline.settings import Settings
from hotline.standing import qa_scores_of
from metrics.book import DayBook
from metrics.exporter import Exporter
from metrics.snapshot import Snapshot


class Doer:
    def __init__(self, staff_id: int, username: str) -> None:
        self.staff_id, self.username = staff_id, username


def hire(engine: Engine, extension: str, days_ago: int = 400) -> Doer:
    draft = StaffDraft(username=f"agent{extension}", role=Role.AGENT, name_th="ก", name_en="A", extension=extension)
    with writing(engine) as connection:
        password = Hasher(memory_kib=64).chosen("four plain words here")
        return Doer(create(connection, draft, NOW - timedelta(days=days_ago), None, password), f"agent{extension}")


def talk(n: int, agent: str, *, seconds: int = 60, meaning: str = "satisfied", hold: int = 0) -> CallRecord:
    record = CallRecord(f"main-{n}.1", NOW - timedelta(hours=n), "0812345678", "1169", "provider", queue="enquiries")
    answered = record.arrived_at + timedelta(seconds=4)
    record.conversations = [Conversation("enquiries", agent, answered, answered + timedelta(seconds=seconds))]
    if hold:
        record.holds = [Hold(agent, answered, answered + timedelta(seconds=hold))]
    record.ended_at, record.outcome = record.conversations[0].ended_at, Outcome.ANSWERED
    record.survey = Survey("scale-123", answered, answered, "1", meaning)
    return record


def wanted(reason: SampleReason, **more: object) -> Draw:
    return Draw(reason=reason, from_at=NOW - timedelta(days=7), until_at=NOW, recorded_only=False, **more)  # type: ignore[arg-type]


def found(engine: Engine, draw_: Draw) -> set[str]:
    with reading(engine) as connection:
        return {one.call_id for one in candidates(connection, draw_, NOW)}


def test_samples_are_targeted(engine: Engine) -> None:
    """Low ratings, long holds, new agents; never twice, nothing too short, nobody who is not ours."""
    hire(engine, "1001")
    hire(engine, "1002", days_ago=10)
    write(
        engine, talk(1, "1001"), talk(2, "1001", meaning="not_satisfied"), talk(3, "1001", hold=130),
        talk(4, "1002"), talk(5, "1001", seconds=10), talk(6, "provider"),
    )  # fmt: skip
    assert found(engine, wanted(SampleReason.RANDOM)) == {"main-1.1", "main-2.1", "main-3.1", "main-4.1"}
    assert found(engine, wanted(SampleReason.LOW_RATING)) == {"main-2.1"}
    assert found(engine, wanted(SampleReason.LONG_HOLD)) == {"main-3.1"}
    assert found(engine, wanted(SampleReason.LONG_HOLD, hold_seconds=131)) == set()
    assert found(engine, wanted(SampleReason.NEW_AGENT)) == {"main-4.1"}
    with writing(engine) as connection:
        assert draw(connection, wanted(SampleReason.RANDOM, count=9), NOW, random.Random(1)) == 4
        assert draw(connection, wanted(SampleReason.RANDOM, count=9), NOW, random.Random(1)) == 0
        assert {one.reason for one in service.samples(connection)} == {SampleReason.RANDOM}


def test_only_what_can_be_heard_is_drawn_unless_wished(engine: Engine) -> None:
    hire(engine, "1001")
    write(engine, talk(1, "1001"))
    heard = Draw(reason=SampleReason.RANDOM, from_at=NOW - timedelta(days=7), until_at=NOW)
    assert found(engine, heard) == set()
    with writing(engine) as connection:
        keep(connection)
    assert found(engine, heard) == {"main-1.1"}


def keep(connection: Connection) -> None:
    recordings.begin(connection, "main-1.1", NOW)
    kept = recordings.Kept(path="a.wav", seconds=1, size_bytes=1, sha256="0", peaks="|")
    recordings.keep(connection, "main-1.1", kept, NOW)


def test_a_published_card_never_changes_and_scores_stay_by_it(engine: Engine) -> None:
    doer = hire(engine, "1001")
    write(engine, talk(1, "1001"))
    with writing(engine) as connection:
        card_id = service.make_card(connection, "แบบ", "Card", NOW, doer)
        assert service.publish(connection, card_id, NOW, doer) == 1
        with pytest.raises(service.Refused, match="nothing_new"):
            service.publish(connection, card_id, NOW, doer)
        first = service.card(connection, card_id).version_id
        assert first is not None
        smaller = first_form().model_copy(update={"sections": first_form().sections[:1]})
        service.design(connection, card_id, "แบบ", "Card", smaller, True, NOW, doer)
        assert service.publish(connection, card_id, NOW, doer) == 2
        assert service.version(connection, first) == first_form()
        assert service.take_sample(connection, "main-1.1", "1001", NOW, "enquiries", SampleReason.CHOSEN, NOW)
        assert not service.take_sample(connection, "main-1.1", "1001", NOW, "enquiries", SampleReason.CHOSEN, NOW)
        sample = service.sample_of(connection, "main-1.1", "1001")
        review_id = service.begin_review(connection, sample.id, first, NOW, doer)
        assert service.begin_review(connection, sample.id, first, NOW, doer) == review_id
        full = {item.key: item.points for item in first_form().items}
        with pytest.raises(service.Refused, match="incomplete"):
            service.save_review(connection, review_id, {"greeting": 1}, "", NOW, doer, final=True)
        assert service.review(connection, review_id).answers == {"greeting": 1}  # nothing that was given is lost
        done = service.save_review(connection, review_id, full, "ดี", NOW, doer, final=True)
        assert (done.score, done.fatal) == (1.0, False)
        with pytest.raises(service.Refused, match="is_final"):
            service.save_review(connection, review_id, full, "", NOW, doer, final=False)
        assert service.sample(connection, sample.id).state is SampleState.DONE
    with reading(engine) as connection:
        whole = figures.qa_figures(connection, NOW - timedelta(days=1), NOW + timedelta(days=1))
        assert (whole.reviews, whole.mean) == (1, 1.0)
        assert figures.qa_figures(connection, NOW, NOW + timedelta(1), agents=["1002"]).mean is None
        assert figures.qa_figures(connection, NOW, NOW + timedelta(1), queues=["enquiries"]).reviews == 1
        # L1, D20: and the report of that period has it, whole and by queue and agent
        scores = figures.qa_scores(connection, NOW - timedelta(days=1), NOW + timedelta(days=1))
        assert [(queue, agent, score) for _at, queue, agent, score in scores] == [("enquiries", "1001", 1.0)]
        assert figures.qa_by_agent(connection, NOW, NOW + timedelta(1))["1001"].mean == 1.0


# --- the pages --------------------------------------------------------------------------------------------------------

CALL = "main-77.1"


@pytest.fixture(scope="module")
def house(tmp_path_factory: pytest.TempPathFactory) -> Iterator[GuardedHouse]:
    made = GuardedHouse(tmp_path_factory.mktemp("quality"))
    made.staff["second"] = made.person("second", Role.SUPERVISOR)
    made.service.clock = lambda: NOW
    write(made.engine, call(CALL))
    leave(made.settings.recordings_folder, CALL, caller=b"\x10" * 80_000, agent=b"\x20" * 80_000)
    keeper_of(made.engine, made.settings.recordings_folder).take_in()
    yield made
    made.close()


def post(house: GuardedHouse, path: str, who: Session, **form: object) -> str:
    answer = house.ask("POST", path, who, form=form)
    assert answer.status == 303, (answer.status, answer.text[:500])
    return answer.headers["location"]


def test_from_the_card_to_the_agents_answer(house: GuardedHouse, monkeypatch: pytest.MonkeyPatch) -> None:
    """A supervisor designs and publishes a card, chooses a talk, scores it beside the recording; the agent answers."""
    boss, agent = house.session("supervisor"), house.session("agent")
    card = post(house, "/quality/cards", boss, name_th="แบบทดสอบ", name_en="Test")
    card_id = card.rpartition("/")[2]
    body = {"name_th": "แบบ", "name_en": "Card", "active": True, "form": first_form().model_dump()}
    assert house.ask("PUT", f"/api/quality/cards/{card_id}", boss, json_body=body).json == {"kept": True}
    bad = body | {"form": {"sections": []}}
    assert house.ask("PUT", f"/api/quality/cards/{card_id}", boss, json_body=bad).status == 422
    assert post(house, f"{card}/publish", boss).endswith("done=published")
    assert "card-data" in house.ask("GET", card, boss).text
    sample = post(house, "/quality/choose", boss, call_id=CALL, agent="1001").rpartition("-")[2]
    page = house.ask("GET", "/quality?lang=en", boss).text
    assert f'id="sample-{sample}"' in page
    version = re.search(r'name="version_id" value="(\d+)"', page)
    assert version is not None
    review = post(house, f"/quality/samples/{sample}/score", boss, version_id=version[1])
    shown = house.ask("GET", f"{review}?lang=th", boss).text
    assert "player-data" in shown
    assert "ข้อสำคัญยิ่ง" in shown
    assert house.ask("GET", review, agent).status == 404  # a draft is nobody else's
    full = {f"item-{item.key}": item.points for item in first_form().items} | {"item-hold": "na"}
    incomplete = house.ask("POST", review, boss, form={"item-greeting": 2, "comment": "ดีมาก", "final": "1"})
    assert incomplete.status == 409
    assert "ดีมาก" in incomplete.text
    assert "final" in post(house, review, boss, **full, comment="ดีมาก", final="1")
    own = house.ask("GET", "/quality/mine?lang=en", agent).text
    assert review in own
    assert "100 %" in own
    assert "ดีมาก" in house.ask("GET", review, agent).text
    assert "player-data" in house.ask("GET", review, agent).text
    with monkeypatch.context() as where_agents_do_not_listen:
        where_agents_do_not_listen.setattr(RecordingPages, "may_hear", lambda *_: False)
        assert "player-data" not in house.ask("GET", review, agent).text
    assert house.ask("GET", review, house.session("colleague")).status == 404
    post(house, f"{review}/reply", agent, reply="ขอบคุณค่ะ")
    assert house.ask("POST", f"{review}/reply", agent, form={"reply": " "}).status == 422
    answered = house.ask("GET", f"{review}?lang=en", boss).text
    assert "ขอบคุณค่ะ" in answered
    assert "The agent looked at it" in answered
    with reading(house.engine) as connection:
        noted = [line.action for line in lines(connection, AuditFilter(kind="quality"))]
    assert noted[:2] == ["quality.replied", "quality.scored"]


def test_graders_are_calibrated_without_seeing_each_other(house: GuardedHouse) -> None:
    boss, second = house.session("supervisor"), house.session("second")
    with reading(house.engine) as connection:
        version = service.cards(connection)[0].version_id
        sample = service.sample_of(connection, CALL, "1001")
    turn = post(house, f"/quality/samples/{sample.id}/round", boss, version_id=version)
    reviews = {}
    for who, points in ((boss, 5), (second, 3)):
        reviews[who.token] = review = post(house, f"{turn}/score", who)
        full = {f"item-{item.key}": item.points for item in first_form().items} | {"item-correct": points}
        assert post(house, review, who, **full, final="1") == turn
    assert house.ask("GET", reviews[boss.token], second).status == 404
    assert "scored alike" not in house.ask("GET", f"{turn}?lang=en", boss).text
    post(house, f"{turn}/close", boss)
    shown = house.ask("GET", f"{turn}?lang=en", boss).text
    assert "90 % of the items were scored alike" in shown
    assert house.ask("GET", reviews[boss.token], second).status == 200
    assert house.ask("POST", f"{turn}/score", second).status == 409
    assert house.ask("GET", reviews[boss.token], house.session("agent")).status == 404  # no score of the agent's
    with reading(house.engine) as connection:
        assert figures.qa_figures(connection, NOW - timedelta(1), NOW).reviews == 1  # nor of any figure


@pytest.mark.parametrize("language", ["th", "en"])
def test_coaching_figures_of_agents_and_teams(house: GuardedHouse, language: str) -> None:
    page = house.ask("GET", f"/quality/coaching?days=28&lang={language}", house.session("supervisor"))
    assert page.status == 200
    assert ("ชื่อ agent" if language == "th" else "Name agent") in page.text
    assert "0:10" in page.text  # the one talk


def board_of(settings: Settings, scores: Mapping[str, tuple[int, float]]) -> BoardData:
    """The wallboard of a day without calls."""

    def nothing() -> Any:
        return {}

    health = Health(**{one.name: nothing for one in fields(Health)} | {"qa_scores": lambda: scores})
    book = DayBook(day_start(ZoneInfo(settings.site.timezone)), limits_of(settings))
    return Now(lambda: settings, FloorState(), book, health, lambda: NOW).board()


def test_the_qa_score_is_one_of_the_figures(house: GuardedHouse) -> None:
    """L1, D20: ``hotline kpi``, Prometheus, the wallboard and the report with its CSV tell the same."""
    context = SimpleNamespace(settings=house.settings, engine=lambda: house.engine)
    period = ["--from", (NOW - timedelta(days=1)).isoformat(), "--to", NOW.isoformat()]
    as_told: dict[str, Any] = {
        "obj": context,
        "help_option_names": ["-h", "--help"],
    }  # as the whole program asks; click remembers them
    told = CliRunner().invoke(kpi, [*period, "--json"], **as_told)
    assert told.exit_code == 0, told.output
    assert json.loads(told.output)["qa_reviews"] == 1
    assert json.loads(told.output)["qa_score"] == 1.0
    assert re.search(r"qa score +100.0%", CliRunner().invoke(kpi, period, **as_told).output)

    counted = (qa_reviews.c.state == "final") & qa_reviews.c.round_id.is_(None)
    with writing(house.engine) as connection:  # another grader thought less of it
        again = dict(connection.execute(select(qa_reviews).where(counted)).mappings().one())
        del again["id"]
        connection.execute(insert(qa_reviews).values(again | {"score": 0.4, "queue": None}))
    since = NOW - figures.PERIOD
    as_long = ["--from", since.isoformat(), "--to", NOW.isoformat(), "--json"]
    told_by_kpi = json.loads(CliRunner().invoke(kpi, as_long, **as_told).output)
    assert told_by_kpi["qa_reviews"] == 2
    assert told_by_kpi["qa_score"] == pytest.approx(0.7)

    with reading(house.engine) as connection:
        snapshot = Snapshot(qa_scores=qa_scores_of(connection, NOW))
    exporter = Exporter(CollectorRegistry(), ["enquiries", "import"], lambda: snapshot)
    found = dict(re.findall(r"^(hotline_qa_score_\S+) (\S+)$", exporter.text().decode(), re.MULTILINE))
    assert {name: float(value) for name, value in found.items()} == {
        f'hotline_qa_score_{what}{{queue="{queue}"}}': value
        for what, values in (("points", (1.0, 0.0, 0.4)), ("reviews", (1, 0, 1)))
        for queue, value in zip(("enquiries", "import", "none"), values, strict=True)
    }

    board = view_of(board_of(house.settings, snapshot.qa_scores), board_settings(house.settings), "en")
    assert (board.qa.percent, board.qa.level, board.qa.details) == ("70.0", "bad", ("2 in 30 days",))

    zone = ZoneInfo(house.settings.site.timezone)
    first, last = since.astimezone(zone).date(), NOW.astimezone(zone).date()
    asked = f"/reports/export.csv?span=own&on={first}&to={last}&by=month&hours=all&lang=en"
    rows = list(csv.DictReader(io.StringIO(house.ask("GET", asked, house.session("supervisor")).text.lstrip("\ufeff"))))
    scored = {(row["qa_reviews"], row["qa_score"]) for row in rows if row["qa_reviews"] == "2"}
    assert [float(score) for _, score in scored] == [pytest.approx(0.7)]


def test_drawing_in_the_page(house: GuardedHouse) -> None:
    boss = house.session("supervisor")
    assert "count=0" in post(house, "/quality/draw", boss, reason="low_rating", days=7, count=2)
    assert house.ask("POST", "/quality/draw", boss, form={"reason": "nonsense"}).status == 422
