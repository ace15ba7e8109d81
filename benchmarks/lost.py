"""Where a call was lost that did not go as it should: what the caller saw, what the agent saw, what Asterisk's journal
and the database have of it, and what SIPp and Asterisk complained of."""

import re
import sqlite3
from pathlib import Path

from benchmarks import sipp
from benchmarks.rig import Dialplan, Installation

DIGITS = 8  # tell callers apart however a number is written
EXPLAINED = 5
FACTS = re.compile(r"\|(ARRIVED|QUEUED|ANSWERED|LEFT|AGENTLEFT|ASSISTANT|SURVEYASKED|SURVEY|ENDED)\|")


def explain(installation: Installation, made: sipp.Made, journal: int, log: int, folder: Path) -> list[str]:
    """A line for each of the first calls that were not what they should be, then the complaints. ``journal``, ``log``:
    where Asterisk's files ended before, bytes; ``folder``: SIPp's."""
    with (installation.folders.log / "queue_log").open("rb") as file:
        file.seek(journal)
        lines = file.read().decode("utf-8", "replace").splitlines()
    rows = {} if installation.service is None else _rows(installation.database)
    found = []
    for number in made.numbers:
        story = _story(lines, number)
        text = _where(made.moments.get(number, {}), story, rows.get(number[-DIGITS:]), installation)
        if text:
            found.append(f"{number}: {text}")
    if not found:
        return []
    more = [f"… and {len(found) - EXPLAINED} more"] if len(found) > EXPLAINED else []
    return [*found[:EXPLAINED], *more, *_complaints(folder, installation, log)]


def _story(lines: list[str], number: str) -> list[str]:
    """``event``, or ``event data at seconds after arrival``, of all that the journal has of this caller's call."""
    mine = [line.split("|") for line in lines if "|ARRIVED|" in line or "|ENTERQUEUE|" in line]
    call = next((part[1] for part in mine if any(number[-DIGITS:] in piece for piece in part[5:])), None)
    if call is None:
        return []
    found = []
    arrived = 0.0
    for line in lines:
        if f"|{call}|" in line:
            word, *data = line.split("|")[4:]
            if FACTS.search(line):
                arrived = arrived or float(data[0])
                found.append(f"{word} {'|'.join(data[1:])} {float(data[0]) - arrived:+.3f}")
            else:
                found.append(word)
    return found


def _where(
    seen: dict[str, float], story: list[str], row: tuple[object, ...] | None, installation: Installation
) -> str | None:
    """What is wrong with a call, None when nothing is."""
    at = ", ".join(f"{what} {seen[what] - seen['called']:+.3f} s" for what in seen if "called" in seen)
    words = {line.split(" ", 1)[0] for line in story}
    key_told = any(line.startswith("SURVEY ") and "|answered " in line for line in story)
    good = row is None or (row[1] == "answered" and row[2] == sipp.KEY and row[3] == "agent" and row[4] is not None)
    if "called" not in seen:
        where = "SIPp never made it"
    elif not story:
        where = "Asterisk's journal has nothing of it: lost before or in front of the dialplan"
    elif "connected" not in seen:
        where = "the caller was never answered"
    elif "answered" not in seen:
        where = "no agent's telephone answered it"
    elif "ended" not in seen:
        where = "the caller was not hung up on in time"
    elif installation.dialplan is Dialplan.BARE:
        where = "the key was not read" if "NOKEY" in words else ""
    elif not key_told:
        where = "the key was not read"
    elif installation.service is not None and row is None:
        where = "the journal has it, the database does not"
    else:
        where = "" if good else f"recorded wrongly: {row}"
    if not where:
        return None
    return f"{where}; SIPp: {at or 'nothing'}; journal: {' > '.join(story) or 'nothing'}; recorded: {row or 'nothing'}"


def _rows(database: Path) -> dict[str, tuple[object, ...]]:
    """Last digits of the caller's number → call id, outcome, key, who ended it, when."""
    with sqlite3.connect(f"file:{database}?mode=ro", uri=True) as connection:
        rows = connection.execute(
            "SELECT caller_number, call_id, outcome, survey_key, ended_by, ended_at FROM calls"
        ).fetchall()
    connection.close()
    return {str(row[0])[-DIGITS:]: tuple(row[1:]) for row in rows}


def _complaints(folder: Path, installation: Installation, log: int) -> list[str]:
    """The last of SIPp's and of Asterisk's warnings and errors."""
    found = []
    for path in sorted(folder.glob("*.errors")):
        texts = [line for line in path.read_text("utf-8", "replace").splitlines() if re.match(r"\d{4}-", line)]
        found += [f"{path.name}: {line[:200]}" for line in texts[-3:]]
    full = installation.folders.log / "full"
    if full.exists():
        lines = full.read_bytes()[log:].decode("utf-8", "replace").splitlines()
        found += [f"Asterisk: {line[:200]}" for line in lines if "WARNING[" in line or "ERROR[" in line][-3:]
    return found
