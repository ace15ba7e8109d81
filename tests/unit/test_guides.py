"""The guides name commands, options, settings and units that exist."""

import configparser
import re
import shlex
import shutil
import subprocess
import tomllib
from collections.abc import Iterator
from pathlib import Path

import click
import pytest

from hotline import reference
from hotline.settings import parse
from hotline.settings_file import section_type

REPOSITORY = Path(__file__).parents[2]
GUIDES = [REPOSITORY / "README.md", REPOSITORY / "CHANGELOG.md", *sorted((REPOSITORY / "docs").glob("*.md"))]
GUIDES = [guide for guide in GUIDES if guide.name not in reference.PAGES]
UNITS = sorted((REPOSITORY / "deploy").glob("*.service"))
COMMANDS = {context.command_path: context.command for context in reference.walk()}


def blocks(text: str, language: str) -> Iterator[str]:
    yield from re.findall(rf"^ *```{language}\n(.*?)^ *```", text, re.MULTILINE | re.DOTALL)


def written_commands(text: str) -> Iterator[list[str]]:
    """What stands after ``hotline`` in code blocks and between back-quotes."""
    for line in "".join(blocks(text, "sh")).splitlines():
        for found in re.findall(r"(?:^|bin/|&& |\$\()hotline ([a-z].*?)(?=$| #| &&|\)\"| > )", line.strip()):
            yield shlex.split(found, comments=True)
    for found in re.findall(r"`hotline ([a-z][^`|]*)`", text):
        yield shlex.split(found)


def faults(words: list[str]) -> Iterator[str]:
    """What of a command does not exist."""
    path, rest = "hotline", list(words)
    while rest and f"{path} {rest[0]}" in COMMANDS:
        path = f"{path} {rest.pop(0)}"
    command = COMMANDS[path]
    if path == "hotline" or (isinstance(command, click.Group) and rest and not rest[0].startswith("-")):
        yield f"no command: hotline {' '.join(words)}"
    known = {option for parameter in command.params for option in parameter.opts} | {"--help"}
    takes_anything = path in ("hotline prompts build", "hotline asterisk console")
    yield from (
        f"{path} has no {word}"
        for word in rest
        if re.match(r"--?[a-z]", word) and word not in known and not takes_anything
    )


@pytest.mark.parametrize("guide", GUIDES, ids=lambda path: path.name)
def test_commands_in_the_guides_exist(guide: Path) -> None:
    found = [fault for words in written_commands(guide.read_text("utf-8")) for fault in faults(words)]
    assert found == []


def test_enough_commands_were_looked_at() -> None:
    seen = [words for guide in GUIDES for words in written_commands(guide.read_text("utf-8"))]
    assert len(seen) > 60
    assert list(faults(["calls", "lost"]))
    assert list(faults(["nonsense"]))
    assert list(faults(["calls", "list", "--sorted"]))


def test_settings_in_the_guides_can_be_used() -> None:
    """Every block of settings, together with what the first file has."""
    base = {
        "numbers": '[[numbers]]\nnumber = "1169"\nqueue = "enquiries"\n',
        "trunks": '[[trunks]]\nname = "line"\nhost = "192.0.2.1"\n',
        "queues": '[[queues]]\nname = "enquiries"\n[[queues]]\nname = "technical"\n',
    }
    looked_at = 0
    for guide in GUIDES:
        for block in blocks(guide.read_text("utf-8"), "toml"):
            text = re.sub("^   ", "", block, flags=re.MULTILINE)
            given = tomllib.loads(text)
            parse("".join(part for name, part in base.items() if name not in given) + text, Path("/x/hotline.toml"))
            looked_at += 1
    assert looked_at >= 3


def test_settings_named_in_the_changelog_exist() -> None:
    known = {key for _, field, kind in reference.sections() for key in kind.model_fields if section_type(field)}
    known |= {name for name, _, _ in reference.sections()}
    text = (REPOSITORY / "CHANGELOG.md").read_text("utf-8")
    named = set(re.findall(r"`([a-z]+(?:_[a-z]+)+)`", text)) | set(re.findall(r"`\[+([a-z]+)\]+`", text))
    assert len(named) > 10
    assert named - known == set()


@pytest.mark.parametrize("unit", UNITS, ids=lambda path: path.name)
def test_units_start_commands_that_exist(unit: Path) -> None:
    settings = configparser.ConfigParser(strict=False, interpolation=None)
    settings.optionxform = str  # type: ignore[assignment,method-assign]
    settings.read(unit)
    program, *words = shlex.split(settings["Service"]["ExecStart"])
    assert program == "/opt/hotline/.venv/bin/hotline"
    assert list(faults(words)) == []
    assert settings["Service"]["User"] != "root"
    assert settings["Service"]["NoNewPrivileges"] == "yes"
    assert settings["Service"]["Restart"] == "always"


def test_stopping_the_service_does_not_stop_asterisk() -> None:
    text = (REPOSITORY / "deploy/hotline.service").read_text()
    assert "Wants=hotline-asterisk.service" in text
    for tie in ("Requires=", "BindsTo=", "PartOf="):
        assert tie not in text
        assert tie not in (REPOSITORY / "deploy/hotline-asterisk.service").read_text()


def test_systemd_accepts_the_units(tmp_path: Path) -> None:
    """Where systemd is; elsewhere the two tests above are all that can be said."""
    for unit in UNITS:
        text = unit.read_text().replace("/opt/hotline/.venv/bin/hotline", "/bin/true")
        (tmp_path / unit.name).write_text(text.replace("/opt/hotline", "/"))
    assert len(list(tmp_path.iterdir())) == 2
    if shutil.which("systemd-analyze"):
        result = subprocess.run(
            ["systemd-analyze", "verify", *map(str, tmp_path.iterdir())], capture_output=True, text=True, check=False
        )
        complaints = [line for line in result.stderr.splitlines() if "hotline" in line]
        assert complaints == []
