"""Checks of the installed Asterisk as data, for ``hotline doctor``."""

from __future__ import annotations

import resource
import shutil
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path

from dialplan.asterisk.command import AsteriskProgram, find_program
from dialplan.asterisk.errors import AsteriskInstallError
from dialplan.asterisk.layout import AsteriskFolders
from dialplan.asterisk.system import OLDEST_MAJOR_VERSION, is_recent_enough

INSTALL = "Run 'hotline asterisk install'."


@dataclass(frozen=True)
class Check:
    """One check: its name, whether it is well, what was found, and what to do when it is not (empty when it is)."""

    name: str
    ok: bool
    detail: str
    remedy: str = ""


def checks(
    folders: AsteriskFolders,
    modules: Iterable[str] = (),
    *,
    free_bytes_needed: int = 500_000_000,
    descriptors_needed: int = 4096,
    free_bytes: Callable[[Path], int] = lambda path: shutil.disk_usage(path).free,
    descriptor_limit: Callable[[], int] = lambda: resource.getrlimit(resource.RLIMIT_NOFILE)[1],
) -> list[Check]:
    """Whether this instance has all it needs. ``modules`` are file names, with or without ``.so``. Never raises."""
    found = [_disk(folders, free_bytes_needed, free_bytes), _descriptors(descriptors_needed, descriptor_limit())]
    try:
        program = find_program(folders.install_root)
    except AsteriskInstallError as error:
        return [Check("Asterisk installed", ok=False, detail=str(error), remedy=INSTALL), *found]
    where = folders.install_root or program.prefix[0]
    return [
        Check("Asterisk installed", ok=True, detail=f"in {where}"),
        _version(program),
        _modules(program, modules),
        *found,
    ]


def _version(program: AsteriskProgram) -> Check:
    ok = is_recent_enough(program.version)
    return Check(
        f"Asterisk {OLDEST_MAJOR_VERSION} or later",
        ok,
        f"version {program.version}",
        "" if ok else "Install a newer one.",
    )


def _modules(program: AsteriskProgram, modules: Iterable[str]) -> Check:
    wanted = [name if name.endswith(".so") else f"{name}.so" for name in modules]
    missing = [name for name in wanted if not (program.modules / name).is_file()]
    if missing:
        remedy = f"Install the packages with these modules, or have a complete Asterisk in the state folder: {INSTALL}"
        return Check("Asterisk modules", ok=False, detail=f"missing: {', '.join(missing)}", remedy=remedy)
    return Check("Asterisk modules", ok=True, detail=f"all {len(wanted)} there")


def _disk(folders: AsteriskFolders, needed: int, free_bytes: Callable[[Path], int]) -> Check:
    folder = next(path for path in (folders.run, *folders.run.parents) if path.exists())
    free = free_bytes(folder)
    ok = free >= needed
    remedy = "" if ok else f"Free some room: recordings and logs need at least {needed // 1_000_000} MB."
    return Check("Disk space", ok, f"{free // 1_000_000} MB free for {folders.run}", remedy)


def _descriptors(needed: int, limit: int) -> Check:
    ok = limit < 0 or limit >= needed  # -1 is no limit at all
    shown = "unlimited" if limit < 0 else str(limit)
    remedy = "" if ok else f"A call takes up to six. Raise the hard limit to {needed} (ulimit -Hn, LimitNOFILE=)."
    return Check("File descriptors", ok, f"hard limit {shown}", remedy)
