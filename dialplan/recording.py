"""How a talk is recorded: what MixMonitor is given, by the dialplan and over the manager port."""

from pathlib import Path


def monitored(folder: Path, call: str, *, sides: bool) -> tuple[str, str]:
    """File and options of MixMonitor for the call of this name: only while connected (b), added to what is there (a),
    each side in a file of its own, or both in one."""
    if sides:
        return "", f"abr({folder}/{call}-caller.ulaw)t({folder}/{call}-agent.ulaw)"
    return f"{folder}/{call}-mixed.ulaw", "ab"
