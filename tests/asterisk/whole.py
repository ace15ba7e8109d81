"""The whole product running: Asterisk, the service as a process of its own, its database; and telephones around it.

Scenarios are those of ``exchange`` (each with a queue, a number and two agents of its own); here they also see what was
written down, what `/metrics` says, and what the program `hotline` answers.
"""

import asyncio
import json
import os
import subprocess
import sys
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Self, cast

from exchange import Slot
from installation import PROGRAM, Installation
from product import DESKS, TONES, ProductAsterisk, base_site, free_port, play_as_music, sound
from sqlalchemy import Engine, select
from telephone_audio import tone

from ami_listener.records import CallRecord
from crm.calls.models import agent_states
from crm.calls.service import CallStory, UnknownCallError, get_call
from crm.database import open_engine, reading
from dialplan.asterisk.install import install
from dialplan.asterisk.process import AsteriskProcess
from dialplan.prompts.catalogue import load_all
from dialplan.secrets import Secrets
from dialplan.sections import WEEKDAYS
from hotline import pbx
from hotline.settings import Settings, load

SLOTS = 48  # one for each scenario of all modules that share a product
WRAP_UP_SECONDS, REST_SECONDS, RETRY_SECONDS, REPEAT_SECONDS, GUARD_SECONDS = 3, 3, 5, 10, 4
# What is whispered into the music is known by its tone.
WHISPERED = TONES | {
    "you-are-next": 1200, "you-are-number": 1400, "num-2": 1600, "in-the-queue": 1800, "expected-wait": 2000,
    "less-than-one-minute": 2200, "connecting": 2400,
}  # fmt: skip


def zone_of_noon(now: datetime) -> str:
    """A time zone in which it is about noon: no test's day ends while it is counted, whenever that is."""
    ahead = 12 - now.astimezone(UTC).hour
    return f"Etc/GMT{-ahead:+d}" if ahead else "Etc/GMT"  # their signs are turned round: Etc/GMT-7 is Bangkok


def whole_settings(folder: Path, asterisk_root: Path, slots: int = SLOTS, **sections: Any) -> Settings:
    """A ``hotline.toml`` of as many call centres as there are slots, with short times; open round the clock, but for
    holidays. Numbers 11xx lead to the queue, 12xx to the same by way of the menu, 13xx are recorded."""
    desks = free_port(DESKS)
    names = [f"q{i:02}" for i in range(slots)]
    values = base_site(
        site={"state_folder": ".", "timezone": zone_of_noon(datetime.now(UTC))},
        numbers=[{"number": f"11{i:02}", "queue": queue} for i, queue in enumerate(names)]
        + [{"number": f"12{i:02}", "queue": queue, "menu": True} for i, queue in enumerate(names)]
        + [{"number": f"13{i:02}", "queue": queue, "record": True} for i, queue in enumerate(names)],
        queues=[{"name": queue, "wrap_up_seconds": WRAP_UP_SECONDS, "strategy": "ringall"} for queue in names],
        agents=[
            {"extension": f"2{i:02}{n}", "name_en": f"Agent {i}-{n}", "queues": [queue] if n < 3 else [],
             "contact": f"sip:2{i:02}{n}@{DESKS}:{desks}"}
            for i, queue in enumerate(names) for n in (1, 2, 3)
        ],
        hours={"always_open": False, "holidays": "none", **{day: ["00:00-23:59"] for day in WEEKDAYS}},
        answering={
            "answer_within_seconds": GUARD_SECONDS, "repeat_seconds": REPEAT_SECONDS, "callback_tries": 2,
            "callback_retry_seconds": RETRY_SECONDS, "callback_ring_seconds": 10, "missed_rest_seconds": REST_SECONDS,
        },
        asterisk={"root": str(asterisk_root), "studio_folder": "studio"},
        service={"log_level": "DEBUG"},
    )  # fmt: skip
    file = folder / "hotline.toml"
    file.write_text(_toml({**values, **sections}), "utf-8")
    return load(file)


def _toml(sections: dict[str, Any]) -> str:
    return "".join(f"{name} = {_value(value)}\n" for name, value in sections.items())


def _value(value: Any) -> str:
    if isinstance(value, dict):
        return "{" + ", ".join(f"{key} = {_value(item)}" for key, item in value.items()) + "}"
    if isinstance(value, list):
        return "[" + ", ".join(map(_value, value)) + "]"
    return json.dumps(value, ensure_ascii=False)


def spoken(prompt: str, language: str = "th") -> bytes:
    """What a prompt sounds like here."""
    return tone(WHISPERED[prompt], 1.0) if prompt in WHISPERED else sound(prompt, language)


@dataclass
class Whole(ProductAsterisk):
    """A running product."""

    installation: Installation = field(init=False)
    engine: Engine = field(init=False)

    @classmethod
    def prepare(cls, settings: Settings, root: Path) -> Self:
        """Renders everything and installs test prompts; `running` starts it."""
        for language, catalogue in load_all().items():
            folder = settings.state / "studio" / language
            folder.mkdir(parents=True, exist_ok=True)
            for prompt in catalogue.ids:
                (folder / f"{prompt}.ulaw").write_bytes(spoken(prompt, language))
        pbx.prepare(settings, lambda _line: None)
        folders = settings.asterisk_folders()
        play_as_music(folders.data)
        secrets = Secrets.load(settings.state, settings)
        whole = cls(settings, settings.state, folders, secrets, AsteriskProcess(folders))
        whole.installation = Installation(
            settings, settings.trunks[0].port, asterisk_root=root, network_state=settings.state
        )
        whole.engine = open_engine(settings.database_url)
        return whole

    @property
    def settings(self) -> Settings:
        return self.installation.settings

    # ---- what was written down ---------------------------------------------------------------------------------------

    def story_of(self, call_id: str) -> CallStory | None:
        """What is on record of a call now."""
        with reading(self.engine) as connection:
            try:
                return get_call(connection, call_id)
            except UnknownCallError:
                return None

    async def recorded(
        self, call_id: str, condition: Callable[[CallStory], object] = lambda s: s.record.outcome, seconds: float = 8
    ) -> CallStory:
        """The call's story as soon as it is as wanted; by default, as soon as the call is over."""

        def found() -> CallStory | None:
            story = self.story_of(call_id)
            return story if story and condition(story) else None

        try:
            return cast(CallStory, await self.until(found, seconds))
        except AssertionError:
            raise AssertionError(f"on record is {self.story_of(call_id)}, {self.story(call_id)}") from None

    async def over(self, call_id: str, seconds: float = 8) -> CallRecord:
        """The record of a call that has ended."""
        return (await self.recorded(call_id, seconds=seconds)).record

    def states(self, agent: str) -> list[tuple[str, str | None, datetime, datetime | None]]:
        """An agent's states so far: state, reason, since, until."""
        columns = agent_states.c
        wanted = select(columns.state, columns.reason, columns.since, columns.until).where(columns.agent == agent)
        with reading(self.engine) as connection:
            return [tuple(row) for row in connection.execute(wanted.order_by(columns.since))]

    # ---- what the program says ---------------------------------------------------------------------------------------

    async def hotline(self, *words: str) -> str:
        """``hotline WORDS`` as people type it; its output. Fails with what it says when it fails."""
        command = [sys.executable, "-c", PROGRAM, "-f", str(self.installation.file), *words]
        done = await asyncio.to_thread(subprocess.run, command, capture_output=True, text=True, check=False, timeout=60)
        assert done.returncode == 0, done.stderr
        return done.stdout

    async def listed(self, *words: str) -> list[dict[str, Any]]:
        """``hotline WORDS --json``: one object a line."""
        return [json.loads(line) for line in (await self.hotline(*words, "--json")).splitlines()]

    def metrics(self) -> dict[str, float]:
        """Every series of /metrics; the labels of each are in the order of their names."""
        with urllib.request.urlopen(f"http://127.0.0.1:{self.site.ports.web}/metrics", timeout=20) as answer:
            lines = [line.rpartition(" ") for line in answer.read().decode().splitlines() if not line.startswith("#")]
        return {name: float(value) for name, _, value in lines}

    async def metric(self, name: str, **labels: str) -> float:
        """One series of /metrics."""
        series = ",".join(f'{key}="{value}"' for key, value in sorted(labels.items()))
        return (await asyncio.to_thread(self.metrics))[f"{name}{{{series}}}"]


def installed_root() -> Path:
    """Root of an installed Asterisk: HOTLINE_ASTERISK_ROOT, or .state/asterisk-root in the repository."""
    given = os.environ.get("HOTLINE_ASTERISK_ROOT")
    root = Path(given) if given else Path(__file__).parents[2] / ".state/asterisk-root"
    return install(root, with_sipp=True, progress=print).root


def of(slot: Slot) -> Whole:
    """The whole that a scenario plays in."""
    return cast(Whole, slot.product)


@contextmanager
def running(settings: Settings, asterisk_root: Path) -> Iterator[Whole]:
    """Asterisk and service of these settings; both end with the block."""
    whole = Whole.prepare(settings, asterisk_root)
    with whole:
        try:
            whole.installation.start_service()
            yield whole
        finally:
            if whole.installation.service is not None:
                whole.installation.stop_service()
            whole.engine.dispose()
