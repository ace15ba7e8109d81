"""Command lines that run Asterisk and SIPp out of the unpacked tree, or the system's own Asterisk."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from dialplan.asterisk import tree
from dialplan.asterisk.architecture import Architecture
from dialplan.asterisk.errors import AsteriskInstallError
from dialplan.asterisk.install import read_installed
from dialplan.asterisk.layout import AsteriskFolders
from dialplan.asterisk.system import find_system_asterisk


@dataclass(frozen=True)
class AsteriskProgram:
    """An Asterisk that can be run: the arguments it begins with, version, and where modules and sounds are."""

    prefix: tuple[str, ...]
    version: str
    modules: Path
    share: Path

    def foreground(self, folders: AsteriskFolders) -> list[str]:
        """Runs the server in the foreground, without colours."""
        return [*self.prefix, "-C", str(folders.asterisk_conf), "-f", "-n"]

    def remote(self, folders: AsteriskFolders, command: str) -> list[str]:
        """Runs one console command on the running server and prints its answer."""
        return [*self.prefix, "-C", str(folders.asterisk_conf), "-r", "-x", command]

    def console(self, folders: AsteriskFolders) -> list[str]:
        """Opens a console for a person."""
        return [*self.prefix, "-C", str(folders.asterisk_conf), "-r", "-v"]


def _tree_prefix(root: Path, architecture: Architecture, program: str) -> tuple[str, ...]:
    # The tree's own loader with the tree's own libraries: neither chroot nor the machine's C library matters.
    loader = str(architecture.loader(root))
    return (loader, "--library-path", architecture.library_path(root), str(root / program))


def find_program(install_root: Path | None) -> AsteriskProgram:
    """The Asterisk unpacked in ``install_root``, or the system's own when that is None.

    Raises AsteriskInstallError when there is none.
    """
    if install_root is None:
        system = find_system_asterisk()
        if system is None:
            raise AsteriskInstallError(
                "This system has no Asterisk. Install its package (version 20 or later), "
                "or run 'hotline asterisk install' to have one in the state folder."
            )
        return AsteriskProgram((str(system.program),), system.version, system.modules, system.share)
    installed = read_installed(install_root.absolute())
    if installed is None:
        raise AsteriskInstallError(f"No Asterisk is installed in {install_root}. Run 'hotline asterisk install'.")
    return AsteriskProgram(
        _tree_prefix(installed.root, installed.parts, "usr/sbin/asterisk"),
        installed.version,
        tree.modules_folder(installed.root, installed.parts),
        installed.root / "usr/share/asterisk",
    )


def sipp_command(install_root: Path) -> list[str]:
    """What a SIPp command line begins with. Raises AsteriskInstallError when SIPp is not in the tree."""
    installed = read_installed(install_root.absolute())
    if installed is None or not installed.with_sipp:
        raise AsteriskInstallError(f"SIPp is not installed in {install_root}. Install with with_sipp=True.")
    return list(_tree_prefix(installed.root, installed.parts, "usr/bin/sipp"))
