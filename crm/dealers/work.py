"""Reading, checking and importing a table of dealers in a process of its own: 50,000 lines are many seconds of work
that calls must not wait for. Run as ``python -m crm.dealers.work``; told by JSON on standard input, answers in JSON."""

import json
import os
import subprocess
import sys
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final

from crm.database import open_engine, reading, writing
from crm.dealers.service import compare, import_rows, index_pending
from crm.dealers.tables import BadTable, read_table

MOST_FAULTS: Final = 1_000
_LONGEST_SECONDS: Final = 600


@dataclass(frozen=True, slots=True)
class By:
    """Who imports (`crm.audit.service.Doer`)."""

    staff_id: int
    username: str


def run_apart(told: Mapping[str, Any]) -> dict[str, Any]:
    """Does `work` in another process and gives its answer; ``{"problem": "failed"}`` when it could not."""
    try:
        done = subprocess.run(
            [sys.executable, "-m", "crm.dealers.work"],
            input=json.dumps(told).encode(),
            capture_output=True,
            timeout=_LONGEST_SECONDS,
            check=True,
        )
        answer: dict[str, Any] = json.loads(done.stdout)
    except (subprocess.SubprocessError, ValueError, OSError):
        return {"problem": "failed"}
    return answer


def index_apart(url: str) -> "subprocess.Popen[bytes]":
    """Begins to write what waits into the index, in another process that ends by itself."""
    process = subprocess.Popen(
        [sys.executable, "-m", "crm.dealers.work"], stdin=subprocess.PIPE, stdout=subprocess.DEVNULL
    )
    if process.stdin is not None:
        process.stdin.write(json.dumps({"url": url, "index": True}).encode())
        process.stdin.close()
    return process


def work(told: Mapping[str, Any]) -> dict[str, Any]:
    """``url`` of the database; ``path``, ``name`` of the file; ``apply``: import it when it has no fault; ``by``:
    staff id and user name; ``index``: only write what waits into the index."""
    engine = open_engine(told["url"], busy_timeout_seconds=30.0)
    try:
        if told.get("index"):
            return {"indexed": index_pending(engine)}
        return _import(engine, told)
    finally:
        engine.dispose()


def _import(engine: Any, told: Mapping[str, Any]) -> dict[str, Any]:
    try:
        table = read_table(Path(told["path"]), told["name"], country=told.get("country", "TH"))
    except BadTable as bad:
        return {"problem": bad.code}
    answer: dict[str, Any] = {
        "lines": table.lines,
        "bad_lines": table.bad_lines,
        "faults": [asdict(fault) for fault in table.faults[:MOST_FAULTS]],
        "applied": False,
    }
    if told.get("apply") and not table.faults:
        doer = By(*told["by"]) if told.get("by") else None
        with writing(engine) as connection:
            changes = import_rows(connection, table.rows, datetime.now(UTC), doer)
        return answer | asdict(changes) | {"applied": True}
    with reading(engine) as connection:
        return answer | asdict(compare(connection, table.rows))


if __name__ == "__main__":
    os.nice(10)
    sys.stdout.write(json.dumps(work(json.loads(sys.stdin.buffer.read())), ensure_ascii=True))
