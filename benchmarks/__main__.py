"""All benchmarks into ``benchmarks/results.md``: ``python -m benchmarks [--only NAME] [--quick]``.

Everything is a ratio or a percentile measured side by side in one run. The whole takes about twenty minutes and never
more than 58; a benchmark that fails, or takes longer than it may, does not keep the others from running, and the exit
status is 1 then.
"""

import argparse
import importlib
import os
import shutil
import signal
import sys
import tempfile
import time
import traceback
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path

from benchmarks import machine
from benchmarks.report import Section
from dialplan.asterisk.install import install

LONGEST_SECONDS = {  # 58 minutes
    "rate": 700, "clock": 150, "memory": 120, "agi": 60, "people": 270, "strategy": 430, "phone": 140, "desk": 140,
    "scrape": 30, "knowledge": 480, "board": 60, "reports": 900,
}  # fmt: skip
NAMES = tuple(LONGEST_SECONDS)
REPOSITORY = Path(__file__).parents[1]
RESULTS = Path(__file__).with_name("results.md")
HEADING = """# Measured

Written by `make bench`; every figure is a ratio or a percentile of one run, compared side by side. What a machine does
in absolute numbers is said beside it.
"""


def asterisk_root() -> Path:
    """The unpacked Asterisk, with SIPp."""
    given = os.environ.get("HOTLINE_ASTERISK_ROOT")
    root = Path(given) if given else REPOSITORY / ".state/asterisk-root"
    return install(root.absolute(), with_sipp=True, progress=say).root


def say(text: str) -> None:
    """Progress, at once."""
    print(text, flush=True)


class TookTooLong(Exception):
    """A benchmark was ended by the clock."""


@contextmanager
def at_most(seconds: int) -> Iterator[None]:
    """Raises TookTooLong in the block when the time is up."""

    def late(*_: object) -> None:
        raise TookTooLong(f"not done within {seconds} s")

    before = signal.signal(signal.SIGALRM, late)
    signal.alarm(seconds)
    try:
        yield
    finally:
        signal.alarm(0)
        signal.signal(signal.SIGALRM, before)


def run_one(name: str, root: Path, quick: bool) -> tuple[Section, bool]:
    """One benchmark in a folder of its own; a failure is a result too. Whether it went well."""
    folder = Path(tempfile.mkdtemp(prefix=f"bench-{name}-"))
    begun = time.monotonic()
    say(f"--- {name}")
    well = False
    try:
        with at_most(LONGEST_SECONDS[name]):
            module = importlib.import_module(f"benchmarks.bench_{name}")
            section: Section = module.run(folder / "run", root, quick, say)
        well = True
    except (Exception, SystemExit) as error:
        traceback.print_exc()
        section = Section(name, notes=[f"failed: {error!r}"])
    finally:
        shutil.rmtree(folder, ignore_errors=True)
    load = ", ".join(f"{value:.1f}" for value in os.getloadavg())
    section.notes.append(f"Took {time.monotonic() - begun:.0f} s; load average at the end {load}.")
    return section, well


def write(sections: dict[str, Section], root: Path, quick: bool) -> None:
    """Replaces the sections that were measured; the others stay as they were."""
    old = RESULTS.read_text("utf-8") if RESULTS.exists() else ""
    kept = {part.partition(" -->")[0]: part for part in old.split("<!-- ")[1:]}
    now = datetime.now(UTC).strftime("%Y-%m-%d %H:%M UTC")
    about = f"*{now}{', quick' if quick else ''}: {machine.describe(root)}.*"
    for name, section in sections.items():
        heading, _, rest = section.markdown().partition("\n")
        kept[name] = f"{name} -->\n{heading}\n\n{about}\n{rest}\n\n"
    RESULTS.write_text(HEADING + "\n" + "".join(f"<!-- {kept[name]}" for name in NAMES if name in kept), "utf-8")


def main() -> int:
    """The command; its exit status."""
    parser = argparse.ArgumentParser(description=__doc__, prog="python -m benchmarks")
    parser.add_argument("--only", action="append", choices=NAMES, help="this one only; may be given several times")
    parser.add_argument("--quick", action="store_true", help="shorter and coarser, a million people instead of ten")
    options = parser.parse_args()
    root = asterisk_root()
    sections: dict[str, Section] = {}
    failed = []
    for name in options.only or NAMES:
        sections[name], well = run_one(name, root, options.quick)
        say(sections[name].markdown())
        write({name: sections[name]}, root, options.quick)
        if not well:
            failed.append(name)
    missed = [figure.name for section in sections.values() for figure in section.figures if figure.met is False]
    say("\n".join(["", "Targets missed:", *missed]) if missed else "\nEvery target met.")
    if failed:
        say(f"Failed: {', '.join(failed)}")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
