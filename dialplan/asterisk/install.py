"""Unpacks Asterisk from Debian's packages into a folder, as an ordinary user, in well under a minute.

The folder ends up like this (``<root>/.install`` holds what only the installer reads)::

    <root>/usr/sbin/asterisk, usr/lib/<triplet>/…   the programs with every library they need
    <root>/.install/installed.json                  written last: the installation is complete
    <root>/.install/unpacked.json                   packages unpacked so far: an interrupted run goes on from here
    <root>/.install/apt/                            lists and packages, deleted at the end
"""

from __future__ import annotations

import fcntl
import json
import os
import re
import shutil
import subprocess
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path

from dialplan.asterisk import tree
from dialplan.asterisk.architecture import ARCHITECTURES, Architecture, machine_architecture
from dialplan.asterisk.errors import AsteriskInstallError
from dialplan.asterisk.mirrors import choose_mirror
from dialplan.asterisk.packages import PackageSource

PACKAGES = ("asterisk", "asterisk-modules", "asterisk-core-sounds-en-gsm")
SIPP_PACKAGES = ("sip-tester",)
RECIPE = 1  # raise it when the tree must be made anew
FREE_BYTES_NEEDED = 600_000_000
_VERSION = re.compile(r"Asterisk (?:certified/)?(\d+(?:\.\d+)*)")


@dataclass(frozen=True)
class Installed:
    """A complete installation: ``version`` is Asterisk's (``22.10.1``), ``packages`` Debian's names and versions."""

    root: Path
    version: str
    architecture: str
    with_sipp: bool
    packages: Mapping[str, str]

    @property
    def parts(self) -> Architecture:
        """Names that depend on the processor architecture."""
        return ARCHITECTURES[self.architecture]


def parse_version(text: str) -> str | None:
    """``22.10.1`` out of ``Asterisk 22.10.1~dfsg…``; None when there is no version in it."""
    match = _VERSION.search(text)
    return match[1] if match else None


def read_installed(root: Path) -> Installed | None:
    """The finished installation in ``root``; None when there is none or an older recipe made it."""
    try:
        document = json.loads((root / ".install/installed.json").read_text())
        if document.pop("recipe") != RECIPE or document["architecture"] not in ARCHITECTURES:
            return None
        return Installed(root=root, **document)
    except (OSError, ValueError, KeyError, TypeError):
        return None


def install(
    root: Path,
    *,
    mirror: str | None = None,
    packages: Sequence[str] = PACKAGES,
    with_sipp: bool = False,
    progress: Callable[[str], None] = lambda _line: None,
) -> Installed:
    """Makes ``root`` a complete Asterisk and returns at once when it is one already.

    ``mirror`` overrides the machine's own Debian mirror. ``with_sipp`` adds SIPp, a telephone for tests, also to an
    existing root. ``progress`` gets one line a step. Two installers of one root wait for each other; an interrupted
    one goes on where it was. Raises AsteriskInstallError, which says what to do.
    """
    root = root.absolute()
    installed = read_installed(root)
    if _satisfies(installed, packages, with_sipp):
        assert installed is not None  # noqa: S101 - for the type checker
        return installed
    if set(str(root)) & set(":;$\n"):  # the loader's --library-path gives these a meaning and knows no quoting
        raise AsteriskInstallError(f"Asterisk cannot run from {root}: choose a state folder without ':', ';' and '$'.")
    try:
        (root / ".install").mkdir(parents=True, exist_ok=True)
        with _locked(root / ".install/lock", progress) as lock_descriptor:
            installed = read_installed(root)  # another installer may just have finished
            if installed is not None and _satisfies(installed, packages, with_sipp):
                return installed
            return _Run(
                root,
                mirror=mirror,
                packages=packages,
                with_sipp=with_sipp,
                progress=progress,
                lock_descriptor=lock_descriptor,
            ).run()
    except OSError as error:
        raise AsteriskInstallError(f"Asterisk could not be installed into {root}: {error}") from error


def _satisfies(installed: Installed | None, packages: Sequence[str], with_sipp: bool) -> bool:
    if installed is None or not set(packages) <= set(installed.packages):
        return False
    return installed.with_sipp or not with_sipp


@contextmanager
def _locked(path: Path, progress: Callable[[str], None]) -> Iterator[int]:
    with path.open("w") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            progress("Another installation into this folder is running: waiting for it")
            fcntl.flock(file, fcntl.LOCK_EX)
        yield file.fileno()


class _Run:
    """One run of the installer, under the lock."""

    def __init__(
        self,
        root: Path,
        *,
        mirror: str | None,
        packages: Sequence[str],
        with_sipp: bool,
        progress: Callable[[str], None],
        lock_descriptor: int,
    ) -> None:
        self.root = root
        self.progress = progress
        self.marker = root / ".install/installed.json"
        self.journal = root / ".install/unpacked.json"
        before = read_installed(root)
        self.with_sipp = with_sipp or (before is not None and before.with_sipp)
        self.names = [*packages, *(SIPP_PACKAGES if self.with_sipp else ())]
        self.architecture = machine_architecture()
        self.source = PackageSource(
            root / ".install/apt", self.architecture, choose_mirror(mirror), lock_descriptor=lock_descriptor
        )

    def run(self) -> Installed:
        """All steps in order."""
        self._check_room()
        self._discard_older_recipe()
        self.source.prepare()
        self.progress(f"Reading the package index of {self.source.mirror}")
        self.source.update()
        resolved = self.source.resolve(self.names)
        needed = {name: version for name, version in resolved.items() if not tree.left_out(name)}
        self._fetch_and_unpack(needed)
        self.progress("Checking that every program and module finds its libraries")
        missing = tree.incomplete_objects(self.root, self.architecture)
        if missing:  # the suite moves on: a library that nothing needed yesterday may be needed today
            self._fetch_and_unpack({name: v for name, v in resolved.items() if name.startswith("lib")})
            missing = tree.incomplete_objects(self.root, self.architecture)
        if missing:
            lines = [f"  {name} lacks {', '.join(sorted(lacking))}" for name, lacking in sorted(missing.items())][:10]
            raise AsteriskInstallError(
                f"The unpacked Asterisk in {self.root} is not complete:\n" + "\n".join(lines) + "\n"
                "Delete that folder and install again."
            )
        return self._finish()

    def _check_room(self) -> None:
        free_bytes = shutil.disk_usage(self.root).free
        if free_bytes < FREE_BYTES_NEEDED:
            raise AsteriskInstallError(
                f"Only {free_bytes // 1_000_000} MB are free for {self.root}; installing Asterisk needs "
                f"{FREE_BYTES_NEEDED // 1_000_000} MB for a moment. Free some room or choose another state folder."
            )

    def _discard_older_recipe(self) -> None:
        if read_installed(self.root) is None and self._unpacked_recipe() != RECIPE:
            self.journal.unlink(missing_ok=True)
            self.marker.unlink(missing_ok=True)
            for path in self.root.iterdir():
                if path.name != ".install":
                    path.unlink() if path.is_symlink() or path.is_file() else shutil.rmtree(path)

    def _unpacked_recipe(self) -> int | None:
        try:
            recipe = json.loads(self.journal.read_text())["recipe"]
            return recipe if isinstance(recipe, int) else None
        except (OSError, ValueError, KeyError, TypeError):
            return None

    def _unpacked(self) -> dict[str, str]:
        if self._unpacked_recipe() != RECIPE:
            return {}
        return dict(json.loads(self.journal.read_text())["packages"])

    def _fetch_and_unpack(self, packages: Mapping[str, str]) -> None:
        unpacked = self._unpacked()
        # One left from an earlier run stays in its version: two versions over each other would be neither.
        waiting = {name: version for name, version in packages.items() if name not in unpacked}
        if not waiting:
            return
        self.progress(f"Fetching {len(waiting)} packages")
        self.source.download(waiting)
        self.progress(f"Unpacking {len(waiting)} packages")
        for name, version in waiting.items():
            archive = self.source.archive(name, version)
            tree.unpack(archive, self.root)
            unpacked[name] = version
            _write_json(self.journal, {"recipe": RECIPE, "packages": unpacked})
            archive.unlink()

    def _finish(self) -> Installed:
        installed = Installed(
            root=self.root,
            version=self._version(),
            architecture=self.architecture.name,
            with_sipp=self.with_sipp,
            packages=self._unpacked(),
        )
        self.source.forget()
        document = asdict(installed)
        del document["root"]  # the folder may be moved
        _write_json(self.marker, {"recipe": RECIPE, **document})
        self.progress(f"Asterisk {installed.version} is ready ({tree.disk_megabytes(self.root)} MB)")
        return installed

    def _version(self) -> str:
        loader = [str(self.architecture.loader(self.root)), "--library-path", self.architecture.library_path(self.root)]
        result = subprocess.run(
            [*loader, str(self.root / "usr/sbin/asterisk"), "-V"],
            capture_output=True,
            text=True,
            check=False,
            timeout=60,
        )
        version = parse_version(result.stdout)
        if version is None:
            raise AsteriskInstallError(
                f"The unpacked Asterisk in {self.root} does not run on this machine: "
                f"{(result.stderr or result.stdout).strip()[-300:]}"
            )
        return version


def _write_json(path: Path, document: Mapping[str, object]) -> None:
    temporary = path.with_suffix(".new")
    with temporary.open("w") as file:
        json.dump(document, file, indent=1)
        file.flush()
        os.fsync(file.fileno())
    temporary.replace(path)
