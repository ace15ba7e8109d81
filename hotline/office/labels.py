"""What queues, people, offices and breaks are called, by language, as every feature's pages want it."""

from collections.abc import Mapping

from sqlalchemy import Engine

from crm.database import reading
from crm.pauses.service import reasons
from crm.staff.models import Role
from hotline.settings import Settings

Labels = Mapping[str, str]  # th and en


def queue_names(settings: Settings) -> Mapping[str, Labels]:
    """Queue → what it is called."""
    return {one.name: {"th": one.label_th or one.name, "en": one.label_en or one.name} for one in settings.queues}


def queue_list(settings: Settings) -> list[Labels]:
    """The same in the order of the settings, each with its ``name``."""
    return [{"name": name, **labels} for name, labels in queue_names(settings).items()]


def agent_names(settings: Settings) -> Mapping[str, Labels]:
    """Extension → what its person is called."""
    return {
        one.extension: {
            "th": one.name_th or one.name_en or one.extension,
            "en": one.name_en or one.name_th or one.extension,
        }
        for one in settings.agents
    }


def office_names(settings: Settings, language: str) -> list[str]:
    """Where calls are handed to."""
    return [
        (one.label_th or one.label_en if language == "th" else one.label_en or one.label_th) or one.name
        for one in settings.departments
    ]


def pause_reasons(engine: Engine, role: Role) -> list[Labels]:
    """Why somebody of this role may pause, each with its ``name``. Not in the event loop."""
    with reading(engine) as connection:
        found = reasons(connection, role=role)
    return [{"name": one.name, "th": one.label_th, "en": one.label_en} for one in found]
