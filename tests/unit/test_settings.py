"""`hotline.toml`: every fault is named at once, in plain words, with its line; the environment goes before the file."""

import os
import re
import tomllib
from pathlib import Path

import pytest

from dialplan.site import HotlineSite
from hotline.settings import Settings, SettingsError, load, parse, settings_path
from hotline.settings_file import first_settings, is_table, section_type, toml, write_first

FILE = Path("/somewhere/hotline.toml")
GOOD = """\
[[numbers]]
number = "1169"
queue = "enquiries"
[[trunks]]
name = "provider"
host = "127.0.0.1"
[[queues]]
name = "enquiries"
"""
LINES = GOOD.count("\n")


@pytest.fixture(autouse=True)
def _no_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in [name for name in os.environ if name.upper().startswith("HOTLINE_")]:
        monkeypatch.delenv(name)


def problems(text: str) -> list[str]:
    with pytest.raises(SettingsError) as refused:
        parse(text, FILE)
    return refused.value.problems


@pytest.mark.parametrize(
    ("added", "line", "says"),
    [
        ("[site]\ncolour = 1", 2, "site.colour: there is no such setting"),
        ("[nonsense]", 1, "nonsense: there is no such setting"),
        ('[site]\ntimezone = "Asia/Bankok"', 2, "no such time zone: 'Asia/Bankok'"),
        ('[site]\nlanguages = ["th", "fr"]', 2, "'th' or 'en'"),
        ("[site]\nlanguages = []", 2, "at least one is needed"),
        ('[site]\nlanguages = ["th", "th"]', 2, "each language once"),
        ('[site]\ncountry = "Thailand"', 2, "two capital letters"),
        ("[site]\nstate_folder = 5", 2, "must be a folder in quotes"),
        ('[site]\nname_th = "a;b"', 2, "must be one line without ;"),
        ('[[numbers]]\nnumber = "11 69"\nqueue = "enquiries"', 2, "2 to 15 digits"),
        ('[[numbers]]\nnumber = 1169\nqueue = "enquiries"', 2, "must be a text in quotes"),
        ('[[numbers]]\nnumber = "1170"\nqueue = "nowhere"', 3, "there is no queue 'nowhere'"),
        ('[[numbers]]\nnumber = "1169"\nqueue = "enquiries"', 2, "'1169' is there twice"),
        ('[menu]\ncomplaint = "legal"', 2, "there is no queue 'legal'"),
        ('[[trunks]]\nname = "second"', 1, "trunks.1.host: is missing"),
        ('[[trunks]]\nname = "b"\nhost = "a b"', 3, "must be an address"),
        ('[[trunks]]\nname = "b"\nhost = "sip.example.com\\ntype=endpoint"', 3, "must be an address"),
        ('[[trunks]]\nname = "b"\nhost = "sip.example.com"\nregister_there = true', 4, "needs a username"),
        ('[[trunks]]\nname = "b"\nhost = "sip.example.com"\nusername = "u"', 4, "needs password_env"),
        ('[[queues]]\nname = "General"', 2, "small letters, digits and hyphens"),
        ('[[queues]]\nname = "general"', 2, "Asterisk uses that word itself"),
        ('[[queues]]\nname = "b"\nring_seconds = 2', 3, "greater than or equal to 5"),
        ('[[queues]]\nname = "b"\nstrategy = "loudest"', 3, "'ringall'"),
        ('[[departments]]\nname = "a"\nextension = "201"\ndial = "call me"', 4, "must be digits"),
        ('[[agents]]\nextension = "1001"\nqueues = ["sales"]', 3, "there is no queue 'sales'"),
        ('[[agents]]\nextension = "1001"\nqueues = "enquiries"', 3, "must be a list"),
        ('[[agents]]\nextension = "1001"\nname_en = "x\\"\\n[evil]"', 3, "must be one line"),
        ('[hours]\nmonday = ["8:30-16:30"]', 2, "write it as 08:30-16:30"),
        ('[hours]\nmonday = ["16:30-08:30"]', 2, "the end must be after the start"),
        ('[hours]\nmonday = ["13:00-16:30", "08:30-13:01"]', 2, "08:30-13:01 and 13:00-16:30 overlap"),
        ('[site]\ncountry = "XX"', 2, "site.country: there is no such country"),
        ('[hours]\nalways_open = "perhaps"', 2, "must be true or false"),
        ('[answering]\nanswer_within_seconds = "soon"', 2, "must be a whole number"),
        ('[survey]\nscale = "scale-9"', 2, "there is no scale 'scale-9'"),
        ('[[survey.scales]]\nname = "scale-123"\nkeys = { "11" = "satisfied" }\nprompt = "survey-123"', 3, "one digit"),
        ('[[survey.scales]]\nname = "scale-123"\nkeys = { "1" = "good" }\nprompt = "survey-123"', 3, "'impressed'"),
        ('[dialling]\ntrunk = "other"', 2, "there is no trunk 'other'"),
        ('[dialling]\npatterns = ["call"]', 2, "must be a pattern"),
        ("[ports]\nweb = 5038", 2, "5038 is already the port of ami"),
        ("[ports]\nrtp_start = 20000\nrtp_end = 10000", 3, "must be above rtp_start"),
        ('[ports]\nbind = "0.0.0.0 ; all"', 2, "must be an address"),
        ("[ports]\nweb = 99999", 2, "65535"),
    ],
)
def test_a_fault_is_named_with_its_line(added: str, line: int, says: str) -> None:
    [problem] = problems(GOOD + added)
    assert problem.startswith(f"line {LINES + line}: "), problem
    assert says in problem


def test_all_faults_are_named_at_once_in_the_order_of_the_file() -> None:
    """Those that can only be seen once others are put right, too."""
    text = """\
[site]
timezone = "Mars"
[[numbers]]
number = "one"
queue = "enquiries"
[[numbers]]
number = "1170"
queue = "nowhere"
[[trunks]]
name = "provider"
[[queues]]
name = "enquiries"
ring_seconds = 1
[[agents]]
extension = "1001"
queues = ["sales"]
[[agents]]
extension = "1001"
[ports]
web = 5038
rtp_end = 1024
[nonsense]
"""
    found = problems(text)
    assert [int(problem.split(":")[0].removeprefix("line ")) for problem in found] == [
        2, 4, 8, 9, 13, 16, 18, 20, 21, 22,
    ]  # fmt: skip
    with pytest.raises(SettingsError, match=r"10 problem\(s\)"):
        parse(text, FILE)


def test_two_accounts_of_one_department_and_agent() -> None:
    doubled = GOOD + '[[departments]]\nname = "a"\nextension = "201"\n' * 2
    assert problems(doubled) == [
        f"line {LINES + 5}: departments.1.name: 'a' is there twice",
        f"line {LINES + 6}: departments.1.extension: '201' is there twice",
    ]
    clash = GOOD + '[[agents]]\nextension = "201"\n[[departments]]\nname = "a"\nextension = "201"\ndial = "025"\n'
    assert "is an agent's extension; leave dial empty" in problems(clash)[0]


@pytest.mark.parametrize("text", ["[[numbers", 'a = "', "x = 1\nx = 2"])
def test_what_is_no_toml_says_where(text: str) -> None:
    [problem] = problems(text)
    assert problem.startswith("not valid TOML:")
    assert "line" in problem or "end of document" in problem


def test_an_empty_file_names_what_must_be_there() -> None:
    assert problems("") == ["numbers: is missing", "queues: is missing", "trunks: is missing"]
    assert problems(GOOD.replace("[[queues]]\nname", "[[agents]]\nextension").replace('"enquiries"\n', '"1001"\n'))


def test_a_file_that_is_not_there_or_not_text(tmp_path: Path) -> None:
    with pytest.raises(SettingsError, match="hotline init"):
        load(tmp_path / "hotline.toml")
    (tmp_path / "hotline.toml").write_bytes(b"\xff\xfe")
    with pytest.raises(SettingsError, match="cannot be read"):
        load(tmp_path / "hotline.toml")


# --- environment ------------------------------------------------------------------------------------------------------


def test_the_environment_goes_before_the_file(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HOTLINE_PORTS__WEB", "8080")
    monkeypatch.setenv("HOTLINE_HOURS__SATURDAY", '["09:00-12:00"]')
    monkeypatch.setenv("HOTLINE_QUEUES", '[{"name": "enquiries"}, {"name": "technical"}]')
    monkeypatch.setenv("HOTLINE_FILE", "elsewhere.toml")  # no setting: where the file is
    settings = parse(GOOD + "[ports]\nweb = 8001\nami = 5039\n", FILE)
    assert (settings.ports.web, settings.ports.ami) == (8080, 5039)
    assert settings.hours.saturday == ("09:00-12:00",)
    assert [queue.name for queue in settings.queues] == ["enquiries", "technical"]


@pytest.mark.parametrize(
    ("name", "value", "says"),
    [
        ("HOTLINE_PORTS__WEB", "many", "must be a whole number"),
        ("HOTLINE_PORTS__WEBB", "1", "there is no such setting"),
        ("HOTLINE_HOURS__MONDAY", '["8-9"]', "write it as 08:30-16:30"),
        ("HOTLINE_HOURS__MONDAY", "08:30-16:30", "written as JSON"),
        ("HOTLINE_NUMBERS", "1169", "must be a list"),
        ("HOTLINE_NUMBERS", "[{", "written as JSON"),
    ],
)
def test_a_fault_in_the_environment_names_the_variable(
    monkeypatch: pytest.MonkeyPatch, name: str, value: str, says: str
) -> None:
    monkeypatch.setenv(name, value)
    [problem] = problems(GOOD + "[ports]\nweb = 8001\n")
    assert problem.startswith(f"environment {name}: ")
    assert says in problem


def test_which_file(monkeypatch: pytest.MonkeyPatch) -> None:
    assert settings_path() == Path("hotline.toml")
    monkeypatch.setenv("HOTLINE_FILE", "/etc/hotline.toml")
    assert settings_path() == Path("/etc/hotline.toml")
    assert settings_path(Path("given.toml")) == Path("given.toml")


def test_relative_folders_are_taken_from_where_the_file_lies(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    file = tmp_path / "etc/hotline.toml"
    file.parent.mkdir()
    file.write_text(GOOD + '[site]\nstate_folder = "kept"\n[asterisk]\nroot = "../pbx"\nstudio_folder = "/studio"\n')
    (tmp_path / "elsewhere").mkdir()
    monkeypatch.chdir(tmp_path / "elsewhere")
    settings = load(Path("../etc/hotline.toml"))
    assert settings.state.resolve() == tmp_path / "etc/kept"
    assert settings.state.is_absolute()
    assert settings.asterisk.root is not None
    assert settings.asterisk.root.resolve() == tmp_path / "pbx"
    assert settings.asterisk.studio_folder == Path("/studio")
    assert settings.database_url == f"sqlite:///{settings.state}/hotline.sqlite3"
    assert settings.messages_folder == settings.state / "messages"


def test_the_systems_own_asterisk() -> None:
    assert parse(GOOD, FILE).asterisk_folders().install_root == Path("/somewhere/.state/asterisk-root")
    assert parse(GOOD + '[asterisk]\nuse = "system"\n', FILE).asterisk_folders().install_root is None


# --- the first file ---------------------------------------------------------------------------------------------------


def test_the_first_file_can_be_used_as_it_is() -> None:
    settings = parse(first_settings(), FILE)
    assert settings.numbers[0].number == "1169"
    assert len(settings.agents) == 2


def test_every_default_it_shows_is_the_default() -> None:
    """Taking away every "# " before a setting changes nothing."""
    optional = {
        key
        for field in Settings.model_fields.values()
        for key, one in section_type(field).model_fields.items()
        if one.is_required() or one.get_default(call_default_factory=True) is None
    }
    lines = re.sub(r"(?ms)^# \[\[.*?(?=^\[)", "", first_settings()).splitlines()  # tables of which there is none
    shown = [
        line.removeprefix("# ")
        if line.startswith("# ") and line.removeprefix("# ").partition(" =")[0].isidentifier()
        and line.removeprefix("# ").partition(" =")[0] not in optional
        else line
        for line in lines
    ]  # fmt: skip
    assert len([line for line in shown if " = " in line and not line.startswith("#")]) > 60
    assert parse("\n".join(shown), FILE) == parse(first_settings(), FILE)


def test_it_shows_every_setting_with_its_description() -> None:
    text = first_settings()
    for name, field in Settings.model_fields.items():
        assert f"[[{name}]]" in text if is_table(field) else f"[{name}]" in text
        for key, one in section_type(field).model_fields.items():
            assert f"# {one.description}\n" in text
            assert f"{key} = " in text


def test_it_never_writes_over_a_file(tmp_path: Path) -> None:
    path = tmp_path / "hotline.toml"
    path.write_text("mine")
    with pytest.raises(FileExistsError):
        write_first(path)
    assert path.read_text() == "mine"


@pytest.mark.parametrize("value", [True, 7, 0.5, 'a "b" \\', "ไทย", ["a", "b"], {"a": 1}, Path("x/y")])
def test_values_are_written_as_toml(value: object) -> None:
    assert tomllib.loads(f"x = {toml(value)}")["x"] == (str(value) if isinstance(value, Path) else value)


def test_settings_do_not_change() -> None:
    settings = parse(GOOD, FILE)
    with pytest.raises(ValueError, match="frozen"):
        setattr(settings.ports, "web", 1)  # noqa: B010  mypy knows it too
    assert isinstance(settings, HotlineSite)
