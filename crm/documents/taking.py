"""Text out of files, in a process of its own with little memory and time: files come from anywhere.

Run as ``python -m crm.documents.taking FILE MEDIA_TYPE``; writes JSON ``{"state": …, "text": …}``.
"""

import json
import resource
import subprocess
import sys
import zipfile
from collections.abc import Iterator
from pathlib import Path
from typing import Final
from xml.etree import ElementTree as Xml

from crm.documents.models import TextState
from crm.files.checks import check_entries, decode
from crm.thai import norm

LONGEST_TEXT: Final = 500_000  # letters kept of a document
_SECONDS: Final = 30
_MEMORY: Final = 1536 * 1024 * 1024
_PARTS: Final = {  # endings of the parts of an office file that hold its text
    "wordprocessingml.document": ("word/document.xml", "word/footnotes.xml"),
    "presentationml.presentation": ("ppt/slides/slide",),
    "spreadsheetml.sheet": ("xl/sharedStrings.xml", "xl/worksheets/sheet"),
    "oasis.opendocument": ("content.xml",),
}
_BREAKING: Final = ("p", "br", "tr", "row", "h", "si", "tab")


def take_text(path: Path, media_type: str) -> tuple[TextState, str]:
    """The text of a file, and whether it could be taken. Never raises for what is in the file."""
    command = [sys.executable, "-m", "crm.documents.taking", str(path), media_type]
    try:
        done = subprocess.run(command, capture_output=True, timeout=_SECONDS + 5, check=True)
        told = json.loads(done.stdout)
        return TextState(told["state"]), str(told["text"])
    except (subprocess.SubprocessError, ValueError, KeyError, OSError):
        return TextState.FAILED, ""


def text_of(path: Path, media_type: str) -> str:
    """The text in this process; raises whatever goes wrong."""
    if media_type == "application/pdf":
        parts = _of_pdf(path)
    elif media_type.startswith("text/"):
        parts = iter([decode(path.read_bytes())])
    else:
        wanted = next((names for kind, names in _PARTS.items() if kind in media_type), None)
        parts = _of_office(path, wanted) if wanted else iter(())
    return _bounded(parts)


def _bounded(parts: Iterator[str]) -> str:
    taken: list[str] = []
    length = 0
    for part in parts:
        clean = "\n".join(line for raw in norm(part).split("\n") if (line := " ".join(raw.split())))
        clean = clean.replace("\x00", "").encode("utf-8", "replace").decode()
        taken.append(clean[: LONGEST_TEXT - length])
        length += len(taken[-1])
        if length >= LONGEST_TEXT:
            break
    return "\n".join(part for part in taken if part)


def _of_pdf(path: Path) -> Iterator[str]:
    from pypdf import PdfReader  # noqa: PLC0415  (slow to load, and only here)

    reader = PdfReader(path)
    for page in reader.pages:
        yield page.extract_text() or ""


def _of_office(path: Path, wanted: tuple[str, ...]) -> Iterator[str]:
    with zipfile.ZipFile(path) as archive:
        check_entries(archive.infolist())
        for name in sorted(archive.namelist()):
            if name.startswith(wanted) and name.endswith(".xml"):
                yield _of_xml(archive.read(name))


def _of_xml(data: bytes) -> str:
    """All text, lines parted where the file parts them. Without document types: their entities may grow without end."""
    if b"<!DOCTYPE" in data[:2000] or b"<!ENTITY" in data:
        raise ValueError("a document type in an office file")
    words: list[str] = []
    for element in Xml.fromstring(data).iter():  # noqa: S314  (no document type, own process, limited)
        if element.text and element.text.strip():
            words.append(element.text)
        elif element.tag.rpartition("}")[2] in _BREAKING:
            words.append("\n")
        if element.tail and element.tail.strip():
            words.append(element.tail)
    return "".join(words)


def main(path: str, media_type: str) -> None:
    """The child's work."""
    resource.setrlimit(resource.RLIMIT_AS, (_MEMORY, _MEMORY))
    resource.setrlimit(resource.RLIMIT_CPU, (_SECONDS, _SECONDS))
    resource.setrlimit(resource.RLIMIT_FSIZE, (0, 0))  # writes no file
    try:
        text = text_of(Path(path), media_type)
        state = TextState.TAKEN if text.strip() else TextState.NONE
    except Exception:
        text, state = "", TextState.FAILED
    sys.stdout.write(json.dumps({"state": state, "text": text}))


if __name__ == "__main__":
    main(*sys.argv[1:3])
