"""A first set: the nine public web sites (K2) and the steps of the service manuals, so that there is something to find.

Source: the procedures of the manuals in plain words (H1-H9, C1-C5, K1-K5, L1-L9, W1-W9, R1-R8), Thai and English.
"""

import json
from datetime import datetime
from pathlib import Path
from typing import Final

from sqlalchemy import Connection, func, select

from crm.knowledge.importing import import_lines, read_articles
from crm.knowledge.models import knowledge_articles
from crm.sources.models import sources
from crm.sources.service import save_source

BY: Final = "ชุดเริ่มต้น"
_DATA: Final = Path(__file__).with_name("starter.json")


def fill(connection: Connection, at: datetime) -> tuple[int, int]:
    """Writes what is not there yet; returns how many articles and sources. Does nothing where there are some."""
    told = json.loads(_DATA.read_text("utf-8"))
    made_articles = made_sources = 0
    if not connection.scalar(select(func.count()).select_from(knowledge_articles)):
        lines, faults = read_articles(told["articles"])
        if faults:
            raise ValueError(faults[0].problem)
        made_articles, _ = import_lines(connection, lines, at, None, BY, published=True)
    if not connection.scalar(select(func.count()).select_from(sources)):
        for source in told["sources"]:
            save_source(connection, None, source, at, None)
            made_sources += 1
    return made_articles, made_sources
