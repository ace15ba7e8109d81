"""How much memory this process has had at most."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path


@dataclass
class Grown:
    """``megabytes``: more than at the beginning, at the worst moment."""

    megabytes: float = 0.0


@contextmanager
def memory_grown() -> Iterator[Grown]:
    """Measures what is done in it, whatever the process had needed before."""
    Path("/proc/self/clear_refs").write_text("5")  # the peak is what it is now (proc(5))
    before, grown = _peak(), Grown()
    yield grown
    grown.megabytes = (_peak() - before) / 1024


def _peak() -> int:
    status = Path("/proc/self/status").read_text()
    return int(status.partition("VmHWM:")[2].split()[0])  # KB
