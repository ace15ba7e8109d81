"""Finds the Asterisk that the system itself has."""

from __future__ import annotations

import os
import shutil
import subprocess
from dataclasses import dataclass
from pathlib import Path

from dialplan.asterisk.architecture import ARCHITECTURES
from dialplan.asterisk.errors import AsteriskInstallError
from dialplan.asterisk.install import parse_version

OLDEST_MAJOR_VERSION = 20


@dataclass(frozen=True)
class SystemAsterisk:
    """The system's own Asterisk: its program, version (``20.9.3``), folder of modules and folder of sounds."""

    program: Path
    version: str
    modules: Path
    share: Path


def is_recent_enough(version: str) -> bool:
    """Whether an Asterisk of this version can carry the call centre."""
    return int(version.split(".", 1)[0]) >= OLDEST_MAJOR_VERSION


def find_system_asterisk(search_path: str | None = None) -> SystemAsterisk | None:
    """The system's Asterisk; None when there is none.

    ``search_path`` is a list of folders as in ``PATH`` (default: that, with the system folders an ordinary user's
    path often lacks). Raises AsteriskInstallError when it is too old or its modules cannot be found.
    """
    if search_path is None:
        search_path = os.pathsep.join([os.environ.get("PATH", ""), "/usr/sbin", "/usr/local/sbin"])
    found = shutil.which("asterisk", path=search_path)
    if found is None:
        return None
    program = Path(found)
    result = subprocess.run([found, "-V"], capture_output=True, text=True, check=False, timeout=30)
    version = parse_version(result.stdout)
    if version is None:
        raise AsteriskInstallError(f"{found} -V did not name a version: {(result.stderr or result.stdout).strip()!r}")
    if not is_recent_enough(version):
        raise AsteriskInstallError(
            f"The system's Asterisk {version} ({found}) is older than {OLDEST_MAJOR_VERSION}. "
            "Install a newer one, or run 'hotline asterisk install' to have one in the state folder."
        )
    prefix = program.parent.parent
    libraries = [*(f"lib/{one.triplet}/asterisk" for one in ARCHITECTURES.values()), "lib64/asterisk", "lib/asterisk"]
    for candidate in libraries:
        modules = prefix / candidate / "modules"
        if modules.is_dir():
            share = next((p for p in (prefix / "share/asterisk", Path("/var/lib/asterisk")) if p.is_dir()), prefix)
            return SystemAsterisk(program, version, modules, share)
    raise AsteriskInstallError(f"The modules of {found} were not found below {prefix}. Install the package with them.")
