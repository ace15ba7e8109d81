"""Build the prompts: a synthesiser and a sound converter, both commands that can be changed. Studio recordings win.

Only whoever changes the wording needs this; the built set is kept with the sources. With the default voices it wants
espeak-ng, flite and sox. Run: ``python -m dialplan.prompts.build``
"""

import argparse
import hashlib
import shlex
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from dialplan.prompts import music
from dialplan.prompts.audio import check, encode_ulaw, load_recording, measure, parse_wav, resample
from dialplan.prompts.catalogue import LANGUAGES, SHIPPED_SOUNDS, Prompt, load_all
from dialplan.prompts.errors import AudioError, PromptsError, PromptsMissing, SynthesisError
from dialplan.prompts.manifest import Entry, Manifest, Source, digest
from dialplan.prompts.manifest import read as read_manifest
from dialplan.prompts.signals import SIGNALS

COMMAND_TIMEOUT_SECONDS: Final = 120
MUSIC_NAME: Final = "calm"
# One step: telephone band with its upper part lifted so that consonants carry, evened out, trimmed at both ends, -3 dB.
_SOX: Final = (
    "sox {{in}} -b 16 -c 1 {{out}} rate -v 8000 highpass 150 {tone} compand 0.005,0.15 6:-60,-52,-30,-22,-12,-9,0,-6"
    " silence 1 0.01 0.4% reverse silence 1 0.01 0.4% fade q 0.025 reverse pad 0.03 0.06 norm -3{louder}"
)


@dataclass(frozen=True)
class Voice:
    """How a language is spoken: command templates with {text} or {phonemes} and {out}; then {in} and {out}."""

    name: str
    synthesise: str
    convert: str


VOICES: Final[Mapping[str, Voice]] = {
    "th": Voice(
        "espeak-ng, re-timed and re-pitched",
        "{python} -m dialplan.prompts.thai_voice {phonemes} {out}",
        _SOX.format(tone="equalizer 400 1q -2 treble 6 2200", louder=" gain -l 4 norm -3"),
    ),
    "en": Voice(
        "flite slt",
        "flite -voice slt --setf duration_stretch=1.08 -t {text} -o {out}",
        _SOX.format(tone="treble 3 2500", louder=""),
    ),
}


@dataclass(frozen=True)
class Builder:
    """Where things are read and written. `cache` keeps converted sound by the hash of text and commands."""

    voices: Mapping[str, Voice]
    cache: Path
    studio: Path | None = None
    tune: Callable[[], list[float]] = music.compose

    def sound(self, language: str, prompt: Prompt) -> tuple[bytes, Source, str]:
        """µ-law of a prompt, where it comes from and the voice's name. Raises AudioError or SynthesisError."""
        if recording := studio_file(self.studio, language, prompt.id):
            return load_recording(recording), "studio", ""
        if prompt.sound:
            return encode_ulaw(SIGNALS[prompt.sound]()), "signal", ""
        voice = self.voices[language]
        key = hashlib.sha256("\0".join((prompt.text_hash, voice.synthesise, voice.convert)).encode()).hexdigest()
        kept = self.cache / f"{key}.ulaw"
        if not kept.is_file():
            data = _spoken(voice, prompt)
            check(data)
            self.cache.mkdir(parents=True, exist_ok=True)
            _replace(kept, data)
        return kept.read_bytes(), "synthetic", voice.name


def studio_file(studio: Path | None, language: str, name: str) -> Path | None:
    """The recording that replaces a prompt: ``<studio>/<language>/<id>.wav`` or ``.ulaw``."""
    candidates = (studio / language / f"{name}.{kind}" for kind in ("wav", "ulaw")) if studio else ()
    return next((path for path in candidates if path.is_file()), None)


def build(builder: Builder, out: Path, languages: Iterable[str] = LANGUAGES) -> Manifest:
    """Build the set of these languages into `out`, keeping others that are there. Raises PromptsMissing naming all."""
    languages = tuple(languages)
    prompts = _kept(out)
    problems: list[str] = []
    for language, catalogue in load_all(languages).items():
        entries = {}
        for name, prompt in catalogue.prompts.items():
            try:
                data, source, command = builder.sound(language, prompt)
            except (AudioError, SynthesisError) as error:
                problems.append(f"{language}/{name}: {error}")
                continue
            _replace(out / language / f"{name}.ulaw", data)
            entries[name] = entry(data, prompt.text_hash, source, command)
        prompts[language] = entries
        for stray in (out / language).glob("*.ulaw"):
            if stray.stem not in catalogue.prompts:
                stray.unlink()
    if problems:
        raise PromptsMissing(problems)
    tune = encode_ulaw(builder.tune())
    _replace(out / "moh" / f"{MUSIC_NAME}.ulaw", tune)
    manifest = Manifest(prompts, {MUSIC_NAME: entry(tune, "", "music", "")})
    manifest.write(out)
    return manifest


def entry(data: bytes, text_sha256: str, source: Source, command: str) -> Entry:
    """The manifest's line about a sound."""
    return Entry(text_sha256, source, command, round(measure(data).seconds, 3), digest(data))


def _kept(out: Path) -> dict[str, dict[str, Entry]]:
    try:
        return dict(read_manifest(out).prompts)
    except PromptsMissing:
        return {}


def _spoken(voice: Voice, prompt: Prompt) -> bytes:
    if "{phonemes}" in voice.synthesise and not prompt.phonemes:
        raise SynthesisError("has no phonemes in the catalogue, and this voice speaks phonemes")
    with tempfile.TemporaryDirectory(prefix="prompt-") as folder:
        raw, ready = Path(folder) / "raw.wav", Path(folder) / "ready.wav"
        words = {"text": prompt.text, "phonemes": prompt.phonemes or "", "out": str(raw)}
        _run(voice.synthesise, words, raw)
        _run(voice.convert, {"in": str(raw), "out": str(ready)}, ready)
        rate, samples = parse_wav(ready.read_bytes())
        return encode_ulaw(resample(samples, rate))


def _run(template: str, words: Mapping[str, str], out: Path) -> None:
    """Run a command template; each placeholder stays one argument, whatever is in it."""
    if "{out}" not in template:
        raise SynthesisError(f"the command {template!r} has no {{out}}: where shall the sound go?")
    arguments = []
    for part in shlex.split(template):
        for key, value in {**words, "python": sys.executable}.items():
            part = part.replace("{" + key + "}", value)  # noqa: PLW2901
        arguments.append(part)
    try:
        subprocess.run(arguments, check=True, capture_output=True, timeout=COMMAND_TIMEOUT_SECONDS)
    except FileNotFoundError as error:
        raise SynthesisError(f"{arguments[0]} is not installed") from error
    except subprocess.TimeoutExpired as error:
        raise SynthesisError(f"{arguments[0]} took longer than {COMMAND_TIMEOUT_SECONDS} s") from error
    except subprocess.CalledProcessError as error:
        said = error.stderr.decode("utf-8", "replace").strip().splitlines()
        raise SynthesisError(f"{arguments[0]} failed: {said[-1] if said else error.returncode}") from error
    if not out.is_file():
        raise SynthesisError(f"{arguments[0]} made no sound")


def _replace(path: Path, data: bytes) -> None:
    """Write a file whole or not at all."""
    path.parent.mkdir(parents=True, exist_ok=True)
    if path.is_file() and path.read_bytes() == data:
        return
    part = path.with_name(path.name + ".part")
    part.write_bytes(data)
    part.replace(path)


def main(arguments: Sequence[str] | None = None) -> int:
    """Build the prompts from the command line."""
    parser = argparse.ArgumentParser(prog="python -m dialplan.prompts.build", description="Build the voice prompts.")
    parser.add_argument("--language", action="append", choices=LANGUAGES, help="only this language (repeatable)")
    parser.add_argument("--studio", type=Path, help="folder with <language>/<id>.wav recordings that are used instead")
    parser.add_argument("--out", type=Path, default=SHIPPED_SOUNDS, help="where the set goes")
    parser.add_argument("--cache", type=Path, default=Path(".cache/prompts"), help="where built sound is kept")
    parser.add_argument("--synthesiser", help="other command with {text} or {phonemes} and {out} (with one --language)")
    options = parser.parse_args(arguments)
    languages = tuple(options.language or LANGUAGES)
    voices = dict(VOICES)
    if options.synthesiser:
        if len(languages) != 1:
            parser.error("--synthesiser needs exactly one --language")
        voices[languages[0]] = Voice(
            shlex.split(options.synthesiser)[0], options.synthesiser, VOICES[languages[0]].convert
        )
    try:
        manifest = build(Builder(voices, options.cache, options.studio), options.out, languages)
    except PromptsError as error:
        sys.stderr.write(f"{error}\n")
        return 1
    for language in languages:
        total = len(manifest.prompts[language])
        sys.stdout.write(f"{language}: {total} prompts, {len(manifest.synthetic(language))} of them synthetic\n")
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
