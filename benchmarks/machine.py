"""On what it was measured."""

import os
import platform
from pathlib import Path

from dialplan.asterisk.command import find_program


def describe(root: Path) -> str:
    """One paragraph: processor, cores, memory, kernel, versions."""
    model = next(
        (line.partition(":")[2].strip() for line in _lines("/proc/cpuinfo") if line.startswith("model name")),
        platform.machine(),
    )
    memory = next(int(line.split()[1]) for line in _lines("/proc/meminfo") if line.startswith("MemTotal"))
    return (
        f"{model}, {os.cpu_count()} cores, {memory / 2**20:.0f} GiB memory, Linux {platform.release()}, Python"
        f" {platform.python_version()}, Asterisk {find_program(root).version}"
    )


def _lines(path: str) -> list[str]:
    return Path(path).read_text("utf-8").splitlines()
