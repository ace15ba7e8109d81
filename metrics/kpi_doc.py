"""Writes ``docs/kpi.md`` from the docstrings of the figures: ``python -m metrics.kpi_doc [FILE]``."""

import inspect
import sys
from pathlib import Path

from metrics.agent_figures import AGENT_KPIS, AgentKpi
from metrics.kpi import KPIS, Kpi

PARTS = ("Formula", "Denominator", "Counted", "Source")

HEAD = """# The figures and what they mean

Written from the docstrings in `metrics/kpi.py` by `python -m metrics.kpi_doc`; change them there.

Pages, reports, exports and `/metrics` use these definitions and no others. Rules for all of them:

- A figure of nothing is empty, never 0.
- The clock of every wait starts when the call arrives, before menu and announcements.
- A limit's edge counts as inside: 9.000000 s is within 9 s.
- A call belongs to the period in which it arrived, in local time; periods run from their first moment until before
  their last. It belongs to the queue it was in last and to the first person who picked up.
- Calls that meet closed doors are not offered; nor are the callbacks that we dial.
- "Opening hours only" leaves out the calls that met closed doors because of the hour or a holiday; those of an
  emergency closure stay. A call says itself what it met, so changed opening hours change no figure of the past.
- Behind every figure are its calls (`metrics/behind.py`): those in its denominator, and those that count.
"""


AGENTS_HEAD = """## Figures of agents

Each agent's own part of a call, so that a transfer falsifies nobody's figures. Written from `metrics/agent_figures.py`.
"""


QUALITY = """## `qa_score`

What graders gave for talks of the period (`/quality`): the mean of the scores, each 0–1 by its card's weights, 0 when a
fatal item is missed.

- **Unit:** ratio · target ≥ 85 % (the source asks for the score and sets none: as satisfaction)
- **Formula:** sum of the scores ÷ number of final reviews
- **Denominator:** final reviews of talks that were *answered* in the period, without rounds of calibration; in reports,
  exports and `hotline kpi` (`qa_score`, `qa_reviews`), by period, queue and agent; on the wallboard, in briefs and in
  Prometheus (`hotline_qa_score_points` ÷ `hotline_qa_score_reviews`), of the last 30 days
- **Counted:** one review a talk and grader; a talk of a transferred call counts for the agent who spoke
- **Source:** L1, D20; `crm/quality/figures.py`
"""


def definition(kpi: Kpi | AgentKpi) -> tuple[str, dict[str, str]]:
    """What a figure is, and its parts. Raises ValueError when a part is missing."""
    text = inspect.getdoc(kpi.function) or ""
    summary, _, rest = text.partition("\n\n")
    parts: dict[str, str] = {}
    name = ""
    for line in rest.splitlines():
        head, colon, tail = line.partition(": ")
        if colon and head in PARTS:
            name = head
            parts[name] = tail.strip()
        elif name:
            parts[name] += " " + line.strip()
    missing = [part for part in PARTS if not parts.get(part)]
    if missing or not summary:
        raise ValueError(f"{kpi.name}: its docstring lacks {', '.join(missing) or 'a summary'}")
    return " ".join(summary.split()), parts


def document() -> str:
    """The whole page."""
    calls = [_section(kpi, "##") for kpi in KPIS]
    return "\n".join([HEAD, *calls, QUALITY, AGENTS_HEAD, *(_section(kpi, "###") for kpi in AGENT_KPIS)])


def _section(kpi: Kpi | AgentKpi, level: str) -> str:
    summary, parts = definition(kpi)
    target = f" · target ≥ {kpi.target:.0%}".replace("%", " %") if kpi.target is not None else ""
    lines = [f"{level} `{kpi.name}`", "", summary, "", f"- **Unit:** {kpi.unit}{target}"]
    lines += [f"- **{part}:** {parts[part]}" for part in PARTS]
    return "\n".join(lines) + "\n"


def main(arguments: list[str]) -> int:
    """Write the page."""
    Path(arguments[0] if arguments else "docs/kpi.md").write_text(document(), encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
