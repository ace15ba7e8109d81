"""Writes a first ``hotline.toml``: every setting with its meaning and its default, generated from the settings' types.

The same text is the reference in ``docs/settings.md``; a test fails when a setting has no description.
"""

import json
from collections.abc import Iterator
from pathlib import Path, PurePath
from typing import Any, get_args

from pydantic import BaseModel
from pydantic.fields import FieldInfo

from dialplan.sections import Section
from hotline.settings import Settings

EXAMPLE: dict[str, list[dict[str, Any]]] = {
    "numbers": [{"number": "1169", "queue": "enquiries"}],
    "trunks": [{"name": "provider", "host": "127.0.0.2"}],
    "queues": [
        {"name": "enquiries", "label_th": "สอบถามข้อมูลทั่วไป", "label_en": "General enquiries"},
        {"name": "technical", "label_th": "ข้อมูลเทคนิค", "label_en": "Technical matters"},
    ],
    "departments": [
        {"name": "legal", "label_th": "กองกฎหมาย", "label_en": "Legal office", "extension": "201", "dial": "025077000"},
    ],
    "agents": [
        {"extension": "1001", "name_th": "สมศรี ใจดี", "name_en": "Somsri", "queues": ["enquiries", "technical"]},
        {"extension": "1002", "name_th": "ประเสริฐ สุขใจ", "name_en": "Prasert", "queues": ["enquiries"]},
    ],
}
HEADING = """\
# Settings of the hotline. Lines that begin with "# name =" show the default; take the "# " away to change one.
# After a change: hotline dialplan apply (no call is dropped). To check the file: hotline doctor.
# The environment goes before this file: HOTLINE_PORTS__WEB=8080 sets web in [ports].
"""


def first_settings(values: dict[str, list[dict[str, Any]]] | None = None) -> str:
    """The text of a first settings file with the given tables (numbers, trunks, queues …) filled in."""
    tables = EXAMPLE if values is None else values
    parts = [HEADING]
    for name, field in Settings.model_fields.items():
        section = section_type(field)
        if is_table(field):
            parts += _tables(name, section, tables.get(name, []))
        else:
            parts.append("\n".join(["", f"# {section.__doc__}", f"[{name}]", *_defaults(section, {})]))
    return "\n".join(parts) + "\n"


def write_first(path: Path) -> None:
    """Writes it. Raises FileExistsError rather than touching a file that is there."""
    with path.open("x", encoding="utf-8") as file:
        file.write(first_settings())


def section_type(field: FieldInfo) -> type[Section]:
    """The type of a section, also of a repeated one."""
    annotation: Any = field.annotation
    candidates = [annotation, *get_args(annotation)]
    return next(c for c in candidates if isinstance(c, type) and issubclass(c, Section))


def is_table(field: FieldInfo) -> bool:
    """Whether the section may be there several times: ``[[numbers]]``."""
    return bool(get_args(field.annotation))


def _tables(name: str, section: type[Section], rows: list[dict[str, Any]]) -> Iterator[str]:
    for index, row in enumerate(rows or [{}]):
        lines = ["", f"# {section.__doc__}" if index == 0 else "", f"[[{name}]]" if rows else f"# [[{name}]]"]
        body = _defaults(section, row) if index == 0 else [f"{key} = {toml(value)}" for key, value in row.items()]
        yield "\n".join([line for line in lines if line or line == lines[0]] + list(body))


def _defaults(section: type[Section], given: dict[str, Any]) -> Iterator[str]:
    for key, field in section.model_fields.items():
        yield f"# {field.description}" if field.description else f"# {key.capitalize()}."
        if key in given:
            yield f"{key} = {toml(given[key])}"
        else:
            default = field.get_default(call_default_factory=True)
            required = field.is_required() or default is None
            yield f"# {key} = {toml('' if required else default)}"


def toml(value: Any) -> str:
    """A value as TOML writes it."""
    if isinstance(value, BaseModel):
        return "{ " + ", ".join(f"{key} = {toml(v)}" for key, v in value.model_dump().items()) + " }"
    if isinstance(value, dict):
        return "{ " + ", ".join(f'"{key}" = {toml(v)}' for key, v in value.items()) + " }"
    if isinstance(value, list | tuple):
        return "[" + ", ".join(toml(v) for v in value) + "]"
    if isinstance(value, PurePath):
        return toml(str(value))
    return json.dumps(value, ensure_ascii=False)
