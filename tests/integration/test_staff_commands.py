"""`hotline staff` as people use it."""

import json
import re
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from crm.database import open_engine, reading
from crm.staff.service import member_named
from hotline.cli import Context, cli
from hotline.settings import load

SETTINGS = """\
numbers = [{number = "1169", queue = "enquiries"}]
trunks = [{name = "provider", host = "127.0.0.1"}]
queues = [{name = "enquiries"}, {name = "technical"}]
departments = [{name = "legal", extension = "201", dial = "025077000"}]
site = {state_folder = "state"}
"""


class Desk:
    """A terminal in a folder with settings."""

    def __init__(self, folder: Path) -> None:
        self.file = folder / "hotline.toml"
        self.file.write_text(SETTINGS, "utf-8")

    def __call__(self, *words: str) -> Result:
        return CliRunner().invoke(cli, ["staff", *words], obj=Context(self.file), standalone_mode=True)

    @contextmanager
    def database(self) -> Iterator[object]:
        engine = open_engine(f"sqlite:///{self.file.parent / 'state/hotline.sqlite3'}")
        with reading(engine) as connection:
            yield connection
        engine.dispose()


@pytest.fixture
def desk(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Desk:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("HOTLINE_FILE", str(tmp_path / "hotline.toml"))
    return Desk(tmp_path)


def test_an_account_from_its_making_to_its_end(desk: Desk) -> None:
    made = desk(
        "add", "Malee.P", "--name-th", "มาลี", "--extension", "1101", "--queue", "enquiries", "--queue", "technical=2"
    )
    assert made.exit_code == 0, made.output
    first = re.findall(r"password (\S+)", made.output)
    assert [agent.extension for agent in load(desk.file).agents] == ["1101"]  # known at the next start
    [line] = [json.loads(line) for line in desk("list", "--json").output.splitlines()]
    assert (line["username"], line["extension"], line["queues"]) == (
        "malee.p",
        "1101",
        {"enquiries": 0, "technical": 2},
    )
    assert "password_hash" not in line
    assert "one-time password" in desk("list").output
    again = desk("reset-password", "malee.p")
    assert again.exit_code == 0
    assert re.findall(r"password (\S+)", again.output) != first
    assert desk("deactivate", "malee.p").exit_code == 0
    assert load(desk.file).agents == ()
    assert "No accounts" in desk("list").output
    assert "closed" in desk("list", "--all").output
    with desk.database() as connection:
        assert member_named(connection, "malee.p").active is False  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["add", "x"], "2 to 32 small letters"),
        (["add", "malee", "--extension", "201"], "Somebody has this extension"),
        (["add", "malee", "--extension", "1101", "--queue", "nowhere"], "There is no such choice"),
        (["add", "malee", "--queue", "enquiries=first"], "or with a penalty"),
        (["add", "malee", "--role", "officer"], "Choose the department"),
        (["reset-password", "nobody"], "there is no account nobody"),
        (["deactivate", "nobody"], "hotline staff list"),
    ],
)
def test_what_cannot_be_is_said(desk: Desk, words: list[str], said: str) -> None:
    refused = desk(*words)
    assert refused.exit_code in {1, 2}
    assert said in refused.output


def test_the_last_administrator_stays(desk: Desk) -> None:
    desk("add", "boss", "--role", "administrator", "--name", "Boss")
    refused = desk("deactivate", "boss")
    assert refused.exit_code == 1
    assert "At least one administrator must remain" in refused.output
