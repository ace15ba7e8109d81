"""The settings of the database and of what writes to it; a section each of ``hotline.toml``."""

from ipaddress import ip_network
from pathlib import Path
from typing import Annotated, Literal, Self

from pydantic import Field, StringConstraints, field_validator, model_validator

from dialplan.sections import MailAddress, Network, Section, Text

DATABASE_FILE = "hotline.sqlite3"
ClockTime = Annotated[str, StringConstraints(pattern=r"^(([01]\d|2[0-3]):[0-5]\d)?$")]


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
        0.015,
        ge=0,
        le=0.1,
        description="How long to gather what belongs together before it is written. (A busy line: always 15 ms.)",
    )
    batch_calls: int = Field(500, ge=1, le=5000, description="Most calls in one transaction.")


class WebSettings(Section):
    """How people reach our pages: by TLS of our own, through a reverse proxy, or on this machine only."""

    public_url: str = Field(
        "",
        pattern=r"^(https?://[A-Za-z0-9.:\[\]_-]+)?$",
        description="Our pages as people reach them (https://1169.example.go.th): for links. Empty: address and port.",
    )
    certificate: Path | None = Field(
        None, description="Certificate with its chain (PEM): the pages are served by https."
    )
    key: Path | None = Field(None, description="Its private key (PEM, without a password).")
    trusted_proxies: tuple[Network, ...] = Field(
        (), description="Reverse proxies: addresses or networks whose X-Forwarded-For and -Proto are believed."
    )
    metrics_from: tuple[Network, ...] = Field(
        (), description="Networks that may read /metrics; this machine always may."
    )

    @field_validator("trusted_proxies", "metrics_from")
    @classmethod
    def _networks(cls, value: tuple[str, ...]) -> tuple[str, ...]:
        for network in value:
            ip_network(network, strict=False)
        return value

    @model_validator(mode="after")
    def _both(self) -> Self:
        if (self.certificate is None) != (self.key is None):
            raise ValueError("certificate and key belong together: set both, or none")
        return self


class MailServer(Section):
    """A further mail server, for letters when those before it are away or have their fill; as often as needed."""

    server: str = Field("", pattern=r"^[A-Za-z0-9.:_-]*$", description="Mail server; empty: no letters are sent.")
    port: int = Field(587, ge=1, le=65535, description="Its port.")
    security: Literal["starttls", "tls", "none"] = Field(
        "starttls", description="How the connection is made safe: none only on this machine or a network of ours."
    )
    username: Text = Field("", description="User name, when the server wants one.")
    password_env: str = Field("", description="Environment variable that holds the password.")
    letters_per_minute: int = Field(
        60, ge=1, le=6000, description="Most letters that this server is given in a minute."
    )
    timeout_seconds: int = Field(30, ge=1, le=600, description="How long the server may take for each step.")

    @model_validator(mode="after")
    def _has_password(self) -> Self:
        if self.username and not self.password_env:
            raise ValueError("username needs password_env, the environment variable of its password")
        return self


class MailSettings(MailServer):
    """Letters by e-mail. Without a server they are kept, not sent, and the pages say so."""

    sender: MailAddress = Field("", description="Address that letters come from.")
    reply_to: MailAddress = Field("", description="Address that answers go to; empty: the sender.")
    attached_mb: int = Field(
        10, ge=0, le=100, description="Most that is attached to a letter; larger files go as links that expire."
    )
    link_days: int = Field(14, ge=1, le=365, description="How long such a link gives its file.")

    @model_validator(mode="after")
    def _complete(self) -> Self:
        if self.server and not self.sender:
            raise ValueError("letters need a sender, such as 1169@example.go.th")
        return self


class BounceSettings(Section):
    """The mailbox (IMAP) where letters that could not be delivered come back: that of the sender's address."""

    server: str = Field("", pattern=r"^[A-Za-z0-9.:_-]*$", description="IMAP server; empty: none is looked at.")
    port: int = Field(993, ge=1, le=65535, description="Its port.")
    security: Literal["tls", "starttls", "none"] = Field(
        "tls", description="starttls is for port 143; none only on this machine or a network of ours."
    )
    username: Text = Field("", description="User name.")
    password_env: str = Field("", description="Environment variable that holds the password.")
    folder: Text = Field("INBOX", description="Folder. Only what came back is marked as read; nothing is deleted.")
    look_seconds: int = Field(120, ge=10, le=3600, description="How often it is looked at.")


class BasketSettings(Section):
    """Baskets (H5, H6): what callers are sent, and the summary page (W7)."""

    file_mb: int = Field(50, ge=1, le=200, description="Largest file that may be dropped into a basket.")
    chromium: Path | None = Field(
        None, description="Chromium or Chrome on this machine: the summary page as PDF. Without it, browsers print it."
    )


class CardSettings(Section):
    """Transfer cards (K4): when the office's answer is due, and how it is reminded. Departments set their own times."""

    answer_days: int = Field(1, ge=0, le=60, description="Working days until an answer is due.")
    answer_hours: int = Field(0, ge=0, le=100, description="Working hours on top of those days.")
    remind_hours: int = Field(2, ge=0, le=100, description="Hours before it is due that the office is reminded.")
    link_days: int = Field(30, ge=1, le=365, description="How long a link in a letter opens its card.")


class BriefSettings(Section):
    """The brief before the day and the summary after it (L9), as pages and as letters to the team."""

    morning: ClockTime = Field("08:15", description="When the brief is sent, on days with opening hours; empty: never.")
    evening: ClockTime = Field("18:40", description="When the summary is sent, likewise.")
    recipients: tuple[MailAddress, ...] = Field(
        (), description="Addresses; empty: everybody of the team whose account has one."
    )
    language: Literal["th", "en"] = Field("th", description="Language of the letters.")


class StaffingSettings(Section):
    """How many agents are needed (H1): what is promised, and from how much of the past it is reckoned."""

    target: float = Field(0.95, gt=0, lt=1, description="Share of calls to be answered within answer_within_seconds.")
    away: float = Field(
        0.1, ge=0, le=0.8, description="Share of the agents on the roster who are not at their telephone at a time."
    )
    weeks: int = Field(8, ge=2, le=52, description="Weeks from which usual days, handling and patience are learnt.")
    history_weeks: int = Field(
        52, ge=4, le=104, description="Weeks that are looked at for what days after holidays bring."
    )
