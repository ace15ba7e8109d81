"""What the installer reads out of other programs' words, and what it leaves out."""

from pathlib import Path

import pytest

from dialplan.asterisk.install import parse_version, read_installed
from dialplan.asterisk.packages import failure_reason, parse_simulation
from dialplan.asterisk.tree import left_out, parse_needed

SIMULATION = """\
Reading package lists...
The following NEW packages will be installed:
  asterisk libc6
Inst libc6 (2.43-7 Debian:testing [amd64])
Inst asterisk [1:20.0-1] (1:22.10.1+dfsg+~cs6-1 Debian:testing [amd64]) []
Conf libc6 (2.43-7 Debian:testing [amd64])
"""


def test_simulation_gives_names_and_versions() -> None:
    assert parse_simulation(SIMULATION) == {"libc6": "2.43-7", "asterisk": "1:22.10.1+dfsg+~cs6-1"}


def test_the_reason_of_a_failure_is_the_lines_that_say_so() -> None:
    text = "Hit:1 a\nErr:2 b\n  404\nW: failed to fetch\nE: no\n"
    assert failure_reason(text) == "Err:2 b\nW: failed to fetch\nE: no"
    assert failure_reason("only words") == "only words"


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("perl-base", True),
        ("libperl5.42", True),
        ("perl-modules-5.42", True),
        ("libpython3.14-stdlib", True),
        ("python3", True),
        ("libicu78", True),
        ("gpg-agent", True),
        ("gcc-16-base", True),
        ("passwd", True),
        ("asterisk-config", True),
        ("asterisk", False),
        ("asterisk-modules", False),
        ("libc6", False),
        ("libgcc-s1", False),
        ("libssl3t64", False),
        ("libcap2", False),
        ("sip-tester", False),
        ("libgpgme45", False),
    ],
)
def test_packages_left_out(name: str, expected: bool) -> None:
    assert left_out(name) is expected


def test_libraries_must_be_found_inside_the_tree() -> None:
    listing = """\
\tlinux-vdso.so.1 (0x00007ffd)
\tlibinside.so.1 => /root/usr/lib/libinside.so.1 (0x00007f)
\tliboutside.so.2 => /usr/lib/liboutside.so.2 (0x00007f)
\tlibnowhere.so.3 => not found
\t/root/lib64/ld-linux-x86-64.so.2 (0x00007f)
"""
    assert parse_needed(listing, Path("/root")) == {"liboutside.so.2", "libnowhere.so.3"}


def test_a_tree_in_a_folder_with_a_space_is_read_right() -> None:
    listing = """\
\tlibinside.so.1 => /my root/usr/lib/libinside.so.1 (0x00007f)
\t/my root/lib64/ld-linux-x86-64.so.2 (0x00007f)
\tlibold.so => not found (0x0)
"""
    assert parse_needed(listing, Path("/my root")) == {"libold.so"}


def test_a_library_too_old_counts_as_missing() -> None:
    line = "/r/asterisk: /r/libc.so.6: version `GLIBC_2.99' not found (required by /r/asterisk)"
    assert parse_needed(line, Path("/r")) == {line}


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("Asterisk 22.10.1~dfsg+~cs6.17", "22.10.1"),
        ("Asterisk certified/20.7-cert2", "20.7"),
        ("Asterisk GIT-master", None),
        ("", None),
    ],
)
def test_versions(text: str, expected: str | None) -> None:
    assert parse_version(text) == expected


@pytest.mark.parametrize("marker", ["", "{}", "[]", '{"recipe": 0, "architecture": "amd64"}', '{"recipe": 1}'])
def test_a_broken_or_older_marker_is_no_installation(tmp_path: Path, marker: str) -> None:
    (tmp_path / ".install").mkdir()
    (tmp_path / ".install/installed.json").write_text(marker)
    assert read_installed(tmp_path) is None
