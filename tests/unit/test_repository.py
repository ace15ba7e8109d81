"""What holds for the repository as a whole: documents, requirements, recipes."""

import re
import subprocess
from pathlib import Path

import pytest

REPOSITORY = Path(__file__).parents[2]
LINK = re.compile(r"\[[^\]]*\]\(([^)#\s]+)(?:#[^)]*)?\)")
MAKE = re.compile(r"`make ([a-z]+)")
HOST = re.compile(r"https?://|(?:[a-z0-9-]+\.)+(?:org|com|io|net)/", re.IGNORECASE)
MACHINE = re.compile(r"(?<![\w./])/(?:work|home|root/\.)[/\w]")


def tracked(*patterns: str) -> list[Path]:
    listing = subprocess.run(
        ["git", "-c", "safe.directory=*", "ls-files", "-z", *patterns],
        cwd=REPOSITORY,
        capture_output=True,
        check=True,
    ).stdout
    paths = [REPOSITORY / name for name in listing.decode().split("\0") if name]
    return [path for path in paths if path.is_file()]


def test_documents_lead_to_files_that_exist() -> None:
    documents = tracked("*.md")
    assert documents
    broken = [
        f"{document.relative_to(REPOSITORY)}: {target}"
        for document in documents
        for target in LINK.findall(document.read_text())
        if ":" not in target and not (document.parent / target).exists()
    ]
    assert broken == []


def test_documents_name_targets_that_make_has() -> None:
    targets = set(re.findall(r"^([a-z]+):", (REPOSITORY / "Makefile").read_text(), re.MULTILINE))
    assert {"demo", "test", "check", "bench", "run", "clean", "help"} <= targets
    named = {name for document in tracked("*.md") for name in MAKE.findall(document.read_text())}
    assert named <= targets


def test_a_newcomer_finds_every_folder() -> None:
    """Each says in its ``__init__`` what it is for, and the map of features names it."""
    packages = [path for path in tracked("*/__init__.py") if path.parent.name != "versions"]
    assert len(packages) > 40
    assert [str(path) for path in packages if not path.read_text().startswith('"""')] == []
    features = {path.parent.name for path in packages if path.parent.parent.name == "crm"} - {"migrations"}
    named = set(re.findall(r"`(\w+)`", (REPOSITORY / "docs/architecture.md").read_text()))
    assert features - named == set()


@pytest.mark.parametrize(
    "name", ["build.txt", "runtime.txt", "develop.txt", "node.txt", "build.in", "runtime.in", "develop.in", "node.in"]
)
def test_requirements_name_no_host(name: str) -> None:
    text = (REPOSITORY / "requirements" / name).read_text()
    assert text
    assert HOST.findall(text) == []
    assert "--index-url" not in text
    assert "--find-links" not in text


def test_every_requirement_is_pinned_with_hashes() -> None:
    for name in ("build.txt", "runtime.txt", "develop.txt", "node.txt"):
        text = (REPOSITORY / "requirements" / name).read_text()
        lines = [line for line in text.splitlines() if line and not line.startswith(("#", " "))]
        assert lines
        assert [line for line in lines if not re.fullmatch(r"[a-z0-9._-]+==\S+ \\", line, re.IGNORECASE)] == []
        assert len(re.findall(r"--hash=sha256:[0-9a-f]{64}", text)) >= len(lines)


def test_lock_of_the_pages_names_no_addresses() -> None:
    assert '"resolved"' not in (REPOSITORY / "package-lock.json").read_text()


def test_nothing_names_a_folder_of_one_machine() -> None:
    found = []
    for path in tracked():
        if path.suffix == ".ulaw" or path == Path(__file__):
            continue
        for number, line in enumerate(path.read_text(errors="replace").splitlines(), 1):
            if MACHINE.search(line):
                found.append(f"{path.relative_to(REPOSITORY)}:{number}: {line.strip()[:100]}")
    assert found == []
