"""The catalogue: what each prompt says in each language, from ``catalogue/<language>.toml``."""

import hashlib
import re
import tomllib
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from dialplan.prompts.errors import CatalogueError
from dialplan.prompts.numbers import vocabulary

HERE: Final = Path(__file__).parent
CATALOGUE_FOLDER: Final = HERE / "catalogue"
SHIPPED_SOUNDS: Final = HERE / "sounds"
LANGUAGES: Final = ("th", "en")
SOUNDS: Final = frozenset({"beep", "silence-half", "silence-short"})
_ID: Final = re.compile(r"^[a-z0-9]+(-[a-z0-9]+)*$")
_KEYS: Final = {"text", "phonemes", "sound"}


@dataclass(frozen=True)
class Prompt:
    """One thing that is said. `phonemes` is the hand-checked sound of it, `sound` a signal instead of speech."""

    id: str
    text: str
    phonemes: str | None = None
    sound: str | None = None

    @property
    def text_hash(self) -> str:
        """Changes when what is to be heard changes."""
        parts = (self.text, self.phonemes or "", self.sound or "")
        return hashlib.sha256("\0".join(parts).encode()).hexdigest()


@dataclass(frozen=True)
class Catalogue:
    """All prompts of one language, by id, in the order of the file."""

    language: str
    prompts: dict[str, Prompt]

    @property
    def ids(self) -> frozenset[str]:
        """Every id."""
        return frozenset(self.prompts)

    @property
    def common_ids(self) -> frozenset[str]:
        """Ids every language must have. The words numbers are made of differ from language to language."""
        return frozenset(name for name in self.prompts if not name.startswith("num-"))


def load(language: str, folder: Path = CATALOGUE_FOLDER) -> Catalogue:
    """Read one catalogue. Raises CatalogueError with all its faults at once."""
    path = folder / f"{language}.toml"
    try:
        tables = tomllib.loads(path.read_text("utf-8"))
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise CatalogueError(f"{path.name} cannot be read: {error}") from error
    problems = [problem for name, table in tables.items() for problem in _faults(name, table)]
    if problems:
        raise CatalogueError(f"{path.name}: {'; '.join(problems)}")
    prompts = {
        name: Prompt(name, table["text"], table.get("phonemes"), table.get("sound")) for name, table in tables.items()
    }
    return Catalogue(language, prompts)


def load_all(languages: Iterable[str] = LANGUAGES, folder: Path = CATALOGUE_FOLDER) -> dict[str, Catalogue]:
    """Read and compare catalogues: the same ids in all, and every id that numbers are composed of."""
    catalogues = {language: load(language, folder) for language in languages}
    every = frozenset[str]().union(*(catalogue.common_ids for catalogue in catalogues.values()))
    problems = []
    for language, catalogue in catalogues.items():
        absent = (every | vocabulary(language)) - catalogue.ids
        if absent:
            problems.append(f"{language}.toml lacks {', '.join(sorted(absent))}")
    if problems:
        raise CatalogueError("; ".join(problems))
    return catalogues


def missing(sounds_dir: Path, language: str, folder: Path = CATALOGUE_FOLDER) -> list[str]:
    """Ids of the catalogue without a sound in ``<sounds_dir>/<language>/``, sorted."""
    present = {path.stem for path in (sounds_dir / language).glob("*.ulaw") if path.stat().st_size}
    return sorted(load(language, folder).ids - present)


def _faults(name: str, table: object) -> Iterable[str]:
    if not _ID.fullmatch(name):
        yield f"{name!r} is not an id (small letters, digits and hyphens)"
    if not isinstance(table, dict):
        yield f"{name!r} is not a table with text"
        return
    if unknown := sorted(set(table) - _KEYS):
        yield f"{name}: unknown {', '.join(unknown)}"
    if not all(isinstance(value, str) for value in table.values()) or not table.get("text"):
        yield f"{name}: text is missing or something is not a string"
    if table.get("sound", "beep") not in SOUNDS:
        yield f"{name}: unknown sound {table['sound']!r}; known are {', '.join(sorted(SOUNDS))}"
