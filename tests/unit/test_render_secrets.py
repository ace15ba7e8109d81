"""What is written of the configuration: no secret is shown, and nobody but the owner reads one."""

import os
import stat
from pathlib import Path

import pytest
from rendered import BASE, FOLDERS, files, site

from dialplan.render import (
    EMPTY_FILES,
    RENDERED_FILES,
    difference,
    render,
    write,
)
from dialplan.secrets import SecretMissing, Secrets


def test_the_difference_shows_no_secrets(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PROVIDER_PASSWORD", "trunk-secret")
    account = BASE["trunks"][0] | {"username": "u", "password_env": "PROVIDER_PASSWORD", "register_there": True}
    wanted = files(trunks=[account])
    secrets = ("ami-secret", "phone-one", "trunk-secret")
    assert all(any(secret in text for text in wanted.values()) for secret in secrets)
    shown = "\n".join(difference(wanted, tmp_path))  # everything is new
    assert "+username = u" in shown
    assert [secret for secret in secrets if secret in shown] == []
    write(wanted, tmp_path)
    assert difference(wanted, tmp_path) == []
    other = Secrets(ami="new-ami", agents={"1001": "a", "1002": "b"})
    changed = render(site(trunks=[account], ports={"ami": 5039}), FOLDERS, other)
    shown = "\n".join(difference(changed, tmp_path))
    assert "-port = 5038" in shown
    assert "+port = 5039" in shown
    assert [secret for secret in (*secrets, "new-ami") if secret in shown] == []


def test_only_what_differs_is_written_and_only_the_owner_reads_it(tmp_path: Path) -> None:
    etc = tmp_path / "etc"
    assert set(write(files(), etc)) == {*RENDERED_FILES, *EMPTY_FILES}
    assert {stat.S_IMODE(path.stat().st_mode) for path in etc.iterdir()} == {0o600}
    assert write(files(), etc) == []
    assert write(files(ports={"ami": 5039}), etc) == ["manager.conf"]
    assert not list(etc.glob("*.new"))


def test_a_providers_password_that_is_missing_says_what_to_do(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("PROVIDER_PASSWORD", raising=False)
    account = BASE["trunks"][0] | {"username": "u", "password_env": "PROVIDER_PASSWORD"}
    with pytest.raises(SecretMissing, match="PROVIDER_PASSWORD"):
        files(trunks=[account])


def test_secrets_are_made_once_and_are_the_owners_only(tmp_path: Path) -> None:
    state = tmp_path / "state"
    made = Secrets.load(state, site())
    path = state / "secrets.json"
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert Secrets.load(state, site()) == made
    assert len({made.ami, *made.agents.values()}) == 3
    assert all(len(secret) >= 24 for secret in (made.ami, *made.agents.values()))
    assert made.ami not in repr(made)
    assert made.agent("1001") not in repr(made)


def test_secrets_outlive_changes_of_the_agents(tmp_path: Path) -> None:
    first = Secrets.load(tmp_path, site())
    fewer = Secrets.load(tmp_path, site(agents=[]))
    assert fewer.agents == {}
    again = Secrets.load(tmp_path, site(agents=[*BASE["agents"], {"extension": "1003"}]))
    assert (again.ami, again.agent("1001")) == (first.ami, first.agent("1001"))
    assert again.agent("1003")
    assert stat.S_IMODE((tmp_path / "secrets.json").stat().st_mode) == 0o600


def test_secrets_are_not_readable_even_while_they_are_written(tmp_path: Path) -> None:
    before = os.umask(0)
    try:
        Secrets.load(tmp_path, site())
    finally:
        os.umask(before)
    assert stat.S_IMODE((tmp_path / "secrets.json").stat().st_mode) == 0o600


def test_a_browser_has_no_secret_that_lasts() -> None:
    """It is made at every log-in; a desk phone has one of the settings' folder."""
    text = files()["pjsip.conf"]
    assert "password = phone-one" in text
    assert "phone-two" not in text
    assert "username = 1002" not in text
    assert "auth = 1002" in text
    assert "qualify_frequency = 5" in text.partition("[1002](browser)")[2]
