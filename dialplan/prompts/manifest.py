"""The manifest: what each installed prompt is, how it was made, and the hash it must still have."""

import hashlib
import json
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Final, Literal

from dialplan.prompts.errors import PromptsMissing

FILE_NAME: Final = "manifest.json"
Source = Literal["synthetic", "studio", "signal", "music"]


@dataclass(frozen=True)
class Entry:
    """One sound. `text_sha256` is the catalogue's hash at the time, `command` the synthesiser's name or ""."""

    text_sha256: str
    source: Source
    command: str
    seconds: float
    sha256: str


@dataclass(frozen=True)
class Manifest:
    """All sounds of a set: ``prompts[language][id]`` and music on hold by name."""

    prompts: dict[str, dict[str, Entry]]
    music: dict[str, Entry]

    def synthetic(self, language: str) -> list[str]:
        """Ids a studio has not yet recorded, sorted."""
        return sorted(name for name, entry in self.prompts.get(language, {}).items() if entry.source == "synthetic")

    def write(self, folder: Path) -> None:
        """Save it as manifest.json in the folder."""
        text = json.dumps(asdict(self), indent=1, sort_keys=True, ensure_ascii=False)
        (folder / FILE_NAME).write_text(text + "\n", "utf-8")


def read(folder: Path) -> Manifest:
    """The manifest of a set. Raises PromptsMissing when there is none or it cannot be read."""
    try:
        data = json.loads((folder / FILE_NAME).read_text("utf-8"))
        prompts = {
            language: {name: Entry(**entry) for name, entry in entries.items()}
            for language, entries in data["prompts"].items()
        }
        return Manifest(prompts, {name: Entry(**entry) for name, entry in data["music"].items()})
    except (OSError, ValueError, KeyError, TypeError, AttributeError) as error:
        raise PromptsMissing([f"{FILE_NAME}: {error}"]) from error


def digest(data: bytes) -> str:
    """SHA-256 in hex."""
    return hashlib.sha256(data).hexdigest()
