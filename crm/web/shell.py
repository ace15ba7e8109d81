"""Pages for people who are logged in: the frame around a feature's page, in the visitor's language.

A feature has ``words.py`` (language → key → text) and templates that extend ``page.html``. In a template: ``words``
(the feature's) and ``common``, ``language``, ``visitor``, ``csrf``, ``path``, ``house``, and the functions `long_date`,
`short_date`, `clock`, `date_and_time`, `length` of `crm.web.dates`, zone and language filled in.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, tzinfo
from functools import partial
from pathlib import Path
from typing import Any, Final, Protocol

from fastapi import Request
from fastapi.responses import HTMLResponse

from crm.web import dates
from crm.web.common_words import COMMON
from crm.web.pages import environment, language_of

Words = Mapping[str, Mapping[str, str]]


class Guest(Protocol):
    """Whoever is logged in (`crm.staff.access.Visitor`)."""

    @property
    def language(self) -> str | None: ...
    @property
    def csrf(self) -> str: ...
    @property
    def role(self) -> str: ...


@dataclass(frozen=True, slots=True)
class NavigationItem:
    """A place in the bar above every page. ``roles``: who sees it; administrators see all. ``badge``: name of a count
    that the page's script fills in. ``room``: it stands in the menu of the supervisor's room, not in the bar itself.
    ``rooms_behind``: paths of further pages that belong to it. ``own``: about the visitor's own work, so that
    administrators have none."""

    path: str
    th: str
    en: str
    roles: tuple[str, ...]
    badge: str | None = None
    room: bool = False
    rooms_behind: tuple[str, ...] = ()
    own: bool = False

    def has(self, path: str) -> bool:
        """Whether the page at ``path`` belongs to this place."""
        return any(path == one or path.startswith(f"{one}/") for one in (self.path, *self.rooms_behind))

    def label(self, language: str) -> str:
        """Its text."""
        return self.th if language == "th" else self.en


@dataclass(frozen=True, slots=True, kw_only=True)
class House:
    """What all pages know of the installation. ``fonts``, ``scripts``: npm's parts are there."""

    name_th: str
    name_en: str
    zone: tzinfo
    languages: Sequence[str] = ("th", "en")
    fonts: bool = False
    scripts: bool = False
    version: str = "0"
    navigation: Sequence[NavigationItem] = field(default_factory=tuple)

    def name(self, language: str) -> str:
        """Of the hotline."""
        return self.name_th if language == "th" else self.name_en


class Pages:
    """Renders the pages of one feature."""

    def __init__(self, house: House, words: Words, *folders: Path) -> None:
        self._house = house
        self._words = words
        self._templates = environment(*folders, fonts=house.fonts, version=house.version)

    def language(self, request: Request, guest: Guest | None = None) -> str:
        """``?lang=``, else the account's, else the browser's, else the site's first."""
        wanted = request.query_params.get("lang") or (guest.language if guest else None)
        return language_of(wanted, request.headers.get("accept-language"), self._house.languages[0])

    def page(
        self, request: Request, guest: Guest | None, template: str, *, status: int = 200, **values: Any
    ) -> HTMLResponse:
        """A whole page, or whatever the template is."""
        return HTMLResponse(self.text(request, guest, template, **values), status_code=status)

    def text(self, request: Request, guest: Guest | None, template: str, **values: Any) -> str:
        """The same as text."""
        language = self.language(request, guest)
        return self._templates.get_template(template).render(**self.values(language, guest, request.url.path), **values)

    def values(self, language: str, guest: Guest | None = None, path: str = "") -> dict[str, Any]:
        """What every template knows."""
        zone = self._house.zone
        return {
            "language": language,
            "other_language": "en" if language == "th" else "th",
            "words": self._words[language],
            "common": COMMON[language],
            "visitor": guest,
            "csrf": guest.csrf if guest else "",
            "path": path,
            "house": self._house,
            "navigation": _seen_by(self._house.navigation, guest),
            "long_date": partial(_long_date, zone=zone, language=language),
            "short_date": partial(_short_date, zone=zone, language=language),
            "clock": partial(dates.clock, zone=zone),
            "date_and_time": partial(dates.date_and_time, zone=zone, language=language),
            "length": dates.length,
        }


def _seen_by(navigation: Sequence[NavigationItem], guest: Guest | None) -> list[NavigationItem]:
    if guest is None:
        return []
    return [item for item in navigation if guest.role in item.roles or (guest.role == ADMINISTRATOR and not item.own)]


def _local_date(at: date, zone: tzinfo) -> date:
    return at.astimezone(zone).date() if isinstance(at, datetime) else at


def _long_date(at: date, *, zone: tzinfo, language: str) -> str:
    return dates.long_date(_local_date(at, zone), language)


def _short_date(at: date, *, zone: tzinfo, language: str) -> str:
    return dates.short_date(_local_date(at, zone), language)


ADMINISTRATOR: Final = "administrator"
