"""Log lines on standard error, as text for people or as JSON for machines. Never personal data."""

import json
import logging
import sys
from datetime import UTC, datetime
from pathlib import Path


class _Json(logging.Formatter):
    def format(self, record: logging.LogRecord) -> str:
        line = {
            "at": datetime.fromtimestamp(record.created, UTC).isoformat(),
            "level": record.levelname,
            "logger": record.name,
            "text": record.getMessage(),
        }
        if record.exc_info:
            line["trace"] = self.formatException(record.exc_info)
        return json.dumps(line, ensure_ascii=False)


def _quieten() -> None:
    """Others' loggers that say too much: callers' numbers are in the frames of web sockets."""
    logging.getLogger("alembic").setLevel(logging.WARNING)
    for name in ("websockets", "uvicorn.error"):
        logging.getLogger(name).setLevel(logging.INFO)


def set_up(form: str, level: str) -> None:
    """Once, at the start of a program that runs on."""
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(_Json() if form == "json" else logging.Formatter("%(asctime)s %(levelname)-7s %(message)s"))
    logging.basicConfig(level=level, handlers=[handler], force=True)
    _quieten()


def set_up_file(path: Path) -> None:
    """Into a file, when the terminal shows something else."""
    handler = logging.FileHandler(path, encoding="utf-8")
    handler.setFormatter(logging.Formatter("%(asctime)s %(levelname)-7s %(message)s"))
    logging.basicConfig(level="INFO", handlers=[handler], force=True)
    _quieten()
