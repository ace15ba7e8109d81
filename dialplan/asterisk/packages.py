"""Fetches Debian packages as an ordinary user: apt-get with a database, lists and cache of its own.

Nothing of the machine's own package database is read or changed. Signatures are checked; only the expiry of the
suite's index is not, because a mirror that is kept at one day would be refused from the week after.
"""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path

from dialplan.asterisk.architecture import Architecture
from dialplan.asterisk.errors import AsteriskInstallError

SUITE = "forky"
KEYRING = Path("/usr/share/keyrings/debian-archive-keyring.gpg")
_INSTALLED_LINE = re.compile(r"^Inst (?P<name>\S+) (?:\[\S+\] )?\((?P<version>\S+) ", re.MULTILINE)
_ATTACHED = Path(__file__).with_name("attached.py")

# Hooks of the machine's own apt would run after ours as well (cache cleaning, software catalogues): cleared.
_CONFIGURATION = """\
#clear APT::Update::Pre-Invoke;
#clear APT::Update::Post-Invoke;
#clear APT::Update::Post-Invoke-Success;
#clear DPkg::Post-Invoke;
Dir::State "{folder}";
Dir::State::lists "{folder}/lists";
Dir::State::status "{folder}/status";
Dir::Cache "{folder}/cache";
Dir::Etc::sourcelist "{folder}/debian.sources";
Dir::Etc::sourceparts "/dev/null";
Dir::Etc::preferences "/dev/null";
Dir::Etc::preferencesparts "/dev/null";
APT::Architecture "{architecture}";
APT::Architectures {{ "{architecture}"; }};
APT::Install-Recommends "false";
APT::Default-Release "";
APT::Update::Error-Mode "any";
Acquire::Languages "none";
Acquire::Retries "3";
Acquire::http::Timeout "30";
Acquire::https::Timeout "30";
Debug::NoLocking "true";
"""

_SOURCE = """\
Types: deb
URIs: {mirror}
Suites: {suite}
Components: main
Architectures: {architecture}
Targets: Packages
PDiffs: no
Signed-By: {keyring}
Check-Valid-Until: no
"""


def parse_simulation(text: str) -> dict[str, str]:
    """Package names and versions out of ``apt-get --simulate install``."""
    return {match["name"]: match["version"] for match in _INSTALLED_LINE.finditer(text)}


def failure_reason(output: str) -> str:
    """The lines of apt's output that say what went wrong."""
    lines = [line for line in output.splitlines() if line.startswith(("E:", "W:", "Err:"))]
    return "\n".join(lines[-6:]) or output.strip()[-600:]


@dataclass(frozen=True)
class PackageSource:
    """apt-get over one mirror with everything it writes below ``folder``.

    ``lock_descriptor`` is an open lock file passed on to apt: should this process be killed, the lock stays taken
    for as long as apt still writes.
    """

    folder: Path
    architecture: Architecture
    mirror: str
    lock_descriptor: int | None = None
    keyring: Path = KEYRING
    suite: str = SUITE

    @property
    def archives(self) -> Path:
        """Folder with the packages fetched and not yet unpacked."""
        return self.folder / "archives"

    def prepare(self) -> None:
        """Writes apt's configuration. Raises AsteriskInstallError when this machine has no apt or no keyring."""
        if shutil.which("apt-get") is None:
            raise AsteriskInstallError(
                "apt-get was not found: Asterisk is unpacked from Debian's packages, which needs Debian or a relative "
                "of it. Elsewhere install Asterisk 20 or later by the system's own means and choose the system's one."
            )
        if not self.keyring.is_file():
            raise AsteriskInstallError(
                f"Debian's keyring {self.keyring} is missing, so packages could not be checked. "
                "Install the package debian-archive-keyring."
            )
        for folder in (self.folder / "lists/partial", self.folder / "cache/archives/partial", self.archives):
            folder.mkdir(parents=True, exist_ok=True)
        configuration = _CONFIGURATION.format(folder=self.folder, architecture=self.architecture.name)
        if os.geteuid() == 0:  # root's apt would give its rights up and then not be able to enter a private folder
            configuration += 'APT::Sandbox::User "root";\n'
        source = _SOURCE.format(
            mirror=self.mirror, suite=self.suite, architecture=self.architecture.name, keyring=self.keyring
        )
        (self.folder / "apt.conf").write_text(configuration)
        (self.folder / "debian.sources").write_text(source)
        (self.folder / "status").write_text("")  # an empty package database: every library comes along

    def update(self) -> None:
        """Fetches the suite's index. Raises AsteriskInstallError when the mirror cannot be used."""
        result = self._apt("update")
        if result.returncode != 0:
            raise AsteriskInstallError(
                f"The Debian mirror {self.mirror} could not be read:\n{failure_reason(result.stdout)}\n"
                "Check the network and the machine's proxy settings, or set HOTLINE_DEBIAN_MIRROR to another mirror."
            )

    def resolve(self, names: Iterable[str]) -> dict[str, str]:
        """The packages named with all they depend on, as names and versions."""
        names = list(names)
        result = self._apt("--simulate", "install", *names)
        packages = parse_simulation(result.stdout)
        if result.returncode != 0 or not packages:
            raise AsteriskInstallError(
                f"The mirror {self.mirror} (suite {self.suite}) does not offer {', '.join(names)}:\n"
                f"{failure_reason(result.stdout)}\nSet HOTLINE_DEBIAN_MIRROR to a mirror of Debian's main archive."
            )
        return packages

    def download(self, packages: Mapping[str, str]) -> None:
        """Fetches packages into ``archives``; those there already (checksum compared) are not fetched again."""
        wanted = [f"{name}={version}" for name, version in packages.items()]
        result = self._apt("download", *wanted, folder=self.archives)
        if result.returncode != 0:
            raise AsteriskInstallError(
                f"Packages could not be fetched from {self.mirror}:\n{failure_reason(result.stdout)}\n"
                "Run the installation again: it goes on where it was."
            )

    def archive(self, name: str, version: str) -> Path:
        """Where the fetched package lies."""
        found = list(self.archives.glob(f"{name}_{version.replace(':', '%3a')}_*.deb"))
        if len(found) != 1:
            raise AsteriskInstallError(
                f"The package {name} {version} was not fetched into {self.archives}. Run the installation again."
            )
        return found[0]

    def forget(self) -> None:
        """Deletes everything apt wrote."""
        shutil.rmtree(self.folder, ignore_errors=True)

    def _apt(self, *arguments: str, folder: Path | None = None) -> subprocess.CompletedProcess[str]:
        # Started by way of attached.py: apt ends with this process, whatever ends it.
        command = [sys.executable, "-I", "-S", str(_ATTACHED), str(os.getpid()), "15"]
        command += ["apt-get", "-q", "-y", "-c", str(self.folder / "apt.conf"), *arguments]
        return subprocess.run(
            command,
            cwd=folder or self.folder,
            env={**os.environ, "LC_ALL": "C", "LANGUAGE": "", "DEBIAN_FRONTEND": "noninteractive"},
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            check=False,
            pass_fds=() if self.lock_descriptor is None else (self.lock_descriptor,),
        )
