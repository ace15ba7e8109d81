"""Finds the programs that tests need: of the system, or unpacked by ``make`` (tools/set_up.py uses this as well)."""

import os
import shutil
from pathlib import Path

REPOSITORY = Path(__file__).resolve().parents[1]
DEBIAN_POSTGRESQL = Path("/usr/lib/postgresql")  # Debian keeps the server's programs off the path, a folder a version
PACKAGES = {
    "postgres": "postgresql-15",
    "initdb": "postgresql-15",
    "chromium": "chromium",
    "prometheus": "prometheus",
    "promtool": "prometheus",
    "chasquid": "chasquid",
    "dovecot": "dovecot-imapd",
}


def unpacked_folder() -> Path:
    """Where ``make test`` unpacks what the system lacks: HOTLINE_PROGRAMS, or a default.

    PostgreSQL refuses to run as root, so root's tests run it as nobody, who may not see into the repository.
    """
    given = os.environ.get("HOTLINE_PROGRAMS")
    if given:
        return Path(given).absolute()
    return Path("/var/cache/hotline-programs") if os.geteuid() == 0 else REPOSITORY / ".state/programs"


def lookup(name: str) -> str | None:
    """The program ``name``: HOTLINE_PROGRAM_<NAME>, the system's, or the unpacked one; None when there is none."""
    given = os.environ.get(f"HOTLINE_PROGRAM_{name.upper()}")
    if given:
        return given
    versions = sorted(DEBIAN_POSTGRESQL.glob(f"*/bin/{name}"), key=lambda path: int(path.parts[-3]), reverse=True)
    if versions:
        return str(versions[0])
    unpacked = unpacked_folder() / "bin" / name
    return shutil.which(name) or (str(unpacked) if unpacked.exists() else None)


def environment() -> dict[str, str]:
    """What programs of other packages need to find unpacked libraries (playwright's own program: libatomic)."""
    try:
        return {"LD_LIBRARY_PATH": (unpacked_folder() / "libraries").read_text()}
    except OSError:
        return {}


def find(name: str) -> str:
    """Like lookup. Raises FileNotFoundError, which says what to do."""
    found = lookup(name)
    if found is None:
        raise FileNotFoundError(
            f"no {name}: `make test` unpacks it, or install Debian's package {PACKAGES.get(name, name)}, "
            f"or set HOTLINE_PROGRAM_{name.upper()}"
        )
    return found
