"""Finds the Debian mirror that this machine's own apt uses, in both formats of apt's source lists (sources.list(5))."""

from __future__ import annotations

import os
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from dialplan.asterisk.errors import AsteriskInstallError

MIRROR_VARIABLE = "HOTLINE_DEBIAN_MIRROR"
_ONE_LINE = re.compile(r"^deb\s+(?:\[(?P<options>[^\]]*)\]\s+)?(?P<uri>\S+)\s+(?P<suite>\S+)\s+(?P<components>.+)$")


@dataclass(frozen=True)
class Source:
    """One package source of apt: an address with its suites and components."""

    uri: str
    suites: tuple[str, ...]
    components: tuple[str, ...]
    signed_by: str

    @property
    def is_debian_archive(self) -> bool:
        """Whether this looks like Debian's main archive: not its security archive, not somebody else's repository."""
        path = self.uri.rstrip("/")
        main = "main" in self.components and not any("security" in suite for suite in self.suites)
        return main and (path.endswith("/debian") or "debian-archive" in self.signed_by or "debian" in path.lower())


def parse_deb822(text: str) -> Iterator[Source]:
    """Sources of a ``*.sources`` file; stanzas that are switched off or only for source packages are left out."""
    for stanza in re.split(r"\n\s*\n", text):
        fields: dict[str, str] = {}
        name = ""
        for line in stanza.splitlines():
            if line.startswith("#"):
                continue
            if line[:1] in {" ", "\t"} and name:
                fields[name] += " " + line.strip()
            elif ":" in line:
                name, value = line.split(":", 1)
                name = name.strip().lower()
                fields[name] = value.strip()
        if "deb" not in fields.get("types", "").split() or fields.get("enabled", "yes").lower() in {"no", "false", "0"}:
            continue
        for uri in fields.get("uris", "").split():
            yield Source(
                uri,
                tuple(fields.get("suites", "").split()),
                tuple(fields.get("components", "").split()),
                fields.get("signed-by", ""),
            )


def parse_one_line(text: str) -> Iterator[Source]:
    """Sources of an old-style ``sources.list``; other lines are left out."""
    for line in text.splitlines():
        match = _ONE_LINE.match(line.split("#", 1)[0].strip())
        if match:
            options = dict(part.split("=", 1) for part in (match["options"] or "").split() if "=" in part)
            components = tuple(match["components"].split())
            yield Source(match["uri"], (match["suite"],), components, options.get("signed-by", ""))


def machine_sources(apt_folder: Path = Path("/etc/apt")) -> Iterator[Source]:
    """All package sources in apt's configuration folder, in apt's order of files."""
    for path in [apt_folder / "sources.list", *sorted((apt_folder / "sources.list.d").glob("*"))]:
        parse = {".sources": parse_deb822, ".list": parse_one_line}.get(path.suffix)
        if parse is None or not path.is_file():
            continue
        try:
            text = path.read_text(encoding="utf-8", errors="replace")
        except OSError:  # a source with a password in it may be readable by root only
            continue
        yield from parse(text)


def choose_mirror(
    wanted: str | None = None,
    environment: Mapping[str, str] | None = None,
    sources: Iterable[Source] | None = None,
) -> str:
    """The mirror to fetch from: the one wanted, else the environment's, else the machine's own.

    Raises AsteriskInstallError when there is none.
    """
    environment = os.environ if environment is None else environment
    given = wanted or environment.get(MIRROR_VARIABLE)
    if given:
        return given
    for source in machine_sources() if sources is None else sources:
        if source.is_debian_archive:
            return source.uri
    raise AsteriskInstallError(
        "apt's source lists name no Debian mirror. Set the environment variable "
        f"{MIRROR_VARIABLE} to the address of one (the folder that has 'dists' in it)."
    )
