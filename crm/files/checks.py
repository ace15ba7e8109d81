"""What a file is, by what is in it; and a name for it that does no harm.

A list of what is taken, not of what is refused: nothing that runs (scripts, pages, SVG, macros), nothing that unpacks
into more than it seems to be, nothing whose ending says something else than its content.
"""

import codecs
import re
import zipfile
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path
from typing import Final

from crm.thai import norm

MOST_ENTRIES: Final = 5_000
MOST_TABLE: Final = MOST_ENTRIES * 400  # bytes of the archive's table
_LOCATOR, _LARGE_END = 20, 56  # bytes of what ZIP64 has before the end (APPNOTE 4.3.14, 4.3.15)
_END_AT_MOST: Final = 22 + 65_535 + _LOCATOR + _LARGE_END  # the end with the longest comment
MOST_UNPACKED: Final = 300 * 1024 * 1024  # bytes of all entries together
MOST_ENTRY: Final = 150 * 1024 * 1024
MOST_RATIO: Final = 200  # unpacked to packed; text of offices packs to a fortieth at most
RATIO_FROM: Final = 2 * 1024 * 1024  # bytes unpacked, below which the ratio says nothing
LONGEST_NAME: Final = 120
OFFICE: Final = {
    "word/": ("application/vnd.openxmlformats-officedocument.wordprocessingml.document", ".docx"),
    "xl/": ("application/vnd.openxmlformats-officedocument.spreadsheetml.sheet", ".xlsx"),
    "ppt/": ("application/vnd.openxmlformats-officedocument.presentationml.presentation", ".pptx"),
}
ODF: Final = {
    b"application/vnd.oasis.opendocument.text": ".odt",
    b"application/vnd.oasis.opendocument.spreadsheet": ".ods",
    b"application/vnd.oasis.opendocument.presentation": ".odp",
}
_OLD_OFFICE: Final = {
    ".doc": "application/msword",
    ".xls": "application/vnd.ms-excel",
    ".ppt": "application/vnd.ms-powerpoint",
}
_MAGIC: Final = (
    (b"%PDF-", "application/pdf", (".pdf",)),
    (b"\x89PNG\r\n\x1a\n", "image/png", (".png",)),
    (b"\xff\xd8\xff", "image/jpeg", (".jpg", ".jpeg")),
    (b"GIF87a", "image/gif", (".gif",)),
    (b"GIF89a", "image/gif", (".gif",)),
)
_TEXT: Final = {".txt": "text/plain", ".csv": "text/csv"}
_ACTIVE: Final = re.compile(
    rb"^\s*(?:<!--.*?-->\s*)*<(?:!doctype|html|head|body|script|svg|\?xml|iframe|object|meta)", re.I | re.S
)
_SCRIPT: Final = re.compile(rb"<script|javascript:|^#!", re.I)
_MACRO_PROJECT: Final = "_VBA_PROJECT".encode("utf-16-le")
PIECE: Final = 1 << 20
_BAD_LETTERS: Final = re.compile('[\x00-\x1f\x7f<>:"/\\\\|?*\u200e\u200f\u202a-\u202e\u2066-\u2069\ue000-\uf8ff]')
_RESERVED: Final = re.compile(r"^(?:con|prn|aux|nul|com\d|lpt\d)(?:\.|$)", re.I)


class BadFile(ValueError):
    """The file is not taken. ``code``: empty, unknown_type, wrong_type, active, macros, bomb, damaged, locked."""

    def __init__(self, code: str) -> None:
        super().__init__(code)
        self.code = code


@dataclass(frozen=True, slots=True)
class Checked:
    """``media_type``: by content; ``safe_name``: one component, with the ending of that type."""

    media_type: str
    safe_name: str


def check(path: Path, name: str) -> Checked:
    """What the file at ``path`` is, that came as ``name``. Raises BadFile, OSError."""
    with path.open("rb") as file:
        head = file.read(4096)
    if not head:
        raise BadFile("empty")
    ending = _ending(name)
    media_type, endings = _known(path, head, ending)
    if ending and ending not in endings:
        raise BadFile("wrong_type")
    return Checked(media_type, safe_name(name if ending else name + endings[0]))


def safe_name(name: str) -> str:
    """A file name of one component, without letters that mislead; with its ending; never empty."""
    last = re.split(r"[/\\]", norm(name))[-1]
    clean = " ".join(_BAD_LETTERS.sub(" ", last).split()).strip(". ")
    ending = _ending(clean)
    stem = clean[: len(clean) - len(ending)].strip(". ")[: LONGEST_NAME - len(ending)].strip(". ")
    if not stem or _RESERVED.match(stem + "."):
        stem = f"file {stem}".strip()
    return stem + ending


def _ending(name: str) -> str:
    found = re.search(r"\.[A-Za-z0-9]{1,8}$", name.strip())
    return found[0].lower() if found else ""


def _known(path: Path, head: bytes, ending: str) -> tuple[str, tuple[str, ...]]:
    for magic, media_type, endings in _MAGIC:
        if head.startswith(magic):
            return media_type, endings
    if head.startswith(b"RIFF") and head[8:12] == b"WEBP":
        return "image/webp", (".webp",)
    if head.startswith(b"PK\x03\x04"):
        return _office(path)
    if head.startswith(b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"):
        return _old_office(path, ending)
    return _text(path, head, ending)


def _office(path: Path) -> tuple[str, tuple[str, ...]]:
    try:
        if _table_bytes(path) > MOST_TABLE:
            raise BadFile("bomb")
        with zipfile.ZipFile(path) as archive:
            entries = archive.infolist()
            check_entries(entries)
            names = {entry.filename for entry in entries}
            if entries and entries[0].filename == "mimetype":
                kind = archive.read(entries[0])[:100] if entries[0].file_size <= 100 else b""
                if kind in ODF:
                    return kind.decode(), (ODF[kind],)
    except (zipfile.BadZipFile, NotImplementedError, OSError, RuntimeError, UnicodeError, EOFError) as error:
        raise BadFile("damaged") from error
    if any("vbaproject" in name.lower() or "/activex/" in name.lower() for name in names):
        raise BadFile("macros")
    for folder, (media_type, its_ending) in OFFICE.items():
        if "[Content_Types].xml" in names and any(name.startswith(folder) for name in names):
            return media_type, (its_ending,)
    raise BadFile("unknown_type")


def _table_bytes(path: Path) -> int:
    """How long the archive says its table of entries is: a reader takes all of it into its memory."""
    size = path.stat().st_size
    with path.open("rb") as file:
        file.seek(max(0, size - _END_AT_MOST))
        tail = file.read()
    at = tail.rfind(b"PK\x05\x06")
    if at < 0 or len(tail) < at + 22:
        return 0  # no archive: its reader says so
    large = at - _LOCATOR - _LARGE_END
    if large >= 0 and tail[at - _LOCATOR : at].startswith(b"PK\x06\x07"):  # ZIP64: sizes of eight bytes go first
        return int.from_bytes(tail[large + 40 : large + 48], "little")
    return int.from_bytes(tail[at + 12 : at + 16], "little")


def check_entries(entries: list[zipfile.ZipInfo]) -> None:
    """Refuses an archive that unpacks into too much, or out of its folder. By what its table says: who reads an entry
    reads no more than that."""
    if len(entries) > MOST_ENTRIES:
        raise BadFile("bomb")
    packed = sum(entry.compress_size for entry in entries)
    unpacked = sum(entry.file_size for entry in entries)
    if unpacked > MOST_UNPACKED or any(entry.file_size > MOST_ENTRY for entry in entries):
        raise BadFile("bomb")
    if unpacked > RATIO_FROM and unpacked > MOST_RATIO * max(packed, 1):
        raise BadFile("bomb")
    starts = sorted((entry.header_offset, entry.compress_size) for entry in entries)
    if any(start + size > following for (start, size), (following, _) in pairwise(starts)):
        raise BadFile("bomb")  # entries that lie upon each other
    for entry in entries:
        parts = entry.filename.replace("\\", "/").split("/")
        if entry.filename.startswith(("/", "\\")) or ".." in parts or ":" in parts[0]:
            raise BadFile("damaged")
        if entry.flag_bits & 1:
            raise BadFile("locked")


def _old_office(path: Path, ending: str) -> tuple[str, tuple[str, ...]]:
    if ending not in _OLD_OFFICE:
        raise BadFile("wrong_type")
    if any(_MACRO_PROJECT in part for part in _parts(path, overlap=len(_MACRO_PROJECT))):
        raise BadFile("macros")
    return _OLD_OFFICE[ending], (ending,)


def _text(path: Path, head: bytes, ending: str) -> tuple[str, tuple[str, ...]]:
    if _ACTIVE.match(head.removeprefix(b"\xef\xbb\xbf")):
        raise BadFile("active")
    if ending not in {*_TEXT, ""} or b"\x00" in head:
        raise BadFile("wrong_type" if ending in _all_endings() else "unknown_type")
    if any(b"\x00" in part for part in _parts(path)) or _SCRIPT.search(next(_parts(path))[:100_000]):
        raise BadFile("active")
    if not any(_is_written_in(path, encoding) for encoding in ("utf-8-sig", "cp874")):
        raise BadFile("unknown_type")
    return (_TEXT[ending], (ending,)) if ending else ("text/plain", (".txt",))


def _parts(path: Path, overlap: int = 0) -> Iterator[bytes]:
    """The file, piece by piece: it may be larger than the memory that one wants to give it. Each piece begins with the
    last ``overlap`` bytes of the one before."""
    with path.open("rb") as file:
        last = b""
        while part := file.read(PIECE):
            yield last + part
            last = part[-overlap:] if overlap else b""


def _is_written_in(path: Path, encoding: str) -> bool:
    decoder = codecs.getincrementaldecoder(encoding)()
    try:
        for part in _parts(path):
            decoder.decode(part)
        decoder.decode(b"", final=True)
    except UnicodeDecodeError:
        return False
    return True


def decode(data: bytes) -> str:
    """Text of old and new Thai machines. Raises UnicodeDecodeError."""
    if data.startswith((b"\xff\xfe", b"\xfe\xff")):
        return data.decode("utf-16")
    try:
        return data.decode("utf-8-sig")
    except UnicodeDecodeError:
        return data.decode("cp874")


def _all_endings() -> set[str]:
    known = {one for _, _, endings in _MAGIC for one in endings} | {one for _, one in OFFICE.values()}
    return known | set(ODF.values()) | set(_OLD_OFFICE) | set(_TEXT) | {".webp"}
