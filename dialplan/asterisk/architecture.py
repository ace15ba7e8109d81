"""Where Debian puts libraries and the dynamic loader on each processor architecture we run on."""

from __future__ import annotations

import shutil
import subprocess
from dataclasses import dataclass
from pathlib import Path

from dialplan.asterisk.errors import AsteriskInstallError


@dataclass(frozen=True)
class Architecture:
    """One of Debian's architectures: its name, multiarch triplet and the file name of its dynamic loader."""

    name: str
    triplet: str
    loader_name: str

    def libraries(self, root: Path) -> Path:
        """Folder of shared libraries in an unpacked tree."""
        return root / "usr/lib" / self.triplet

    def loader(self, root: Path) -> Path:
        """The tree's own dynamic loader."""
        return self.libraries(root) / self.loader_name

    def library_path(self, root: Path) -> str:
        """What the loader gets as ``--library-path``: Asterisk's own library has a folder beside the rest."""
        libraries = self.libraries(root)
        return f"{libraries}:{libraries / 'asterisk'}"


ARCHITECTURES = {
    "amd64": Architecture("amd64", "x86_64-linux-gnu", "ld-linux-x86-64.so.2"),
    "arm64": Architecture("arm64", "aarch64-linux-gnu", "ld-linux-aarch64.so.1"),
}


def machine_architecture() -> Architecture:
    """This machine's architecture as ``dpkg`` names it.

    Raises AsteriskInstallError without dpkg or on an architecture that is not supported.
    """
    if shutil.which("dpkg") is None:
        raise AsteriskInstallError(
            "dpkg was not found: Asterisk is unpacked from Debian's packages, which needs Debian or a relative of it. "
            "Elsewhere install Asterisk 20 or later by the system's own means and choose the system's Asterisk."
        )
    answer = subprocess.run(["dpkg", "--print-architecture"], capture_output=True, text=True, check=False, timeout=30)
    name = answer.stdout.strip()
    if name not in ARCHITECTURES:
        raise AsteriskInstallError(
            f"No ready-made Asterisk for the architecture {name or 'unknown'!r} (only {', '.join(ARCHITECTURES)}). "
            "Install Asterisk 20 or later by the system's own means and choose the system's Asterisk."
        )
    return ARCHITECTURES[name]
