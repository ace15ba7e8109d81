"""Unpacks packages into one folder without what Asterisk does not need, and proves that the rest still runs there."""

from __future__ import annotations

import fnmatch
import re
import subprocess
from collections.abc import Iterable, Mapping
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from dialplan.asterisk.architecture import Architecture
from dialplan.asterisk.errors import AsteriskInstallError

# Dependencies that only matter to a system that is administered (users, passwords, scripts, keys), and the libraries
# of modules that a call centre never loads (LEFT_OUT_MODULES). Together about 200 MB. tzdata: the tree's copy would
# never be read, the C library looks in /usr/share/zoneinfo. What proves needed after all is fetched by install.py.
LEFT_OUT_PACKAGES = tuple(
    re.compile(pattern)
    for pattern in (
        r"(lib)?perl([0-9.-].*)?",
        r"perl-(base|modules-.*)",
        r"(lib)?python3.*",
        r"gnupg.*|gpg.*|dirmngr|pinentry-.*|libksba\d+|libgcrypt\d+",
        r"adduser|passwd|login\.defs|base-passwd|debconf|libdebconfclient0|media-types|netbase|tzdata",
        r"libpam.*|libaudit.*|libcap-ng\d+|libsemanage.*|libsepol\d+|libacl1|libdb5\..*|libgdbm.*",
        r"libc-gconv-modules-extra|gcc-\d+-base|openssl-provider-legacy|readline-common|freetds-common",
        r"libreadline\d.*|libexpat\d|libbz2-.*",
        r"libicu\d+|libcodec2-.*|libsnmp.*|libsensors.*|libpci\d|pci\.ids|libnl-.*|libasound2-data",
        r"asterisk-config",  # sample configuration: ours is rendered
    )
)
LEFT_OUT_MODULES = ("res_snmp.so", "codec_codec2.so", "res_calendar_*.so")

_EXCLUDED_PATHS = (
    "./usr/share/doc",
    "./usr/share/man",
    "./usr/share/locale",
    "./usr/share/info",
    "./usr/share/lintian",
    "./usr/share/bug",
    "./usr/share/bash-completion",
    "./usr/share/gdb",
    "./usr/share/zsh",
    "./usr/share/perl*",
    "./usr/include",
    "./usr/lib/systemd",
    "./lib/systemd",
    "./usr/lib/locale",
    "./etc",
    "./var",
)
_NEEDED = re.compile(r"^\s*(?P<name>.+?) (?:=> (?P<path>/.+?|not found)(?: \(0x[0-9a-f]+\))?|\(0x[0-9a-f]+\))$")


def left_out(name: str) -> bool:
    """Whether a package is not needed to run out of the folder."""
    return any(pattern.fullmatch(name) for pattern in LEFT_OUT_PACKAGES)


def unpack(archive: Path, root: Path) -> None:
    """Unpacks one ``.deb`` into ``root`` without documentation, translations and the like.

    Raises AsteriskInstallError when the archive is damaged or the disk is full.
    """
    root.mkdir(parents=True, exist_ok=True)
    (root / "usr").mkdir(exist_ok=True)
    for name in ("bin", "sbin", "lib", "lib64"):  # Debian's merged /usr: these are links, which no package here brings
        (root / "usr" / name).mkdir(exist_ok=True)
        if not (root / name).is_symlink():
            (root / name).symlink_to(f"usr/{name}")
    reader = subprocess.Popen(
        ["dpkg-deb", "--fsys-tarfile", str(archive)], stdout=subprocess.PIPE, stderr=subprocess.PIPE
    )
    with reader:
        command = ["tar", "--extract", "--directory", str(root), "--keep-directory-symlink", "--no-same-owner"]
        command += ["--no-same-permissions", *(f"--exclude={path}" for path in _EXCLUDED_PATHS)]
        writer = subprocess.run(command, stdin=reader.stdout, capture_output=True, check=False)
        complaint = reader.stderr.read() if reader.stderr else b""
    if reader.returncode != 0 or writer.returncode != 0:
        text = (complaint + writer.stderr).decode(errors="replace").strip()[-500:]
        raise AsteriskInstallError(f"{archive.name} could not be unpacked into {root}: {text}")


def modules_folder(root: Path, architecture: Architecture) -> Path:
    """Folder of Asterisk's modules in the tree."""
    return architecture.libraries(root) / "asterisk/modules"


def parse_needed(listing: str, root: Path) -> set[str]:
    """Names of the libraries that the loader's ``--list`` did not find inside ``root``."""
    missing = set()
    for line in listing.splitlines():
        match = _NEEDED.match(line)
        if match is None:
            if "version `" in line or "error while loading" in line:
                missing.add(line.strip())
        elif match["path"] is not None and not match["path"].startswith(f"{root}/"):
            missing.add(match["name"])
    return missing


def missing_libraries(root: Path, architecture: Architecture, objects: Iterable[Path]) -> dict[Path, set[str]]:
    """Programs and modules that the tree's loader cannot complete out of the tree, each with what it lacks."""

    def check(path: Path) -> set[str]:
        command = [str(architecture.loader(root)), "--library-path", architecture.library_path(root), "--list"]
        result = subprocess.run([*command, str(path)], capture_output=True, text=True, check=False, timeout=60)
        return parse_needed(result.stdout + result.stderr, root)

    paths = list(objects)
    with ThreadPoolExecutor(max_workers=4) as workers:
        return {path: missing for path, missing in zip(paths, workers.map(check, paths), strict=True) if missing}


def incomplete_objects(root: Path, architecture: Architecture) -> dict[str, set[str]]:
    """What must run and does not, by file name; modules left out on purpose are removed when they cannot run."""
    if not architecture.loader(root).exists():
        return {architecture.loader_name: {"the C library"}}
    programs = [path for path in (root / "usr/sbin/asterisk", root / "usr/bin/sipp") if path.exists()]
    modules = sorted(modules_folder(root, architecture).glob("*.so"))
    missing = missing_libraries(root, architecture, [*programs, *modules])
    for path in list(missing):
        if any(fnmatch.fnmatch(path.name, pattern) for pattern in LEFT_OUT_MODULES):
            path.unlink()
            del missing[path]
    return {path.name: names for path, names in missing.items()}


def disk_megabytes(root: Path) -> int:
    """Room the tree takes on the disk, in megabytes of 10^6 bytes, links counted once."""
    seen: Mapping[int, int] = {
        status.st_ino: status.st_blocks * 512 for path in root.rglob("*") for status in [path.lstat()]
    }
    return round(sum(seen.values()) / 1e6)
