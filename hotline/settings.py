"""The settings: one file ``hotline.toml`` plus the environment, checked as a whole before anything starts.

``HOTLINE_PORTS__WEB=8080`` in the environment overrides ``web`` in the section ``[ports]`` (two underscores between).
"""

import json
import os
import re
import stat
import tomllib
from collections.abc import Iterable
from pathlib import Path
from typing import Literal, Self

from pydantic import Field, PrivateAttr, ValidationError
from pydantic_settings import BaseSettings, PydanticBaseSettingsSource, SettingsConfigDict
from pydantic_settings import SettingsError as EnvironmentUnreadable

from crm.people.numbers import is_country
from crm.settings import (
    BasketSettings,
    BounceSettings,
    BriefSettings,
    CardSettings,
    DatabaseSettings,
    MailServer,
    MailSettings,
    RecorderSettings,
    StaffingSettings,
    WebSettings,
)
from dialplan.asterisk.layout import AsteriskFolders
from dialplan.sections import Section
from dialplan.site import HotlineSite, Problem
from hotline.people_overlay import PeopleOverlay, merged
from hotline.people_overlay import read as read_overlay
from hotline.settings_faults import all_faults

DEFAULT_FILE = Path("hotline.toml")
FILE_VARIABLE = "HOTLINE_FILE"


class ServiceSection(Section):
    """How the service itself runs."""

    log: Literal["text", "json"] = Field("text", description="Form of the log on standard error.")
    log_level: Literal["DEBUG", "INFO", "WARNING", "ERROR"] = Field("INFO", description="How much is logged.")
    agi_calls: int = Field(200, ge=1, le=5000, description="Calls asking the service at once; others go on without.")
    instance: str = Field("main", pattern="^[a-z][a-z0-9-]{0,30}$", description="Name of this Asterisk instance.")


class SettingsError(Exception):
    """The settings cannot be used; ``problems`` names every fault with its line."""

    def __init__(self, path: Path, problems: list[str]) -> None:
        self.path = path
        self.problems = problems
        super().__init__(f"{path}: {len(problems)} problem(s)\n" + "\n".join(f"  {problem}" for problem in problems))


class Settings(BaseSettings, HotlineSite):
    """Everything the product can be told."""

    model_config = SettingsConfigDict(
        env_prefix="HOTLINE_",
        env_nested_delimiter="__",
        extra="forbid",
        frozen=True,
        nested_model_default_partial_update=True,
    )

    database: DatabaseSettings = Field(default_factory=DatabaseSettings)
    recorder: RecorderSettings = Field(default_factory=RecorderSettings)
    web: WebSettings = Field(default_factory=WebSettings)
    mail: MailSettings = Field(default_factory=MailSettings)
    mail_servers: tuple[MailServer, ...] = ()
    bounces: BounceSettings = Field(default_factory=BounceSettings)
    basket: BasketSettings = Field(default_factory=BasketSettings)
    cards: CardSettings = Field(default_factory=CardSettings)
    staffing: StaffingSettings = Field(default_factory=StaffingSettings)
    briefs: BriefSettings = Field(default_factory=BriefSettings)
    service: ServiceSection = Field(default_factory=ServiceSection)
    _of_file: Self | None = PrivateAttr(None)
    _people_problems: tuple[str, ...] = PrivateAttr(())

    def problems(self) -> list[Problem]:
        """What does not fit together, or to the world."""
        if is_country(self.site.country):
            return super().problems()
        place = ("site", "country")
        return [*super().problems(), Problem(place, "there is no such country; two letters of ISO 3166, such as TH")]

    @classmethod
    def settings_customise_sources(
        cls,
        settings_cls: type[BaseSettings],
        init_settings: PydanticBaseSettingsSource,
        env_settings: PydanticBaseSettingsSource,
        dotenv_settings: PydanticBaseSettingsSource,
        file_secret_settings: PydanticBaseSettingsSource,
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        """The environment goes before the file."""
        return env_settings, init_settings

    @property
    def of_file(self) -> Self:
        """What hotline.toml and the environment say, without the people and departments of the database."""
        return self if self._of_file is None else self._of_file

    @property
    def people_problems(self) -> tuple[str, ...]:
        """What of the database's people and departments could not be taken in, in plain words."""
        return self._people_problems

    def with_people(self, overlay: PeopleOverlay, problems: Iterable[str] = ()) -> Self:
        """The settings with these people and departments in place of those they had from the database."""
        base = self.of_file
        settings, more = merged(base, overlay)
        settings._of_file = base
        settings._people_problems = (*problems, *more)
        return settings

    @property
    def state(self) -> Path:
        """The state folder, absolute."""
        return self.site.state_folder

    def make_state(self) -> None:
        """Makes the state folder. Callers' numbers and voices are in it: nothing there is for other users' eyes."""
        self.state.mkdir(mode=0o750, parents=True, exist_ok=True)
        found = self.state.stat()
        if found.st_uid == os.geteuid() and found.st_mode & 0o007:
            self.state.chmod(stat.S_IMODE(found.st_mode) & ~0o007)

    @property
    def database_url(self) -> str:
        """The database in use."""
        return self.database.resolved_url(self.state)

    @property
    def messages_folder(self) -> Path:
        """Where callers' messages are kept."""
        return self.state / "messages"

    @property
    def recordings_folder(self) -> Path:
        """Where recordings of talks are kept; Asterisk writes into ``spool`` there."""
        return self.state / "recordings"

    @property
    def address(self) -> str:
        """Where people reach our pages: ``https://1169.example.go.th``, without a path."""
        if self.web.public_url:
            return self.web.public_url
        host = "127.0.0.1" if self.ports.web_bind == "0.0.0.0" else self.ports.web_bind
        host = f"[{host}]" if ":" in host else host
        return f"{'https' if self.web.certificate else 'http'}://{host}:{self.ports.web}"

    def asterisk_folders(self) -> AsteriskFolders:
        """The folders of this installation's Asterisk."""
        return AsteriskFolders.for_instance(
            self.state,
            self.service.instance,
            install_root=self.asterisk.root,
            use_system=self.asterisk.use == "system",
        )


def settings_path(given: Path | None = None) -> Path:
    """The file in use: the one given, else ``$HOTLINE_FILE``, else ``hotline.toml`` here."""
    return given or Path(os.environ.get(FILE_VARIABLE) or DEFAULT_FILE)


def load(path: Path | None = None) -> Settings:
    """Reads and checks the settings, with the people and departments of the database as they were last written down.

    Raises SettingsError that names every fault of the file with its line.
    """
    path = settings_path(path)
    try:
        text = path.read_text("utf-8")
    except FileNotFoundError:
        raise SettingsError(path, ["there is no such file; write a first one with: hotline init"]) from None
    except (OSError, UnicodeDecodeError) as error:
        raise SettingsError(path, [f"cannot be read: {error}"]) from error
    settings = parse(text, path)
    return settings.with_people(*read_overlay(settings.state))


def parse(text: str, path: Path) -> Settings:
    """Checks the text of a settings file; relative folders are taken from where the file lies."""
    try:
        values = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise SettingsError(path, [f"not valid TOML: {error}"]) from error
    try:
        settings = Settings(**values)
    except ValidationError as error:
        raise SettingsError(path, all_faults(error, values, text, lambda mended: Settings(**mended))) from error
    except EnvironmentUnreadable as error:
        raise SettingsError(path, [_environment_fault(error)]) from error
    folder = path.absolute().parent
    site = settings.site.model_copy(update={"state_folder": folder / settings.site.state_folder})
    return settings.model_copy(
        update={
            "site": site,
            "asterisk": _placed(settings.asterisk, folder, "root", "studio_folder"),
            "web": _placed(settings.web, folder, "certificate", "key"),
            "basket": _placed(settings.basket, folder, "chromium"),
        }
    )


def _placed(section: Section, folder: Path, *keys: str) -> Section:
    """The section with its relative paths below ``folder``."""
    paths = {key: folder / value for key in keys if (value := getattr(section, key)) is not None}
    return section.model_copy(update=paths)


def _environment_fault(error: EnvironmentUnreadable) -> str:
    """Lists and tables must be JSON in the environment; which variable was not."""
    section = re.search(r'field "(\w+)"', str(error))
    prefix = f"HOTLINE_{section[1].upper() if section else ''}"
    bad = [name for name, value in os.environ.items() if name.upper().startswith(prefix) and not _is_json(value)]
    named = " or ".join(sorted(bad)) or f"{prefix}…"
    return f"""environment {named}: lists and tables are written as JSON there, such as '["08:30-16:30"]'"""


def _is_json(text: str) -> bool:
    try:
        json.loads(text)
    except ValueError:
        return False
    return True
