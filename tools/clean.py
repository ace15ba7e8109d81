"""``make clean``: removes what ``make`` made. Ends nothing: while a hotline of this clone runs, nothing is removed."""

import os
import shutil
import sys
from pathlib import Path

REPOSITORY = Path(__file__).resolve().parents[1]
MADE = (
    *(".venv", ".state", ".cache", "node_modules", "build", "dist", "hotline.egg-info"),
    *(".mypy_cache", ".ruff_cache", ".pytest_cache", ".hypothesis", ".import_linter_cache"),
)


def running_from(folders: list[Path]) -> list[int]:
    """Processes of this user whose program or current folder lies in one of the folders."""
    found = []
    for process in Path("/proc").iterdir():
        if not process.name.isdigit() or int(process.name) == os.getpid():
            continue
        try:
            arguments = (process / "cmdline").read_bytes().decode(errors="replace").split("\0")
            places = [arguments[0], str((process / "exe").readlink()), str((process / "cwd").readlink())]
        except OSError:  # ended meanwhile, or another user's
            continue
        if any(place.startswith(f"{folder}/") or place == str(folder) for place in places for folder in folders):
            found.append(int(process.name))
    return found


def main() -> None:
    """Removes everything, or says what still runs."""
    folders = [REPOSITORY / name for name in MADE if (REPOSITORY / name).exists()]
    running = running_from(folders)
    if running:
        sys.exit(
            f"Nothing was removed: processes {', '.join(map(str, running))} run out of this clone. "
            "End them first (Ctrl-C, or `hotline asterisk stop`)."
        )
    for folder in folders:
        print(f"Removing {folder.name}", flush=True)
        shutil.rmtree(folder)
    for folder in REPOSITORY.rglob("__pycache__"):
        shutil.rmtree(folder)


if __name__ == "__main__":
    main()
