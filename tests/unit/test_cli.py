"""The program `hotline` as people meet it: help, exit status, plain messages, completion."""

import logging
import os
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import click
import pytest

from dialplan.asterisk.errors import AsteriskError
from dialplan.secrets import SecretMissing
from hotline import reference
from hotline.cli import COMMANDS, cli, main, plain_message

REPOSITORY = Path(__file__).parents[2]
Program = Callable[..., tuple[int, str, str]]
PATHS = [context.command_path.split()[1:] for context in reference.walk()]


@pytest.fixture
def program(monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str], tmp_path: Path) -> Iterator[Program]:
    """Runs the program here: exit status, standard output, standard error."""
    for name in [name for name in os.environ if name.upper().startswith("HOTLINE_")]:
        monkeypatch.delenv(name)
    monkeypatch.chdir(tmp_path)

    def run(*arguments: str) -> tuple[int, str, str]:
        monkeypatch.setattr(sys, "argv", ["hotline", *arguments])
        capfd.readouterr()
        status = 0
        try:
            main()
        except SystemExit as ended:
            status = int(ended.code or 0)
        out, err = capfd.readouterr()
        assert "Traceback" not in err
        return status, out, err

    root = logging.getLogger()
    handlers = root.handlers[:]
    yield run
    logging.captureWarnings(capture=False)
    root.handlers[:] = handlers


@pytest.mark.parametrize("path", PATHS, ids=lambda path: "-".join(["hotline", *path]))
def test_every_command_helps(program: Program, path: list[str]) -> None:
    for flag in ("--help", "-h"):
        status, out, err = program(*path, flag)
        assert (status, err) == (0, "")
        assert out.startswith(f"Usage: {' '.join(['hotline', *path])}")


def test_help_is_quick_because_it_loads_neither_database_nor_asterisk() -> None:
    code = "import sys, hotline.cli as c; c.cli.main(['--help'], standalone_mode=False);"
    code += "print(sorted({m.split('.')[0] for m in sys.modules} & {'sqlalchemy', 'fastapi', 'pydantic', 'crm'}))"
    shown = subprocess.run(
        [sys.executable, "-c", code], cwd=REPOSITORY, capture_output=True, text=True, check=True, timeout=60
    )
    assert shown.stdout.splitlines()[-1] == "[]"


def test_help_takes_less_than_a_second_also_on_a_busy_machine() -> None:
    command = [sys.executable, "-m", "hotline", "--help"]
    seconds = []
    for _ in range(3):
        begun = time.monotonic()
        subprocess.run(command, cwd=REPOSITORY, check=True, capture_output=True, timeout=60)
        seconds.append(time.monotonic() - begun)
    assert min(seconds) < 1.0


def test_the_version(program: Program) -> None:
    status, out, _ = program("--version")
    assert status == 0
    assert out.startswith("hotline")


@pytest.mark.parametrize(
    "arguments",
    [
        ["nonsense"],
        ["calls", "nonsense"],
        ["calls", "list", "--nonsense"],
        ["calls", "list", "-n", "many"],
        ["calls", "list", "-n", "0"],
        ["calls", "list", "--outcome", "lost"],
        ["calls", "show"],
        ["completion", "tcsh"],
        ["asterisk", "logs", "--log", "other"],
        ["demo", "--calls", "0"],
        ["demo", "--agents", "99"],
    ],
)
def test_wrong_usage_is_2(program: Program, arguments: list[str]) -> None:
    status, out, err = program(*arguments)
    assert (status, out) == (2, "")
    assert "Usage: hotline" in err
    assert "Error:" in err


WITH_SETTINGS = [
    path for path in PATHS if path and path[0] not in ("init", "demo", "completion") and path != ["prompts", "build"]
]
NEEDS = {
    ("calls", "show"): ["x"],
    ("agents", "pause"): ["1001"],
    ("agents", "unpause"): ["1001"],
    ("calendar", "add"): ["2026-12-31", "x"],
    ("calendar", "remove"): ["2026-12-31"],
    ("callbacks", "give-up"): ["x"],
    ("people", "add"): ["x", "0812345678"],
    ("people", "find"): ["0812345678"],
    ("people", "import"): ["hotline.toml"],
    ("prompts", "studio"): ["."],
    ("knowledge", "import"): ["hotline.toml"],
    ("knowledge", "search"): ["x"],
    ("dealers", "check"): ["hotline.toml"],
    ("dealers", "import"): ["hotline.toml"],
    ("dealers", "export"): ["-"],
    **{("staff", name): ["x"] for name in ("add", "reset-password", "deactivate")},
    **{("messages", name): ["1"] for name in ("path", "heard", "done", "renew")},
}


def _commands() -> list[list[str]]:
    groups = {tuple(path[:-1]) for path in PATHS if len(path) > 1}
    return [path + NEEDS.get(tuple(path), []) for path in WITH_SETTINGS if tuple(path) not in groups]


@pytest.mark.parametrize("arguments", _commands(), ids=" ".join)
def test_bad_settings_end_every_command_with_2_and_all_faults(program: Program, arguments: list[str]) -> None:
    Path("hotline.toml").write_text('[site]\ncolour = 1\n[ports]\nweb = "many"\n')
    status, out, err = program(*arguments)
    assert (status, out) == (2, "")
    assert "hotline.toml: 5 problem(s)" in err
    assert "line 2: site.colour: there is no such setting" in err
    assert "line 4: ports.web: must be a whole number" in err


def test_no_settings_file_says_how_to_get_one(program: Program) -> None:
    status, _, err = program("calls", "list")
    assert status == 2
    assert "write a first one with: hotline init" in err
    status, _, err = program("-f", "other.toml", "run")
    assert status == 2
    assert "other.toml" in err


def test_init_writes_once(program: Program) -> None:
    assert program("init")[0] == 0
    before = Path("hotline.toml").read_text()
    status, _, err = program("init")
    assert status == 1
    assert "it was not touched" in err
    assert Path("hotline.toml").read_text() == before
    status, _, err = program("-f", "no/such/folder/hotline.toml", "init")
    assert status == 1
    assert "No such file or directory" in err


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
def test_completion_scripts(program: Program, shell: str) -> None:
    status, out, _ = program("completion", shell)
    assert status == 0
    assert "_HOTLINE_COMPLETE" in out
    assert "hotline" in out


@pytest.mark.parametrize(
    ("shell", "environment", "expected"),
    [
        (
            "bash",
            {"COMP_WORDS": "hotline cal", "COMP_CWORD": "1"},
            {"plain,calls", "plain,calendar", "plain,callbacks"},
        ),
        ("bash", {"COMP_WORDS": "hotline calls ", "COMP_CWORD": "2"}, {"plain,list", "plain,show", "plain,export"}),
        ("zsh", {"COMP_WORDS": "hotline calls list --outc", "COMP_CWORD": "3"}, {"--outcome"}),
        ("fish", {"COMP_WORDS": "hotline asterisk s", "COMP_CWORD": "s"}, {"status", "start", "stop"}),
    ],
)
def test_completion_completes(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str],
    shell: str, environment: dict[str, str], expected: set[str],
) -> None:  # fmt: skip
    for name, value in ({"_HOTLINE_COMPLETE": f"{shell}_complete"} | environment).items():
        monkeypatch.setenv(name, value)
    with pytest.raises(SystemExit) as ended:
        cli.main(prog_name="hotline")
    assert ended.value.code == 0
    out = capsys.readouterr().out
    assert {word for word in expected if word in out} == expected


def test_every_command_of_the_list_exists() -> None:
    context = click.Context(cli)
    assert cli.list_commands(context) == list(COMMANDS)
    assert [name for name in COMMANDS if cli.get_command(context, name) is None] == []
    assert cli.get_command(context, "nonsense") is None


def test_expected_errors_are_plain_and_others_are_not_hidden() -> None:
    assert plain_message(AsteriskError("No Asterisk.")) == "No Asterisk."
    assert plain_message(SecretMissing("no password")) == "no password"
    assert plain_message(PermissionError(13, "Permission denied", "/etc/x")) == "/etc/x: Permission denied"
    assert plain_message(ValueError("a fault of ours")) is None
