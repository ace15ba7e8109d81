"""The folders of one running Asterisk (an instance); many instances share one installation."""

from __future__ import annotations

import hashlib
import os
import re
import stat
import tempfile
from dataclasses import dataclass
from pathlib import Path

from dialplan.asterisk.errors import AsteriskError

# sun_path has 108 bytes with the closing zero (unix(7)): Asterisk cuts a longer path off without a word, and its
# control socket is then nowhere to be found.
SOCKET_PATH_BYTES = 107
CONTROL_SOCKET = "asterisk.ctl"
_INSTANCE = re.compile(r"[A-Za-z0-9][A-Za-z0-9_-]{0,40}")


@dataclass(frozen=True)
class AsteriskFolders:
    """Every folder that ``asterisk.conf`` must name, for one instance. Made by ``for_instance``.

    ``install_root`` is the unpacked tree, None for the system's own Asterisk. ``sockets`` is Asterisk's ``astrundir``.
    """

    instance: str
    install_root: Path | None
    run: Path
    sockets: Path

    @classmethod
    def for_instance(
        cls,
        state: Path,
        instance: str = "main",
        *,
        install_root: Path | None = None,
        use_system: bool = False,
        temporary: Path | None = None,
    ) -> AsteriskFolders:
        """The folders of ``instance`` below the ``state`` folder; nothing is made yet (``prepare`` does).

        ``install_root`` defaults to ``<state>/asterisk-root``, which all instances share. ``temporary`` (default: the
        system's) takes the sockets when the run folder's path is too long for them. Raises AsteriskError on a name
        that is no plain word.
        """
        if not _INSTANCE.fullmatch(instance):
            raise AsteriskError(f"The instance name {instance!r} must be made of letters, digits, '-' and '_'.")
        state = state.absolute()
        run = state / "asterisk" / instance
        root = None if use_system else (install_root or state / "asterisk-root").absolute()
        return cls(instance, root, run, _sockets_folder(run, temporary))

    @property
    def etc(self) -> Path:
        """Configuration (``astetcdir``)."""
        return self.run / "etc"

    @property
    def asterisk_conf(self) -> Path:
        """The file that names all the others; written by whoever renders the configuration."""
        return self.etc / "asterisk.conf"

    @property
    def lib(self) -> Path:
        """Asterisk's own database and state (``astvarlibdir``, ``astdbdir``)."""
        return self.run / "lib"

    @property
    def keys(self) -> Path:
        """Where Asterisk looks for a folder ``keys`` with keys in it (``astkeydir``)."""
        return self.lib

    @property
    def spool(self) -> Path:
        """Recordings, voice mail, call files (``astspooldir``)."""
        return self.run / "spool"

    @property
    def log(self) -> Path:
        """Logs and ``queue_log`` (``astlogdir``)."""
        return self.run / "log"

    @property
    def data(self) -> Path:
        """Sounds and module documentation (``astdatadir``)."""
        return self.run / "data"

    @property
    def agi(self) -> Path:
        """AGI programs (``astagidir``); empty, since calls are handled by FastAGI."""
        return self.run / "agi"

    @property
    def control_socket(self) -> Path:
        """The socket that ``asterisk -r`` connects to."""
        return self.sockets / CONTROL_SOCKET

    @property
    def pid_file(self) -> Path:
        """Ours: process id and start time of the Asterisk that process.py started."""
        return self.run / "asterisk-process.json"

    @property
    def lock_file(self) -> Path:
        """Held while an Asterisk of this instance is being started."""
        return self.run / "start.lock"

    @property
    def console_log(self) -> Path:
        """What Asterisk wrote to its standard output and error."""
        return self.log / "console.log"

    @property
    def supervisor_file(self) -> Path:
        """Process id and start time of the detached supervisor."""
        return self.run / "supervisor.json"

    @property
    def supervisor_log(self) -> Path:
        """What the detached supervisor reports."""
        return self.log / "supervisor.log"

    def directories(self, modules: Path) -> str:
        """The section of ``asterisk.conf`` that names them all. ``modules``: the program's (command.py)."""
        named = {
            "etc": self.etc, "mod": modules, "varlib": self.lib, "db": self.lib, "key": self.keys, "data": self.data,
            "agi": self.agi, "spool": self.spool, "run": self.sockets, "log": self.log,
        }  # fmt: skip
        return "[directories]\n" + "".join(f"ast{name}dir => {folder}\n" for name, folder in named.items())

    def prepare(self, share: Path | None = None) -> None:
        """Makes every folder and links Asterisk's documentation and English sounds out of ``share`` into ``data``.

        ``share`` is the program's ``share`` folder (command.py). Without the documentation Asterisk refuses modules
        whose settings it describes. Safe to repeat. Raises AsteriskError when a folder belongs to somebody else.
        """
        for folder in (self.etc, self.lib, self.keys / "keys", self.spool, self.log, self.data / "sounds", self.agi):
            folder.mkdir(parents=True, exist_ok=True)
        self.run.chmod(0o700)  # recordings and passwords are in there
        self._prepare_sockets()
        if share is not None:
            english = share / "sounds/en"
            if not english.exists():  # Debian leaves this name to its alternatives system
                english = share / "sounds/en_US_f_Allison"
            _link(self.data / "documentation", share / "documentation")
            _link(self.data / "sounds/en", english)

    def _prepare_sockets(self) -> None:
        self.sockets.mkdir(mode=0o700, parents=True, exist_ok=True)
        found = self.sockets.lstat()
        # Below the temporary directory others could have made the folder first, and would own our control socket.
        if not stat.S_ISDIR(found.st_mode) or found.st_uid != os.geteuid():
            raise AsteriskError(f"{self.sockets} belongs to somebody else. Remove it or choose a shorter state folder.")
        self.sockets.chmod(0o700)
        if self.sockets.parent != self.run:
            _note(self.run).write_text(f"{self.sockets}\n", encoding="utf-8", errors="surrogateescape")


def _note(run: Path) -> Path:
    return run / "sockets-folder"


def _sockets_folder(run: Path, temporary: Path | None) -> Path:
    """``<run>/var``, or a short folder for this user and instance when a socket's path would be too long there.

    The choice is written down, so that a later process with another temporary directory finds the same sockets.
    """
    inside = run / "var"
    if len(os.fsencode(inside / CONTROL_SOCKET)) <= SOCKET_PATH_BYTES:
        return inside
    try:
        return Path(_note(run).read_text(encoding="utf-8", errors="surrogateescape").strip())
    except OSError:
        digest = hashlib.blake2s(os.fsencode(run), digest_size=6).hexdigest()
        return (temporary or Path(tempfile.gettempdir())) / f"hotline-{os.geteuid()}-{digest}"


def _link(link: Path, target: Path) -> None:
    if link.is_symlink() and link.readlink() == target:
        return
    if link.is_symlink():
        link.unlink()
    if not link.exists() and target.exists():
        link.symlink_to(target)
