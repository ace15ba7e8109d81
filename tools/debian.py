"""Debian packages of this machine's own release, unpacked into a folder: nothing of the system is changed or started.

Only what the system lacks is fetched, so the programs run with the system's C library. Nothing but the standard
library is used: this runs before there is a virtual environment.
"""

import os
import re
import shutil
import subprocess
from collections.abc import Sequence
from pathlib import Path

# Needed by the packages' set-up scripts only, or by parts that tests do not use (PostgreSQL's compiler: libllvm).
LEFT_OUT = re.compile(
    r"libc6|libc-bin|libc-l10n|locales.*|perl.*|libperl.*|lib.*-perl|python3.*|libpython3.*|libllvm.*|adduser|debconf"
    r"|ssl-cert|postgresql(-client)?-common|init-system-helpers|sysvinit.*|systemd.*|libjs-.*|node-.*|javascript-common"
)
CONFIGURATION = """\
#clear APT::Update::Pre-Invoke;
#clear APT::Update::Post-Invoke;
#clear APT::Update::Post-Invoke-Success;
#clear DPkg::Post-Invoke;
Dir::State "{folder}";
Dir::State::lists "{folder}/lists";
Dir::State::status "/var/lib/dpkg/status";
Dir::Cache "{folder}/cache";
APT::Install-Recommends "false";
APT::Sandbox::User "root";
Acquire::Languages "none";
Acquire::Retries "3";
Acquire::http::Timeout "30";
Acquire::https::Timeout "30";
Debug::NoLocking "true";
"""


class DebianError(Exception):
    """Packages cannot be had here; the text says why."""


class PackageFolder:
    """Packages unpacked below ``root``; apt-get writes only below ``work``, which may be deleted afterwards."""

    def __init__(self, root: Path, work: Path) -> None:
        self.root = root
        self.work = work
        self._updated = False

    def unpack(self, names: Sequence[str]) -> None:
        """Fetches ``names`` with whatever of their dependencies the system lacks. Raises DebianError."""
        self._update()
        listing = self._apt("--simulate", "install", *names)
        found = dict(re.findall(r"^Inst (\S+) (?:\[\S+\] )?\((\S+) ", listing, re.MULTILINE))
        wanted = [
            f"{name}={version}" for name, version in found.items() if name in names or not LEFT_OUT.fullmatch(name)
        ]
        if not wanted:
            return
        archives = self.work / "archives"
        archives.mkdir(parents=True, exist_ok=True)
        self._apt("download", *wanted, folder=archives)
        self.root.mkdir(parents=True, exist_ok=True)
        for archive in sorted(archives.glob("*.deb")):
            result = subprocess.run(
                ["dpkg-deb", "--extract", archive, self.root], capture_output=True, text=True, check=False
            )
            if result.returncode:
                raise DebianError(f"{archive.name} could not be unpacked: {result.stderr.strip()}")
            archive.unlink()

    def library_path(self) -> str:
        """Folders with shared libraries, for LD_LIBRARY_PATH: the system's first, then those of single packages."""
        folders = {path.parent for path in self.root.rglob("*.so*") if path.is_file()}
        return ":".join(str(folder) for folder in sorted(folders, key=lambda folder: (len(folder.parts), str(folder))))

    def forget(self) -> None:
        """Deletes what apt-get wrote."""
        shutil.rmtree(self.work, ignore_errors=True)

    def _update(self) -> None:
        if self._updated:
            return
        if shutil.which("apt-get") is None or shutil.which("dpkg-deb") is None:
            raise DebianError("this system has no apt-get")
        for folder in ("lists/partial", "cache/archives/partial"):
            (self.work / folder).mkdir(parents=True, exist_ok=True)
        (self.work / "apt.conf").write_text(CONFIGURATION.format(folder=self.work))
        self._apt("update")
        self._updated = True

    def _apt(self, *arguments: str, folder: Path | None = None) -> str:
        result = subprocess.run(
            ["apt-get", "-q", "-y", "-c", str(self.work / "apt.conf"), *arguments],
            cwd=folder or self.work,
            env={**os.environ, "LC_ALL": "C", "LANGUAGE": "", "DEBIAN_FRONTEND": "noninteractive"},
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            check=False,
        )
        if result.returncode:
            lines = [line for line in result.stdout.splitlines() if line.startswith(("E:", "Err:"))]
            raise DebianError("\n".join(lines[-4:]) or result.stdout.strip()[-400:])
        return result.stdout
