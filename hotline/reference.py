"""Writes the reference pages in ``docs/`` from the program itself: ``python -m hotline.reference [--check]``.

``cli.md`` from the commands' own help, ``settings.md`` from the settings' types, ``events.md`` from the facts'
docstrings and ``metrics.md`` from the exporter. Nothing is described twice, and what has no description is refused.
"""

import argparse
import enum
import inspect
import re
import sys
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import fields
from pathlib import Path
from typing import Any, Literal, get_args, get_origin

import click
from prometheus_client import CollectorRegistry
from prometheus_client.metrics_core import Metric
from pydantic.fields import FieldInfo

from ami_listener import events
from ami_listener.events import agents, base, calls, outbound, stream
from dialplan import names
from dialplan.sections import Section
from hotline.cli import cli
from hotline.settings import FILE_VARIABLE, Settings
from hotline.settings_file import is_table, section_type, toml
from metrics.exporter import Exporter
from metrics.now import AGENT_STATES, NO_QUEUE
from metrics.snapshot import Snapshot

DOCS = Path("docs")
WIDTH = 100
EVENT_MODULES = (base, calls, agents, outbound, stream)  # the order of the page
WRITTEN = "Written by `python -m hotline.reference`; change it there where the thing itself is defined."


# --- commands ---------------------------------------------------------------------------------------------------------


def walk(command: click.Command = cli, parent: click.Context | None = None, name: str = "hotline") -> Iterator[Any]:
    """A context for every command and sub-command, in the order of the program's own help."""
    context = click.Context(
        command, parent, name, terminal_width=WIDTH, max_content_width=WIDTH, **_help_names(command)
    )
    yield context
    if isinstance(command, click.Group):
        for child in command.list_commands(context):
            found = command.get_command(context, child)
            if found is not None:
                yield from walk(found, context, child)


def _help_names(command: click.Command) -> dict[str, Any]:
    return {key: value for key, value in command.context_settings.items() if key == "help_option_names"}


def undescribed_commands() -> list[str]:
    """Commands without a help text, and options without one."""
    found = []
    for context in walk():
        if not (context.command.help or "").strip():
            found.append(context.command_path)
        found += [
            f"{context.command_path} {option.opts[0]}"
            for option in context.command.params
            if isinstance(option, click.Option) and not option.hidden and not option.help
        ]
    return found


def cli_page() -> str:
    """``docs/cli.md``."""
    parts = [
        f"# The program `hotline`\n\n{WRITTEN}\n",
        "Every command says the same with `--help`. Shell completion: `hotline completion --help`.\n",
        "| Exit status | Meaning |\n|---|---|\n| 0 | all well |\n| 1 | it did not work, or what was looked at is not"
        " well |\n| 2 | wrong usage or settings; nothing was done |\n| 130 | ended with Ctrl-C before the end |\n",
    ]
    for context in walk():
        level = "#" * min(4, context.command_path.count(" ") + 2)
        parts.append(f"{level} {context.command_path}\n\n```text\n{context.get_help()}\n```\n")
    return "\n".join(parts)


# --- settings ---------------------------------------------------------------------------------------------------------


def sections() -> Iterator[tuple[str, FieldInfo, type[Section]]]:
    """Name, field and type of each section of the settings, in the order of the file."""
    for name, field in Settings.model_fields.items():
        yield name, field, section_type(field)


def undescribed_settings() -> list[str]:
    """Settings without a description, and sections without a docstring of their own."""
    found = [
        name for name, _, kind in sections() if not (kind.__doc__ or "").strip() or kind.__doc__ == Section.__doc__
    ]
    found += [
        f"{name}.{key}" for name, _, kind in sections() for key, f in kind.model_fields.items() if not f.description
    ]
    return found


def settings_page() -> str:
    """``docs/settings.md``."""
    parts = [
        f"# Settings\n\n{WRITTEN} `hotline init` writes a first file with the same texts.\n",
        f"The file is `hotline.toml` in the current folder, or the one named by `hotline --file` or `{FILE_VARIABLE}`."
        " Relative folders are taken from where the file lies. All errors are named at once, with their lines."
        " After a change: `hotline dialplan apply` for what concerns calls (no call is dropped), and a new start of"
        " `hotline run` for the rest.\n",
        "The environment goes before the file. Lists and tables are written there as JSON:"
        """ `HOTLINE_HOURS__SATURDAY='["09:00-12:00"]'`. Of a section that may be there several times, such as"""
        " `[[queues]]`, the environment replaces all. Passwords never stand in the file: a provider's is in the"
        " variable that `password_env` names, PostgreSQL's in `PGPASSWORD` or `~/.pgpass`, our own are made in the"
        " state folder (`secrets.json`).\n",
    ]
    for name, field, kind in sections():
        repeated = is_table(field)
        parts += [f"## `{'[[' if repeated else '['}{name}{']]' if repeated else ']'}`\n", f"{_prose(kind)}\n"]
        if repeated:
            need = "At least one is needed." if field.is_required() else "There may be none."
            parts.append(f"May be there several times. {need} Environment: `HOTLINE_{name.upper()}`.\n")
        parts.append("\n".join(_settings_table(name, kind, with_environment=not repeated)) + "\n")
    return "\n".join(parts)


def _settings_table(name: str, kind: type[Section], *, with_environment: bool) -> Iterator[str]:
    yield "| Setting | Meaning | Default |" + (" Environment |" if with_environment else "")
    yield "|---|---|---|" + ("---|" if with_environment else "")
    for key, field in kind.model_fields.items():
        allowed = _allowed(field)
        meaning = f"{field.description}{f' ({allowed})' if allowed else ''}"
        row = [f"`{key}`", _cell(meaning), _cell(_default(field))]
        if with_environment:
            row.append(f"`HOTLINE_{name.upper()}__{key.upper()}`")
        yield f"| {' | '.join(row)} |"


def _default(field: FieldInfo) -> str:
    if field.is_required():
        return "(needed)"
    value = field.get_default(call_default_factory=True)
    return "" if value is None else f"`{toml(value)}`"


def _allowed(field: FieldInfo) -> str:
    """What may be written: the choices, or the smallest and the largest number."""
    choices = [choice for kind in (field.annotation, *get_args(field.annotation)) for choice in _choices(kind)]
    if choices:
        return ", ".join(f"`{choice}`" for choice in dict.fromkeys(choices))
    least = next((m.ge for m in field.metadata if hasattr(m, "ge")), None)
    most = next((m.le for m in field.metadata if hasattr(m, "le")), None)
    return f"{least} to {most}" if least is not None and most is not None else ""


def _choices(kind: Any) -> tuple[Any, ...]:
    return get_args(kind) if get_origin(kind) is Literal else ()


# --- facts ------------------------------------------------------------------------------------------------------------


def members(kind: type[enum.StrEnum]) -> dict[str, str]:
    """Value → the comment beside it in the source, empty when there is none."""
    source = inspect.getsource(kind)
    written = dict(re.findall(r'^[ ]+([A-Z_0-9]+) = "[^"]*"[ ]*(?:#[ ]*(.*))?$', source, re.MULTILINE))
    return {member.value: written.get(member.name, "").strip() for member in kind}


def _event_classes() -> list[type]:
    """What the modules of `ami_listener.events` define, in the order of the source."""
    return [
        kind
        for module in EVENT_MODULES
        for kind in vars(module).values()
        if inspect.isclass(kind) and kind.__module__ == module.__name__
    ]


def event_types() -> list[type[events.Event]]:
    """All kinds of events, in the order of the source."""
    return [kind for kind in _event_classes() if issubclass(kind, events.Event) and kind is not events.Event]


def vocabularies() -> list[type[enum.StrEnum]]:
    """The closed lists of words that events use."""
    return [kind for kind in _event_classes() if issubclass(kind, enum.StrEnum)]


def undescribed_facts() -> list[str]:
    """Events without a docstring of their own, and facts of the dialplan without a comment."""
    generated = r"^\w+\(.*\)$"  # what dataclasses write themselves
    found = [kind.__name__ for kind in event_types() if re.match(generated, kind.__doc__ or "x()", re.DOTALL)]
    found += [kind.__name__ for kind in vocabularies() if not kind.__doc__]
    return found + [f"Fact {value}" for value, text in members(names.Fact).items() if not text]


def events_page() -> str:
    """``docs/events.md``."""
    base = {field.name for field in fields(events.Event)}
    parts = [
        f"# Events\n\n{WRITTEN}\n",
        "Facts about calls, agents and the stream itself, as `ami_listener` tells them to recorder, wallboard and"
        " figures. All have `event_id` (the same fact told twice has the same), `occurred_at` (Asterisk's clock, aware"
        " UTC), `call_id` (of the caller's leg; none for agents' own events) and `precision`.\n",
    ]
    for kind in event_types():
        parts.append(f"## {kind.__name__}\n\n{_prose(kind)}\n")
        own = [field for field in fields(kind) if field.name not in base]
        if own:
            rows = [f"| `{field.name}` | {_cell(_type_name(field.type))} |" for field in own]
            parts.append("\n".join(["| Field | Type |", "|---|---|", *rows]) + "\n")
    parts.append("# Words used in events\n")
    for words in vocabularies():
        lines = [f"- `{value}`{f': {text}' if text else ''}" for value, text in members(words).items()]
        parts.append("\n".join([f"## {words.__name__}\n\n{_prose(words)}\n", *lines]) + "\n")
    parts.append(_facts_part())
    return "\n".join(parts)


def _facts_part() -> str:
    rows = [f"| `{value}` | {_cell(text)} |" for value, text in members(names.Fact).items()]
    text = (
        "# Facts of our dialplan\n\n"
        f"{_prose(names.Fact)}\n\n"
        f"On the manager port: event `UserEvent`, `UserEvent: {names.USER_EVENT}`, with `Fact`, `Call`, `Queue`,"
        " `Agent`, `At` (epoch seconds with microseconds) and `Data`. In `queue_log`:"
        f" `…|call|queue or {names.JOURNAL_NO_QUEUE}|agent or {names.NO_AGENT}|FACT|at|data…`.\n"
    )
    return "\n".join([text, "| Fact | Data |", "|---|---|", *rows]) + "\n"


def _type_name(kind: Any) -> str:
    if inspect.isclass(kind) and not get_args(kind):
        return f"`{kind.__name__}`"
    return f"`{re.sub(r'[a-z_]+[.]', '', str(kind))}`"


# --- figures for Prometheus -------------------------------------------------------------------------------------------


def metric_families() -> list[Metric]:
    """Every series of a hotline with one queue, all gauges known."""
    now = Snapshot(
        waiting={}, longest_wait_seconds={}, agents=Counter({("QUEUE", state): 0 for state in AGENT_STATES}),
        callbacks_waiting={}, ami_connected=True, database_healthy=True, recorder_backlog=0, journal_gaps=0,
        ami_reconnects=0, ami_dropped=0, trunks={"TRUNK": True},
        cards_open=0, cards_overdue=0,
        agi_served=0, agi_refused=0, agi_failed=0,
    )  # fmt: skip
    registry = CollectorRegistry()
    Exporter(registry, ["QUEUE"], lambda: now, version="", asterisk_version="")
    return sorted(registry.collect(), key=lambda family: family.name)


def undescribed_metrics() -> list[str]:
    """Series without a help text."""
    return [family.name for family in metric_families() if not family.documentation.strip()]


def metrics_page() -> str:
    """``docs/metrics.md``."""
    head = (
        f"# Figures for Prometheus\n\n{WRITTEN}\n\n"
        "`GET /metrics` on the port `web` of `[ports]`, for this machine and the networks of `metrics_from` in `[web]`,"
        " without a log-in. Every series is there from the first scrape on. Counters start"
        " at 0 with the process; gauges are read at each scrape. No label names a person or a telephone number. The"
        f" label `queue` has every queue of the settings, and `{NO_QUEUE}` for callers who hung up before they reached"
        " one. What is counted and how is in [kpi.md](kpi.md).\n"
    )
    rows = ["| Series | Kind | Labels | Meaning |", "|---|---|---|---|"]
    edges = []
    for family in metric_families():
        name = family.name + ("_total" if family.type == "counter" else "")
        rows.append(f"| `{name}` | {family.type} | {_labels(family)} | {_cell(family.documentation)} |")
        if family.type == "histogram":
            found = dict.fromkeys(s.labels["le"] for s in family.samples if s.name.endswith("_bucket"))
            edges.append(f"- `{name}`: {', '.join(edge.removesuffix('.0') for edge in found if edge != '+Inf')}")
    buckets = "A histogram has the series `_bucket`, `_sum` and `_count`. Edges of the buckets, in seconds:\n"
    return "\n".join([head, *rows, "", buckets, *edges]) + "\n"


def _labels(family: Metric) -> str:
    values: dict[str, dict[str, None]] = {}
    for sample in family.samples:
        for label, value in sample.labels.items():
            if label != "le":
                values.setdefault(label, {})[value] = None
    told = [
        f"`{label}`" if label in {"queue", "trunk"} or not any(found) else f"`{label}`: {', '.join(found)}"
        for label, found in values.items()
    ]
    return "; ".join(told)


# --- all of it --------------------------------------------------------------------------------------------------------

PAGES: dict[str, Callable[[], str]] = {
    "cli.md": cli_page,
    "settings.md": settings_page,
    "events.md": events_page,
    "metrics.md": metrics_page,
}


def undescribed() -> list[str]:
    """Everything that has no description."""
    return [*undescribed_commands(), *undescribed_settings(), *undescribed_facts(), *undescribed_metrics()]


def stale(folder: Path = DOCS) -> list[str]:
    """Names of the pages that are not what the program says now."""
    return [
        name
        for name, page in PAGES.items()
        if not (folder / name).exists() or (folder / name).read_text("utf-8") != page()
    ]


def _prose(documented: Any) -> str:
    """A docstring for Markdown: reStructuredText's double back-quotes are single there."""
    return (inspect.getdoc(documented) or "").replace("``", "`")


def _cell(text: str) -> str:
    return text.replace("|", "\\|").replace("\n", " ")


def main(arguments: Sequence[str] | None = None) -> int:
    """Writes the pages, or says which are stale; exit status."""
    parser = argparse.ArgumentParser(prog="python -m hotline.reference", description=__doc__)
    parser.add_argument("--check", action="store_true", help="only say which pages are stale (exit status 1)")
    parser.add_argument("folder", type=Path, nargs="?", default=DOCS, help="where the pages are [docs]")
    options = parser.parse_args(arguments)
    if missing := undescribed():
        parser.exit(2, f"no description of: {', '.join(missing)}\n")
    if options.check:
        old = stale(options.folder)
        sys.stdout.write(f"stale: {', '.join(old)}; run python -m hotline.reference\n" if old else "up to date\n")
        return 1 if old else 0
    for name, page in PAGES.items():
        (options.folder / name).write_text(page(), "utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())
