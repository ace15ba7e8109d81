"""The settings of the database and of what writes to it; a section each of ``hotline.toml``."""

from pathlib import Path

from pydantic import Field

from dialplan.site import Section

DATABASE_FILE = "hotline.sqlite3"


class DatabaseSettings(Section):
    """Where everything that happened is kept."""

    url: str = Field(
        "",
        description=(
            "Database: empty for a SQLite file in the state folder, or postgresql://user@host/name "
            "(the password comes from PGPASSWORD or ~/.pgpass, never from this file)."
        ),
    )
    busy_timeout_seconds: float = Field(
        5.0, ge=0.1, le=60, description="SQLite: how long to wait for another writer before trying again."
    )
    pool_size: int = Field(8, ge=1, le=200, description="PostgreSQL: connections kept open.")

    def resolved_url(self, state_folder: Path) -> str:
        """The URL in use: the one set here, or the SQLite file in ``state_folder``."""
        return self.url or f"sqlite:///{state_folder / DATABASE_FILE}"


class RecorderSettings(Section):
    """How calls are written down."""

    gather_seconds: float = Field(
        0.005, ge=0, le=0.01, description="How long to gather changes before writing them in one transaction."
    )
    batch_calls: int = Field(500, ge=1, le=5000, description="Most calls in one transaction.")
