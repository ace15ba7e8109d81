"""The installer: resumable, idempotent, one at a time, small, and plain about what is missing.

A mirror of six packages is cut out of the real installation, and ``apt-get`` is a script that serves it: what is
tested is ours, in a second and without a network. That the true apt-get checks signatures is tested with itself.
"""

import json
import os
import re
import shutil
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import pytest

from dialplan.asterisk import install as installer
from dialplan.asterisk import tree
from dialplan.asterisk.architecture import machine_architecture
from dialplan.asterisk.command import find_program, sipp_command
from dialplan.asterisk.errors import AsteriskInstallError
from dialplan.asterisk.install import Installed, install
from dialplan.asterisk.packages import PackageSource
from dialplan.asterisk.tree import disk_megabytes

FAKE_APT = """\
#!{python}
import fcntl, os, shutil, sys
from pathlib import Path
repository = Path({repository!r})
arguments = sys.argv[sys.argv.index("-c") + 2:]
with (repository / "calls").open("a") as log:
    log.write(" ".join(arguments) + "\\n")
if arguments[0] == "--simulate":
    for archive in sorted(repository.glob("*.deb")):
        name, version, _ = archive.name.split("_")
        if not name.startswith("sip") or "sip-tester" in arguments:
            print(f"Inst {{name}} ({{version}} Debian:testing [amd64])")
if arguments[0] == "download":
    for wanted in arguments[1:]:
        if (repository / "broken").exists() and wanted.startswith((repository / "broken").read_text()):
            print("E: Failed to fetch " + wanted)
            sys.exit(100)
        shutil.copy(next(repository.glob(wanted.replace("=", "_") + "_*.deb")), ".")
"""


@dataclass
class Mirror:
    """A folder of packages, and the ``apt-get`` on the path that serves it."""

    folder: Path

    def calls(self, kind: str) -> list[str]:
        log = self.folder / "calls"
        lines = log.read_text().splitlines() if log.exists() else []
        return [line for line in lines if line.startswith(kind)]


@pytest.fixture(scope="session")
def real() -> Installed:
    """The installation that the real-call tests use as well."""
    given = os.environ.get("HOTLINE_ASTERISK_ROOT")
    root = Path(given) if given else Path(__file__).parents[2] / ".state/asterisk-root"
    return install(root, with_sipp=True, progress=print)


def libraries_of(real: Installed, program: str) -> set[Path]:
    loader = real.parts.loader(real.root)
    listing = subprocess.run(
        [loader, "--library-path", real.parts.library_path(real.root), "--list", real.root / program],
        capture_output=True,
        text=True,
        check=True,
    ).stdout
    found = {Path(path) for path in re.findall(r"=> (/\S+)", listing)}
    return found | {path.resolve() for path in found}


def build(folder: Path, real: Installed, name: str, paths: set[Path], texts: dict[str, str]) -> None:
    content = folder / name
    (content / "DEBIAN").mkdir(parents=True)
    (content / "DEBIAN/control").write_text(
        f"Package: {name}\nVersion: 1.0\nArchitecture: {real.architecture}\nMaintainer: none\nDescription: test\n"
    )
    for path in paths:
        target = content / path.relative_to(real.root)
        target.parent.mkdir(parents=True, exist_ok=True)
        shutil.copy2(path, target, follow_symlinks=False)
    for path_text, text in texts.items():
        target = content / path_text
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_text(text)
    subprocess.run(
        ["dpkg-deb", "--root-owner-group", "-Znone", "--build", content, folder], check=True, capture_output=True
    )
    shutil.rmtree(content)


@pytest.fixture(scope="session")
def packages(real: Installed, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The six packages: Asterisk, two modules, its libraries (one of them in a package that is left out), SIPp."""
    folder = tmp_path_factory.mktemp("packages")
    modules = find_program(real.root).modules
    needed = libraries_of(real, "usr/sbin/asterisk") | {real.parts.loader(real.root)}
    odd = {path for path in needed if path.name.startswith("libuuid")}
    assert odd
    texts = {"usr/share/doc/asterisk/README": "x", "usr/share/man/man8/asterisk.8": "x", "usr/share/asterisk/keep": "x"}
    build(folder, real, "asterisk", {real.root / "usr/sbin/asterisk"}, texts)
    build(folder, real, "asterisk-modules", {modules / "app_queue.so", modules / "app_dial.so"}, {})
    build(folder, real, "asterisk-core-sounds-en-gsm", set(), {"usr/share/asterisk/sounds/en/hello.gsm": "x"})
    build(folder, real, "libc6", needed - odd, {"usr/include/stdio.h": "x"})
    build(folder, real, "libperl5.42", odd, {})
    build(folder, real, "perl-base", set(), {"usr/bin/perl": "x"})
    build(
        folder,
        real,
        "sip-tester",
        (libraries_of(real, "usr/bin/sipp") - needed) | {real.root / "usr/bin/sipp"},
        {},
    )
    return folder


@pytest.fixture
def mirror(packages: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Mirror:
    folder = tmp_path / "mirror"
    shutil.copytree(packages, folder)
    programs = tmp_path / "bin"
    programs.mkdir()
    script = programs / "apt-get"
    script.write_text(FAKE_APT.format(python=sys.executable, repository=str(folder)))
    script.chmod(0o755)
    monkeypatch.setenv("PATH", f"{programs}:{os.environ['PATH']}")
    monkeypatch.setenv("HOTLINE_DEBIAN_MIRROR", f"file://{folder}")
    return Mirror(folder)


def files(root: Path) -> list[str]:
    return sorted(str(path.relative_to(root)) for path in root.rglob("*") if path.is_file())


def test_the_shared_installation_is_small_and_complete(real: Installed) -> None:
    assert disk_megabytes(real.root) <= 300
    assert int(real.version.split(".")[0]) >= 20
    assert sipp_command(real.root)
    assert not list(real.root.rglob("*.deb"))


def test_an_installation_is_complete_lean_and_made_once(mirror: Mirror, tmp_path: Path, real: Installed) -> None:
    told: list[str] = []
    root = tmp_path / "a folder" / "root"
    installed = install(root, progress=told.append)
    assert installed.version == real.version
    assert not installed.with_sipp
    assert "ready" in told[-1]
    found = files(root)
    assert {"usr/share/asterisk/keep", "usr/share/asterisk/sounds/en/hello.gsm"} <= set(found)
    unwanted = ("usr/share/doc", "usr/share/man", "usr/include", "usr/bin/perl", "usr/bin/sipp")
    assert not [path for path in found if path.endswith(".deb") or path.startswith(unwanted)]
    started = time.perf_counter()
    assert install(root, progress=told.append) == installed
    assert time.perf_counter() - started < 0.05
    assert len(mirror.calls("update")) == 1


def test_a_library_out_of_a_package_left_out_is_fetched_after_all(mirror: Mirror, tmp_path: Path) -> None:
    installed = install(tmp_path / "root")
    assert "libperl5.42" in installed.packages
    assert "perl-base" not in installed.packages
    first, second = mirror.calls("download")
    assert "libperl" not in first
    assert second == "download libperl5.42=1.0"


def test_sipp_is_added_later_without_fetching_the_rest_again(mirror: Mirror, tmp_path: Path) -> None:
    root = tmp_path / "root"
    install(root)
    with pytest.raises(AsteriskInstallError, match="SIPp"):
        sipp_command(root)
    installed = install(root, with_sipp=True)
    assert installed.with_sipp
    assert mirror.calls("download")[-1] == "download sip-tester=1.0"
    assert install(root).with_sipp
    result = subprocess.run([*sipp_command(root), "-v"], capture_output=True, text=True, check=False)
    assert "SIPp" in result.stdout


def test_an_interrupted_download_goes_on(mirror: Mirror, tmp_path: Path) -> None:
    root = tmp_path / "root"
    (mirror.folder / "broken").write_text("libc6")
    with pytest.raises(AsteriskInstallError, match=r"Failed to fetch libc6(.|\n)*goes on where it was"):
        install(root)
    assert installer.read_installed(root) is None
    (mirror.folder / "broken").unlink()
    assert install(root).version


def test_packages_unpacked_before_an_interruption_are_not_fetched_again(
    mirror: Mirror, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    root = tmp_path / "root"
    unpack = tree.unpack

    def interrupted(archive: Path, folder: Path) -> None:
        if archive.name.startswith("libc6"):
            raise KeyboardInterrupt
        unpack(archive, folder)

    monkeypatch.setattr(tree, "unpack", interrupted)
    with pytest.raises(KeyboardInterrupt):
        install(root)
    monkeypatch.undo()
    monkeypatch.setenv("PATH", f"{tmp_path / 'bin'}:{os.environ['PATH']}")
    done = set(json.loads((root / ".install/unpacked.json").read_text())["packages"])
    assert done == {"asterisk", "asterisk-modules", "asterisk-core-sounds-en-gsm"}
    assert install(root, mirror="file:///again").version
    again = mirror.calls("download")[1]
    assert "libc6=" in again
    assert "asterisk" not in again


def test_a_tree_of_an_older_recipe_is_made_anew(
    mirror: Mirror, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    root = tmp_path / "root"
    install(root)
    (root / "usr/share/left-over").write_text("x")
    monkeypatch.setattr(installer, "RECIPE", installer.RECIPE + 1)
    assert installer.read_installed(root) is None
    assert install(root).version
    assert not (root / "usr/share/left-over").exists()
    assert len(mirror.calls("update")) == 2


def test_a_damaged_package_is_named(mirror: Mirror, tmp_path: Path) -> None:
    next(mirror.folder.glob("asterisk-modules_*.deb")).write_bytes(b"!<arch>\nbroken")
    with pytest.raises(AsteriskInstallError, match=r"asterisk-modules_1\.0_"):
        install(tmp_path / "root")


def test_a_tree_without_its_libraries_is_not_called_installed(mirror: Mirror, tmp_path: Path) -> None:
    next(mirror.folder.glob("libperl*.deb")).unlink()
    with pytest.raises(AsteriskInstallError, match=r"asterisk lacks libuuid\.so\.1"):
        install(tmp_path / "root")
    assert installer.read_installed(tmp_path / "root") is None


def test_two_installers_wait_for_each_other(mirror: Mirror, tmp_path: Path) -> None:
    root = tmp_path / "root"
    waiting, told, results = threading.Event(), [], []

    def second() -> None:
        def progress(line: str) -> None:
            told.append(line)
            waiting.set()

        results.append(install(root, progress=progress))

    threads: list[threading.Thread] = []

    def first_progress(_line: str) -> None:
        if not threads:  # the first one holds the lock by now
            threads.append(threading.Thread(target=second))
            threads[0].start()
            assert waiting.wait(10)

    results.append(install(root, progress=first_progress))
    threads[0].join(30)
    assert results[0] == results[1]
    assert told == ["Another installation into this folder is running: waiting for it"]
    assert len(mirror.calls("update")) == 1


def without(program: str) -> Callable[[pytest.MonkeyPatch, Path], None]:
    def prepare(monkeypatch: pytest.MonkeyPatch, folder: Path) -> None:
        for name in {"apt-get", "dpkg", "dpkg-deb", "tar"} - {program}:
            (folder / name).symlink_to(shutil.which(name) or "/nonexistent")
        monkeypatch.setenv("PATH", str(folder))

    return prepare


def foreign_architecture(monkeypatch: pytest.MonkeyPatch, folder: Path) -> None:
    (folder / "dpkg").write_text("#!/bin/sh\necho riscv64\n")
    (folder / "dpkg").chmod(0o755)
    monkeypatch.setenv("PATH", f"{folder}:{os.environ['PATH']}")


def full_disk(monkeypatch: pytest.MonkeyPatch, folder: Path) -> None:
    usage = shutil.disk_usage(folder)._replace(free=599_000_000)
    monkeypatch.setattr(shutil, "disk_usage", lambda _path: usage)


@pytest.mark.parametrize(
    ("prepare", "message"),
    [
        (without("apt-get"), "apt-get was not found.*install Asterisk 20"),
        (without("dpkg"), "dpkg was not found.*install Asterisk 20"),
        (foreign_architecture, "'riscv64'.*Install Asterisk 20"),
        (full_disk, "Only 599 MB are free.*Free some room"),
    ],
)
def test_what_the_machine_lacks_is_said_with_a_way_out(
    prepare: Callable[[pytest.MonkeyPatch, Path], None], message: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "programs").mkdir()
    prepare(monkeypatch, tmp_path / "programs")
    with pytest.raises(AsteriskInstallError, match=f"(?s){message}"):
        install(tmp_path / "root", mirror="file:///nowhere")


def test_a_missing_keyring_is_said_with_the_package_to_install(tmp_path: Path) -> None:
    source = PackageSource(tmp_path / "apt", machine_architecture(), "file:///nowhere", keyring=tmp_path / "none.gpg")
    with pytest.raises(AsteriskInstallError, match="Install the package debian-archive-keyring"):
        source.prepare()


@pytest.mark.parametrize("character", [":", ";", "$"])
def test_a_root_that_the_loader_cannot_name_is_refused(tmp_path: Path, character: str) -> None:
    with pytest.raises(AsteriskInstallError, match="choose a state folder without"):
        install(tmp_path / f"a{character}b")


def test_a_root_that_cannot_be_made_is_said(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(AsteriskInstallError, match="could not be installed into"):
        install(tmp_path / "file/root", mirror="file:///nowhere")


def test_a_mirror_that_cannot_be_read_is_named_by_the_true_apt(tmp_path: Path) -> None:
    with pytest.raises(AsteriskInstallError, match=r"(?s)could not be read.*HOTLINE_DEBIAN_MIRROR"):
        install(tmp_path / "root", mirror=f"file://{tmp_path}/nowhere")


def test_an_unsigned_mirror_is_refused_by_the_true_apt(tmp_path: Path) -> None:
    suite = tmp_path / "mirror/dists/forky"
    (suite / f"main/binary-{machine_architecture().name}").mkdir(parents=True)
    (suite / f"main/binary-{machine_architecture().name}/Packages").write_text("")
    (suite / "Release").write_text("Suite: forky\nCodename: forky\nDate: Thu, 01 Jan 2026 00:00:00 UTC\n")
    with pytest.raises(AsteriskInstallError, match=r"(?s)could not be read.*not signed"):
        install(tmp_path / "root", mirror=f"file://{tmp_path}/mirror")
