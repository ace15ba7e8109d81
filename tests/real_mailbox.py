"""A real mailbox for tests: Dovecot from Debian's packages, as an ordinary user, alone with its letters."""

import grp
import imaplib
import os
import pwd
import re
import shutil
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from mail_peer import free_port, make_certificate
from programs import find, unpacked_folder

USER, PASSWORD = "1169", "geheim"
_MODULES = b"/usr/lib/dovecot/modules"
_CONFIGURATION = """
protocols = imap
base_dir = {folder}/base
state_dir = {folder}/state
log_path = {folder}/log
libexec_dir = {programs}
mail_plugin_dir = {programs}/modules
import_environment = TZ LD_LIBRARY_PATH={libraries}
default_internal_user = {user}
default_internal_group = {group}
default_login_user = {user}
first_valid_uid = 1
disable_plaintext_auth = no
ssl = yes
ssl_cert = <{folder}/mail.pem
ssl_key = <{folder}/mail.key
mail_location = maildir:{folder}/letters
mail_fsync = never
maildir_very_dirty_syncs = yes
auth_failure_delay = 0
passdb {{
  driver = passwd-file
  args = scheme=PLAIN {folder}/users
}}
userdb {{
  driver = static
  args = uid={uid} gid={gid} home={folder}/home
}}
service imap-login {{
  chroot =
  inet_listener imap {{
    address = 127.0.0.1
    port = {port}
  }}
  inet_listener imaps {{
    address = 127.0.0.1
    port = {tls_port}
  }}
}}
service anvil {{
  chroot =
  unix_listener anvil-auth-penalty {{
    mode = 0
  }}
}}
service stats {{
  chroot =
}}
"""


class RealMailbox:
    """The mailbox of one user. ``port``: plain and STARTTLS; ``tls_port``: TLS from the beginning."""

    def __init__(self) -> None:
        self.folder = Path(tempfile.mkdtemp(prefix="imap-"))
        self.folder.chmod(0o755)
        self.port, self.tls_port = free_port(), free_port()
        self.certificate = make_certificate(self.folder)
        self._doveconf, programs, libraries = self._programs()
        self._owner = pwd.getpwnam("nobody") if os.geteuid() == 0 else pwd.getpwuid(os.geteuid())
        (self.folder / "users").write_text(f"{USER}:{{PLAIN}}{PASSWORD}\n")
        (self.folder / "dovecot.conf").write_text(
            _CONFIGURATION.format(
                folder=self.folder,
                programs=programs,
                libraries=libraries,
                user=self._owner.pw_name,
                group=grp.getgrgid(self._owner.pw_gid).gr_name,
                uid=self._owner.pw_uid,
                gid=self._owner.pw_gid,
                port=self.port,
                tls_port=self.tls_port,
            )
        )
        self._environment = {**os.environ, "LD_LIBRARY_PATH": libraries}
        for name in ("base", "letters", "letters/new", "letters/cur", "letters/tmp"):
            (self.folder / name).mkdir()
        (self.folder / "base/modules").symlink_to(programs / "modules")
        if os.geteuid() == 0:
            for path in (self.folder, *self.folder.rglob("*")):
                os.chown(path, self._owner.pw_uid, self._owner.pw_gid, follow_symlinks=False)
        self._count = 0

    def _programs(self) -> tuple[Path, Path, str]:
        """The first program, the folder of the others, and where their libraries are."""
        if Path(find("dovecot")) != unpacked_folder() / "bin/dovecot":
            return Path("/usr/bin/doveconf"), Path("/usr/lib/dovecot"), ""
        root = unpacked_folder() / "root"
        programs, own = root / "usr/lib/dovecot", self.folder / "libraries"
        # Where its modules are is fixed when it is built: in a copy of its library that name becomes one of the folder
        # where it runs.
        library = (programs / "libdovecot.so.0").read_bytes()
        own.mkdir()
        (own / "libdovecot.so.0").write_bytes(library.replace(_MODULES, b"modules".ljust(len(_MODULES), b"\0")))
        found = [own, *sorted((root / "usr/lib").glob("*-linux-gnu")), programs, programs / "modules/old-stats"]
        return root / "usr/bin/doveconf", programs, ":".join(map(str, found))

    def start(self) -> None:
        """Starts, and returns when it takes connections. Raises RuntimeError."""
        owner = self._owner
        drop = [f"--reuid={owner.pw_uid}", f"--regid={owner.pw_gid}", "--clear-groups"] if os.geteuid() == 0 else []
        server = str(self._doveconf.parents[1] / "sbin/dovecot")
        file = str(self.folder / "dovecot.conf")
        options = ["-f", "service=master", "-c", file, "-m", "master", "-p", "-e", server, "-F", "-c", file]
        with (self.folder / "output").open("ab") as output:
            self._process = subprocess.Popen(
                ["setpriv", *drop, "--pdeathsig=TERM", self._doveconf, *options],
                stdout=output,
                stderr=output,
                cwd=self.folder,
                env=self._environment,
            )
        deadline = time.monotonic() + 20
        while True:
            try:
                imaplib.IMAP4("127.0.0.1", self.port, timeout=5).logout()
                return
            except (OSError, imaplib.IMAP4.error):
                if self._process.poll() is not None or time.monotonic() > deadline:
                    raise RuntimeError(self.words()) from None
                time.sleep(0.05)

    def words(self) -> str:
        """What it said."""
        files = [self.folder / name for name in ("output", "log")]
        return "\n".join(file.read_text("utf-8", "replace") for file in files if file.exists())

    def stop(self) -> None:
        """Keeps its letters."""
        self._process.terminate()
        self._process.wait(10)

    def put(self, *letters: bytes) -> None:
        """Letters arrive."""
        for letter in letters:
            self._count += 1
            path = self.folder / "letters/tmp" / f"{1_700_000_000 + self._count}.1.test"
            path.write_bytes(letter)
            path.chmod(0o644)
            path.rename(self.folder / "letters/new" / path.name)

    def lengthen(self, size_bytes: int) -> None:
        """The newest letter gets so long; its end takes no room on the disk."""
        newest = max((self.folder / "letters/new").iterdir())
        os.truncate(newest, size_bytes)

    def wait_for(self, count: int) -> None:
        """Until so many letters have come. Raises TimeoutError."""
        deadline = time.monotonic() + 20
        while sum(1 for name in ("new", "cur") for _ in (self.folder / "letters" / name).iterdir()) < count:
            if time.monotonic() > deadline:
                raise TimeoutError(f"fewer than {count} letters came")
            time.sleep(0.02)

    def empty(self) -> None:
        """No letter is there any more."""
        for name in ("new", "cur"):
            for path in (self.folder / "letters" / name).iterdir():
                path.unlink(missing_ok=True)

    def flags(self) -> list[str]:
        """What is marked on each letter, in the order of their arrival."""
        with imaplib.IMAP4("127.0.0.1", self.port, timeout=10) as box:
            box.login(USER, PASSWORD)
            box.select(readonly=True)
            _, answer = box.fetch("1:*", "(FLAGS)")
        found = [re.search(rb"FLAGS \((.*?)\)", line) for line in answer if isinstance(line, bytes)]
        return [one[1].decode() for one in found if one]


@contextmanager
def real_mailbox() -> Iterator[RealMailbox]:
    """It runs, and everything of it is gone afterwards."""
    mailbox = RealMailbox()
    try:
        mailbox.start()
        try:
            yield mailbox
        finally:
            mailbox.stop()
    finally:
        shutil.rmtree(mailbox.folder, ignore_errors=True)
