"""The first start: one administrator, the password to the terminal and nowhere else."""

import logging
import re
import sys
from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace

import pytest
from sqlalchemy import Engine

from crm.database import open_engine, reading, upgrade
from crm.staff.passwords import Hasher
from crm.staff.service import member_named, members
from hotline.settings import parse
from hotline.settings_file import first_settings
from hotline.welcome import welcome


@pytest.fixture
def engine(tmp_path: Path) -> Iterator[Engine]:
    engine = open_engine(f"sqlite:///{tmp_path / 'hotline.sqlite3'}")
    upgrade(engine)
    yield engine
    engine.dispose()


@pytest.fixture
def service(engine: Engine, tmp_path: Path) -> SimpleNamespace:
    text = first_settings().replace("\n[site]\n", '\n[site]\nstate_folder = "."\n', 1)
    return SimpleNamespace(engine=engine, settings=parse(text, tmp_path / "hotline.toml"))


def test_the_password_is_shown_once_at_a_terminal(
    service: SimpleNamespace,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    caplog: pytest.LogCaptureFixture,
) -> None:
    caplog.set_level(logging.DEBUG)
    monkeypatch.setattr(sys.stdout, "isatty", lambda: True, raising=False)
    welcome(service)  # type: ignore[arg-type]
    shown = capsys.readouterr()
    [password] = re.findall(r"user name admin, password (\S+)", shown.out)
    assert "http://127.0.0.1:8000/wallboard?key=" in shown.out
    assert password not in shown.err + caplog.text
    with reading(service.engine) as connection:
        admin = member_named(connection, "admin")
        kept = connection.exec_driver_sql("SELECT password_hash FROM staff").scalar_one()
    assert (admin.role, admin.password_is_temporary) == ("administrator", True)
    assert Hasher().matches(password, kept)
    welcome(service)  # type: ignore[arg-type]
    assert "password" not in capsys.readouterr().out


def test_without_a_terminal_it_says_how_to_get_one(
    service: SimpleNamespace,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    caplog: pytest.LogCaptureFixture,
) -> None:
    """Output of a service of the system is kept in a log."""
    monkeypatch.setattr(sys.stdout, "isatty", lambda: False, raising=False)
    welcome(service)  # type: ignore[arg-type]
    assert capsys.readouterr().out == ""
    assert "hotline staff reset-password admin" in caplog.text
    with reading(service.engine) as connection:
        assert [one.username for one in members(connection)] == ["admin"]
