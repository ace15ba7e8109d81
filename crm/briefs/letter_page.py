"""The letter of a brief as a page, for mail programs that show one: the same as its text, and no more."""

from collections.abc import Mapping
from datetime import tzinfo
from functools import partial
from pathlib import Path
from typing import Final

from crm.briefs.service import FIGURES, Brief
from crm.briefs.showing import closure_lines, label, queues_of, rows, shown
from crm.briefs.words import WORDS
from crm.web import dates
from crm.web.pages import environment

TEMPLATES: Final = Path(__file__).parent / "templates"
OF_QUEUES: Final = FIGURES[:3]


def letter_page(brief: Brief, names: Mapping[str, str], address: str, zone: tzinfo, language: str) -> str:
    """HTML without anything from elsewhere. ``names``: label of each queue; ``address``: of our pages."""
    words, queues = WORDS[language], queues_of(brief, names)
    return (
        environment(TEMPLATES)
        .get_template("letter.html")
        .render(
            words=words,
            language=language,
            brief=brief,
            rows=rows(brief, (), language),
            of_queues=[words[figure.name] for figure in OF_QUEUES],
            queues=[
                (label(queue, names, language), [shown(one, brief.by_queue[queue], language) for one in OF_QUEUES])
                for queue in (queues if len(queues) > 1 else ())
            ],
            closures=closure_lines(brief, zone, language),
            link=f"{address}/briefs?kind={brief.kind.value}&day={brief.day.isoformat()}",
            queue_label=partial(label, names=names, language=language),
            long_date=partial(dates.long_date, language=language),
            date_and_time=partial(dates.date_and_time, zone=zone, language=language),
            clock=partial(dates.clock, zone=zone),
        )
    )
