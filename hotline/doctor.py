"""Looks at every part of an installation and says what to do about each that is not well. Changes nothing."""

import socket
import time
from collections.abc import Callable, Iterator
from datetime import UTC, datetime

from click import ClickException
from sqlalchemy.exc import SQLAlchemyError

from ami_listener.actions import Ping
from crm import database
from dialplan import render
from dialplan.asterisk import control
from dialplan.asterisk.doctor import Check
from dialplan.asterisk.doctor import checks as asterisk_checks
from dialplan.asterisk.errors import AsteriskError
from dialplan.prompts.errors import PromptsError
from dialplan.prompts.install import verify_installed
from dialplan.secrets import SecretMissing
from hotline import pbx
from hotline.asking import ask_asterisk
from hotline.certificate import BadCertificate, check_certificate, holds_until
from hotline.mail_check import check_mail
from hotline.nat_check import check_addresses
from hotline.settings import Settings

RENEW_DAYS = 14
CLOCK_SECONDS = 1.0
AGI_SECONDS = 1.0


def examine(settings: Settings) -> Iterator[Check]:
    """Every check, in the order in which things are needed."""
    folders = settings.asterisk_folders()
    running = control.is_running(folders)
    yield from asterisk_checks(folders, render.MODULES)
    yield _running(running)
    yield from _guarded("configuration", lambda: _configuration(settings))
    yield from _guarded("prompts", lambda: _prompts(settings, running))
    yield check_addresses(settings)
    yield _database(settings)
    yield _people(settings)
    if settings.web.certificate is not None:
        yield _certificate(settings)
    if running:
        yield from _guarded("AMI and clock", lambda: _manager(settings))
    yield from _ports(settings, running)
    yield from check_mail(settings)


def _running(running: bool) -> Check:
    detail = "answers on its control socket" if running else "does not run"
    return Check("Asterisk running", running, detail, "" if running else "Start it: hotline asterisk start")


def _guarded(name: str, look: Callable[[], Check]) -> Iterator[Check]:
    """A part that cannot even be looked at is not well; the others are still looked at."""
    try:
        yield look()
    except (AsteriskError, SecretMissing, PromptsError, OSError) as error:
        yield Check(name, ok=False, detail=str(error), remedy="Do what the message says, then ask again.")
    except ClickException as error:
        yield Check(name, ok=False, detail=error.message, remedy="See hotline asterisk logs")


def _configuration(settings: Settings) -> Check:
    folders = settings.asterisk_folders()
    ready = pbx.locate(settings)
    if not folders.asterisk_conf.exists():
        return Check("configuration", ok=True, detail="is written at the first start")
    lines = render.difference(pbx.files_of(settings, ready), folders.etc)
    if not lines:
        return Check("configuration", ok=True, detail="what Asterisk has is what hotline.toml says")
    return Check(
        "configuration",
        ok=False,
        detail=f"hotline.toml says something else in {len(lines)} lines (hotline dialplan render --check)",
        remedy="Apply it: hotline dialplan apply",
    )


def _prompts(settings: Settings, running: bool) -> Check:
    data = settings.asterisk_folders().data
    if not running and not (data / "sounds").exists():
        return Check("prompts", ok=True, detail="are put in place at the first start")
    manifest = verify_installed(data)
    synthetic = sum(len(manifest.synthetic(language)) for language in settings.site.languages)
    return Check("prompts", ok=True, detail=f"complete; {synthetic} still synthetic (hotline prompts list --synthetic)")


def _database(settings: Settings) -> Check:
    settings.make_state()
    try:
        engine = database.open_engine(settings.database_url)
        health = database.check(engine)
        engine.dispose()
    except (SQLAlchemyError, database.DatabaseProblem) as error:
        return Check("database", ok=False, detail=str(error), remedy="Correct url in [database]")
    if health.problem:
        return Check("database", ok=False, detail=health.problem, remedy="Run: hotline db upgrade")
    return Check("database", ok=True, detail=f"{health.kind} {health.version}, revision {health.revision}")


def _people(settings: Settings) -> Check:
    """What of the database's people and departments the settings could not take in."""
    if not settings.people_problems:
        own = len(settings.agents) - len(settings.of_file.agents)
        return Check("people", ok=True, detail=f"{len(settings.agents)} telephones, {max(0, own)} of them of accounts")
    remedy = "Change it under Administration, or in hotline.toml; a broken file is written anew by: hotline run"
    return Check("people", ok=False, detail="; ".join(settings.people_problems), remedy=remedy)


def _certificate(settings: Settings) -> Check:
    web = settings.web
    try:
        check_certificate(web.certificate, web.key)
    except BadCertificate as error:
        return Check("certificate", ok=False, detail=str(error), remedy="Correct certificate and key in [web]")
    until = holds_until(web.certificate) if web.certificate else None
    if until is None:
        return Check("certificate", ok=True, detail="can be used")
    days = (until - datetime.now(UTC)).days
    remedy = "" if days >= RENEW_DAYS else "Renew it; the new one is used without a restart"
    return Check("certificate", not remedy, f"holds until {until:%Y-%m-%d}, {days} days", remedy)


def _manager(settings: Settings) -> Check:
    begun = time.monotonic()
    answer = ask_asterisk(settings, Ping())
    here = datetime.now(UTC).timestamp()
    there = float(str(answer.headers.get("Timestamp", here)))
    apart = abs(here - there)
    detail = f"answers after {time.monotonic() - begun:.2f} s; clocks {apart:.3f} s apart"
    ok = apart < CLOCK_SECONDS
    remedy = "" if ok else "Set both clocks by the network (chrony or systemd-timesyncd)"
    return Check("AMI and clock", ok, detail, remedy)


def _ports(settings: Settings, running: bool) -> Iterator[Check]:
    ports = settings.ports
    service = _listens("127.0.0.1", ports.agi)
    yield Check(
        "FastAGI",
        ok=service or not running,
        detail=f"port {ports.agi} " + ("answers" if service else "is not served: the service does not run"),
        remedy="" if service or not running else "Start it: hotline run (calls go on meanwhile, without names)",
    )
    for key, host, ours in (
        ("web", ports.web_bind, service),
        ("ami", "127.0.0.1", running),
        ("asterisk_http", "127.0.0.1", running),
    ):
        port = getattr(ports, key)
        taken = _listens("127.0.0.1" if host == "0.0.0.0" else host, port)
        ok = ours or not taken
        detail = "in use by the hotline" if ours and taken else "taken by another program" if taken else "free"
        yield Check(f"port {port} ({key})", ok, detail, "" if ok else f"End that program, or set {key} in [ports]")


def _listens(host: str, port: int) -> bool:
    try:
        with socket.create_connection((host, port), timeout=AGI_SECONDS):
            return True
    except OSError:
        return False
