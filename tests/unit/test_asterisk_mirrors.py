"""The machine's own Debian mirror is found in both formats of apt's source lists."""

from pathlib import Path

import pytest

from dialplan.asterisk.errors import AsteriskInstallError
from dialplan.asterisk.mirrors import (
    MIRROR_VARIABLE,
    choose_mirror,
    machine_sources,
    parse_deb822,
    parse_one_line,
)

DEB822 = """\
# a comment before everything
Types: deb deb-src
# a comment inside
URIs: https://mirror.example/debian
Suites: bookworm
  bookworm-updates
Components: main contrib
Signed-By: /usr/share/keyrings/debian-archive-keyring.gpg

Types: deb
URIs: https://mirror.example/debian-security
Suites: bookworm-security
Components: main

Types: deb-src
URIs: https://sources.example/debian
Suites: bookworm
Components: main

Enabled: no
Types: deb
URIs: https://off.example/debian
Suites: bookworm
Components: main
"""

ONE_LINE = """\
# deb https://commented.example/debian bookworm main
deb-src https://sources.example/debian bookworm main
deb [arch=amd64 signed-by=/etc/key.gpg] https://tools.example/apt stable main
deb https://mirror.example/debian bookworm-security main   # not the main archive
deb [signed-by=/usr/share/keyrings/debian-archive-keyring.gpg] https://kept.example/2026/ bookworm main non-free
"""


def test_deb822_gives_binary_sources_that_are_switched_on() -> None:
    found = list(parse_deb822(DEB822))
    assert [source.uri for source in found] == [
        "https://mirror.example/debian",
        "https://mirror.example/debian-security",
    ]
    assert found[0].suites == ("bookworm", "bookworm-updates")
    assert [source.is_debian_archive for source in found] == [True, False]


def test_one_line_gives_binary_sources_with_their_options() -> None:
    found = list(parse_one_line(ONE_LINE))
    assert [(source.uri, source.is_debian_archive) for source in found] == [
        ("https://tools.example/apt", False),
        ("https://mirror.example/debian", False),
        ("https://kept.example/2026/", True),
    ]


@pytest.mark.parametrize(
    ("wanted", "environment", "expected"),
    [
        ("https://wanted.example/d", {MIRROR_VARIABLE: "https://env.example/d"}, "https://wanted.example/d"),
        (None, {MIRROR_VARIABLE: "https://env.example/d"}, "https://env.example/d"),
        (None, {MIRROR_VARIABLE: ""}, "https://mirror.example/debian"),
        (None, {}, "https://mirror.example/debian"),
    ],
)
def test_the_nearest_wish_wins(wanted: str | None, environment: dict[str, str], expected: str) -> None:
    assert choose_mirror(wanted, environment, parse_deb822(DEB822)) == expected


def test_no_mirror_says_how_to_name_one() -> None:
    with pytest.raises(AsteriskInstallError, match=MIRROR_VARIABLE):
        choose_mirror(None, {}, [])


def test_both_kinds_of_files_are_read_and_others_are_not(tmp_path: Path) -> None:
    (tmp_path / "sources.list.d").mkdir()
    (tmp_path / "sources.list").write_text("deb https://old.example/debian bookworm main\n")
    (tmp_path / "sources.list.d/debian.sources").write_text(DEB822)
    (tmp_path / "sources.list.d/debian.sources.off").write_text(DEB822)
    uris = [source.uri for source in machine_sources(tmp_path)]
    assert uris == [
        "https://old.example/debian",
        "https://mirror.example/debian",
        "https://mirror.example/debian-security",
    ]


def test_a_machine_without_apt_has_no_sources(tmp_path: Path) -> None:
    assert list(machine_sources(tmp_path / "none")) == []
