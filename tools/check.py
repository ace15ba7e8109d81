"""``make check`` and ``make test``: every static check beside the tests without sockets, then the other tests alone.

    python tools/check.py [--all] [PYTEST-ARGUMENT…]

All checks run even when one fails; the exit status is 1 then. ``--all`` runs every tier, otherwise those without
sockets; a few failures among its real calls are tried once more, and said.
"""

import json
import os
import subprocess
import sys
import time
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

REPOSITORY = Path(__file__).resolve().parents[1]
PROGRAMS = Path(sys.executable).parent
QUICK_TIERS = ("unit", "wire")
REAL_TIME = ("tests/asterisk/", "tests/browser/")
LAST_FAILED = ".pytest_cache/v/cache/lastfailed"
FAILURES = 1  # pytest's exit status for failed tests
NO_TESTS = 5  # and when none was left by -k or -m
MOST_ONCE_MORE = 15
TIERS = (*QUICK_TIERS, "integration", "asterisk", "browser")


def say(text: str) -> None:
    """Prints one line at once."""
    print(text, flush=True)


def run(name: str, *arguments: str, environment: dict[str, str] | None = None) -> tuple[bool, str]:
    """Runs one check. Returns whether it passed, and what to say of it: its output when it failed."""
    begun = time.monotonic()
    result = subprocess.run(
        [PROGRAMS / arguments[0], *arguments[1:]],
        cwd=REPOSITORY,
        env={**os.environ, **(environment or {})},
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        check=False,
    )
    verdict = f"{name:<28}{'FAILED' if result.returncode else 'ok':<8}{time.monotonic() - begun:5.1f} s"
    return result.returncode == 0, "\n".join([verdict, result.stdout] if result.returncode else [verdict])


def static_checks() -> tuple[list[str], str]:
    """Names of the checks that failed, and what to say of all."""
    checks = [
        ("format", ["ruff", "format", "--check", "."], {}),
        ("lint", ["ruff", "check", "."], {}),
        ("floors", ["lint-imports"], {}),
        ("types", ["mypy"], {}),
        ("types of tools", ["mypy", "--no-namespace-packages", "tools"], {"MYPYPATH": "tools:tests"}),
        ("types of benchmarks", ["mypy", "benchmarks"], {}),
        # Two test modules of one name in two tiers are each fine alone and stop the whole run together.
        ("every test can be collected", ["pytest", "--collect-only", "-qq", "-p", "no:cacheprovider"], {}),
    ]
    # One run each: every tier has a conftest of its own. Without namespace packages, as tools, or tests/asterisk hides
    # pyst2's.
    checks += [
        (
            f"types of tests/{tier}",
            ["mypy", "--no-namespace-packages", f"tests/{tier}"],
            {"MYPYPATH": f"tests:tests/{tier}:tests/asterisk"},
        )
        for tier in TIERS
    ]
    # One after the other: mypy's runs share what they have found out.
    done = [(name, *run(name, *command, environment=environment)) for name, command, environment in checks]
    return [name for name, passed, _ in done if not passed], "\n".join(text for _, _, text in done)


def main(arguments: Sequence[str]) -> int:
    """Runs everything; returns the exit status."""
    everything = "--all" in arguments
    own = [argument for argument in arguments if argument != "--all"]
    named = any((REPOSITORY / argument.partition("::")[0]).exists() for argument in own)  # only these, then
    # What is checked without running it has one processor, the tests that do not look at the clock the other.
    with ThreadPoolExecutor(1) as beside:
        checking = beside.submit(static_checks)
        statuses = [] if named else [run_tests([*folders(QUICK_TIERS), *own])]
        failed, text = checking.result()
    say(f"\n{text}\n")
    if named or everything:
        statuses.append(run_tests([*([] if named else folders(TIERS[len(QUICK_TIERS) :])), *own]))
    status = max((status for status in statuses if status != NO_TESTS), default=NO_TESTS)
    if status == FAILURES and everything and not named:
        status = once_more()
    if failed:
        print(f"Failed beside the tests: {', '.join(failed)}", file=sys.stderr, flush=True)
    return 1 if failed or status else 0


def folders(tiers: Sequence[str]) -> list[str]:
    """Where the tests of these tiers are."""
    return [f"tests/{tier}" for tier in tiers if (REPOSITORY / "tests" / tier).is_dir()]


def run_tests(arguments: Sequence[str]) -> int:
    """pytest's exit status."""
    return subprocess.run([PROGRAMS / "pytest", "--durations=5", *arguments], cwd=REPOSITORY, check=False).returncode


def once_more() -> int:
    """A few real calls that failed are made once more, by themselves: they have deadlines of tenths of a second, and
    the machine has other work. What fails twice has failed; so has everything that does not hang on real time."""
    failures = list(json.loads((REPOSITORY / LAST_FAILED).read_text("utf-8")))
    in_real_time = [name for name in failures if name.startswith(REAL_TIME)]
    if not in_real_time or len(in_real_time) < len(failures) or len(failures) > MOST_ONCE_MORE:
        return FAILURES
    say("\nFailed in real time, tried once more by themselves:\n  " + "\n  ".join(in_real_time) + "\n")
    return run_tests(in_real_time)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
