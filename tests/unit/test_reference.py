"""The reference pages say what the program says, and nothing is without a description."""

import enum
import re
from pathlib import Path

import click
import pytest
from prometheus_client import CollectorRegistry

from ami_listener import events
from hotline import reference
from hotline.cli import COMMANDS
from hotline.settings import Settings
from hotline.settings_file import is_table
from metrics.exporter import Exporter

DOCS = Path(__file__).parents[2] / "docs"


@pytest.mark.parametrize("name", reference.PAGES)
def test_the_page_is_what_the_program_says(name: str) -> None:
    written = (DOCS / name).read_text("utf-8")
    assert written == reference.PAGES[name](), f"docs/{name} is stale: run python -m hotline.reference"


@pytest.mark.parametrize(
    "look",
    [
        reference.undescribed_commands,
        reference.undescribed_settings,
        reference.undescribed_facts,
        reference.undescribed_metrics,
    ],
    ids=lambda look: look.__name__.removeprefix("undescribed_"),
)
def test_everything_has_a_description(look: object) -> None:
    assert look() == []  # type: ignore[operator]


def test_every_command_is_on_the_page() -> None:
    paths = {context.command_path for context in reference.walk()}
    assert {f"hotline {name}" for name in COMMANDS} < paths
    assert {"hotline calls export", "hotline asterisk install", "hotline dialplan render"} < paths
    page = reference.cli_page()
    assert paths == set(re.findall("^#{2,4} (hotline.*)$", page, re.MULTILINE))


def test_the_list_of_commands_says_what_each_command_says() -> None:
    """The short texts are written beside the names, so that `hotline --help` loads nothing: they must not drift."""
    empty = [name for name, (_, text) in COMMANDS.items() if not text.endswith(".")]
    assert empty == []


def test_every_setting_is_on_the_page_with_its_variable() -> None:
    page = reference.settings_page()
    for name, field, kind in reference.sections():
        assert f"## `[{name}]`" in page or f"## `[[{name}]]`" in page
        for key in kind.model_fields:
            assert f"| `{key}` |" in page
            assert is_table(field) or f"`HOTLINE_{name.upper()}__{key.upper()}`" in page
    assert set(Settings.model_fields) == {name for name, _, _ in reference.sections()}


def test_every_event_and_word_is_on_the_page() -> None:
    page = reference.events_page()
    assert len(reference.event_types()) >= 20
    for kind in [*reference.event_types(), *reference.vocabularies()]:
        assert f"## {kind.__name__}\n" in page
    assert events.Event not in reference.event_types()


def test_every_series_that_is_scraped_is_on_the_page() -> None:
    page = reference.metrics_page()
    scraped = Exporter(CollectorRegistry(), ["a"]).text().decode()
    names = {line.split()[2] for line in scraped.splitlines() if line.startswith("# TYPE")}
    assert len(names) > 15
    assert [name for name in names if f"| `{name}` |" not in page] == []


def test_what_lacks_a_description_is_found(monkeypatch: pytest.MonkeyPatch) -> None:
    class Word(enum.StrEnum):
        """Words."""

        ONE = "one"  # has a note
        TWO = "two"

    assert reference.members(Word) == {"one": "has a note", "two": ""}

    @click.command()
    @click.option("--silent")
    def bare(silent: str) -> None:
        pass

    found = [c.command_path for c in reference.walk(bare, None, "bare")]
    assert found == ["bare"]
    monkeypatch.setattr(reference, "walk", lambda: iter([click.Context(bare, info_name="bare")]))
    assert reference.undescribed_commands() == ["bare", "bare --silent"]
    with pytest.raises(SystemExit) as ended:
        reference.main([])
    assert ended.value.code == 2


def test_the_check_names_stale_pages(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert reference.main(["--check", str(tmp_path)]) == 1
    assert "cli.md, settings.md, events.md, metrics.md" in capsys.readouterr().out
    assert reference.main([str(tmp_path)]) == 0
    assert reference.main(["--check", str(tmp_path)]) == 0
    (tmp_path / "events.md").write_text("old")
    assert reference.stale(tmp_path) == ["events.md"]
