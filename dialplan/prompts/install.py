"""Put the set of prompts where Asterisk plays it from, and know before any call that it is whole.

``Playback(hotline/greeting)`` finds ``sounds/<language>/hotline/greeting.ulaw`` by the channel's language.
"""

from collections.abc import Iterable
from pathlib import Path
from typing import Final

from dialplan.prompts.audio import linear, load_recording
from dialplan.prompts.build import entry, studio_file
from dialplan.prompts.catalogue import SHIPPED_SOUNDS, Catalogue, load_all
from dialplan.prompts.errors import AudioError, PromptsMissing
from dialplan.prompts.manifest import Entry, Manifest, digest
from dialplan.prompts.manifest import read as read_manifest

FOLDER: Final = "hotline"
MUSIC_FOLDER: Final = "moh"
RECORDED_MUSIC_FOLDER: Final = "moh-recorded"  # the same for calls that are recorded: see the template recording.conf


def install_prompts(
    target: Path, languages: Iterable[str], studio: Path | None = None, shipped: Path = SHIPPED_SOUNDS
) -> Manifest:
    """Install into Asterisk's data folder `target`; studio recordings replace prompts of the same id.

    Quick when nothing changed. Raises PromptsMissing naming every prompt that is missing, damaged or out of date.
    """
    made = read_manifest(shipped)
    problems: list[str] = []
    sounds: dict[Path, bytes] = {}
    prompts: dict[str, dict[str, Entry]] = {}
    if studio is not None and not studio.is_dir():
        problems.append(f"studio folder {studio} does not exist")
    for language, catalogue in load_all(tuple(languages)).items():
        folder = target / "sounds" / language / FOLDER
        prompts[language] = {}
        for name, data, line in _set(catalogue, made, studio, shipped, problems):
            sounds[folder / f"{name}.ulaw"] = data
            prompts[language][name] = line
    for name, line in made.music.items():
        data = _intact(shipped / MUSIC_FOLDER / f"{name}.ulaw", line, f"{MUSIC_FOLDER}/{name}", problems)
        sounds[target / MUSIC_FOLDER / f"{name}.ulaw"] = data
        sounds[target / RECORDED_MUSIC_FOLDER / f"{name}.sln"] = linear(data)
    if problems:
        raise PromptsMissing(problems)
    for language in prompts:
        _own_folder(target / "sounds" / language)
    for path, data in sounds.items():
        _write(path, data)
    manifest = Manifest(prompts, made.music)
    manifest.write(target / "sounds")
    return manifest


def verify_installed(target: Path) -> Manifest:
    """Check what install_prompts left in `target` byte by byte. Raises PromptsMissing naming all that is wrong."""
    manifest = read_manifest(target / "sounds")
    problems: list[str] = []
    for language, entries in manifest.prompts.items():
        for name, line in entries.items():
            path = target / "sounds" / language / FOLDER / f"{name}.ulaw"
            _intact(path, line, f"{language}/{name}", problems)
    for name, line in manifest.music.items():
        _intact(target / MUSIC_FOLDER / f"{name}.ulaw", line, f"{MUSIC_FOLDER}/{name}", problems)
    if problems:
        raise PromptsMissing(problems)
    return manifest


def _set(
    catalogue: Catalogue, made: Manifest, studio: Path | None, shipped: Path, problems: list[str]
) -> Iterable[tuple[str, bytes, Entry]]:
    language = catalogue.language
    for name, prompt in catalogue.prompts.items():
        line = made.prompts.get(language, {}).get(name)
        if recording := studio_file(studio, language, name):
            try:
                data = load_recording(recording)
            except AudioError as error:
                problems.append(f"{language}/{name}: {recording.name} {error}")
                continue
            yield name, data, entry(data, prompt.text_hash, "studio", "")
        elif line is None:
            problems.append(f"{language}/{name}: never built")
        elif line.text_sha256 != prompt.text_hash:
            problems.append(f"{language}/{name}: the wording changed after it was built")
        else:
            yield name, _intact(shipped / language / f"{name}.ulaw", line, f"{language}/{name}", problems), line


def _intact(path: Path, line: Entry, label: str, problems: list[str]) -> bytes:
    try:
        data = path.read_bytes()
    except OSError as error:
        problems.append(f"{label}: {error.strerror or error}")
        return b""
    if digest(data) != line.sha256:
        problems.append(f"{label}: damaged")
    return data


def _own_folder(folder: Path) -> None:
    """A language's folder may be a link to sounds shared by several installations: make it ours, with links inside."""
    if not folder.is_symlink():
        return
    shared = folder.resolve()
    folder.unlink()
    folder.mkdir()
    for item in shared.iterdir() if shared.is_dir() else ():
        if item.name != FOLDER:
            (folder / item.name).symlink_to(item)


def _write(path: Path, data: bytes) -> None:
    if path.is_file() and path.read_bytes() == data:
        return
    path.parent.mkdir(parents=True, exist_ok=True)
    part = path.with_name(path.name + ".part")
    part.write_bytes(data)
    part.replace(path)
