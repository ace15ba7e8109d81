"""What a hotline consists of: the sections of ``hotline.toml`` together, and what must fit between them."""

from typing import NamedTuple, Self

from pydantic import Field, model_validator

from dialplan.nat import NatSettings
from dialplan.sections import (
    Agent,
    Answering,
    AsteriskSettings,
    Department,
    Dialling,
    Hours,
    Menu,
    Number,
    Ports,
    Queue,
    RecordingSettings,
    Section,
    Site,
    SurveySettings,
    Trunk,
)

Place = tuple[str | int, ...]


class Problem(NamedTuple):
    """Something wrong in the settings: where (keys and list positions) and what."""

    place: Place
    text: str


class SiteProblems(ValueError):
    """Parts of the settings that do not fit together, all of them at once."""

    def __init__(self, problems: list[Problem]) -> None:
        super().__init__("; ".join(f"{'.'.join(map(str, p.place))}: {p.text}" for p in problems))
        self.problems = problems


class HotlineSite(Section):
    """The whole description; composed with the service's own settings in `hotline.settings`."""

    site: Site = Field(default_factory=Site)
    numbers: tuple[Number, ...] = Field(min_length=1)
    menu: Menu = Field(default_factory=Menu)
    trunks: tuple[Trunk, ...] = Field(min_length=1)
    queues: tuple[Queue, ...] = Field(min_length=1)
    departments: tuple[Department, ...] = ()
    agents: tuple[Agent, ...] = ()
    hours: Hours = Field(default_factory=Hours)
    answering: Answering = Field(default_factory=Answering)
    survey: SurveySettings = Field(default_factory=SurveySettings)
    recording: RecordingSettings = Field(default_factory=RecordingSettings)
    dialling: Dialling = Field(default_factory=Dialling)
    ports: Ports = Field(default_factory=Ports)
    nat: NatSettings = Field(default_factory=NatSettings)
    asterisk: AsteriskSettings = Field(default_factory=AsteriskSettings)

    @model_validator(mode="after")
    def _everything_named_exists(self) -> Self:
        if problems := self.problems():
            raise SiteProblems(problems)
        return self

    def problems(self) -> list[Problem]:
        """What does not fit together."""
        translation = [Problem(("nat", key), text) for key, text in self.nat.faults(self.ports)]
        return [*self._unknown_names(), *self._doubles(), *self._ports(), *self._accounts(), *translation]

    def _accounts(self) -> list[Problem]:
        problems = []
        for i, trunk in enumerate(self.trunks):
            if trunk.register_there and not trunk.username:
                problems.append(Problem(("trunks", i, "register_there"), "needs a username"))
            if trunk.username and not trunk.password_env:
                problems.append(Problem(("trunks", i, "username"), "needs password_env, the variable of its password"))
        if len(set(self.site.languages)) < len(self.site.languages):
            problems.append(Problem(("site", "languages"), "each language once"))
        return problems

    def _unknown_names(self) -> list[Problem]:
        queues = {queue.name for queue in self.queues}
        wanted: list[tuple[Place, str]] = [
            (("numbers", i, "queue"), number.queue) for i, number in enumerate(self.numbers)
        ]
        wanted += [(("agents", i, "queues"), q) for i, agent in enumerate(self.agents) for q in agent.queues]
        wanted += [(("menu", choice), queue) for choice, queue in self.menu_queues().items() if queue]
        problems = [Problem(place, f"there is no queue {name!r}") for place, name in wanted if name not in queues]
        problems += [
            Problem(("agents", i, "penalties"), f"{queue!r} is not among this person's queues")
            for i, agent in enumerate(self.agents)
            for queue in agent.penalties
            if queue not in agent.queues
        ]
        if self.survey.scale not in {scale.name for scale in self.survey.scales}:
            problems.append(Problem(("survey", "scale"), f"there is no scale {self.survey.scale!r}"))
        if self.dialling.trunk and self.dialling.trunk not in {trunk.name for trunk in self.trunks}:
            problems.append(Problem(("dialling", "trunk"), f"there is no trunk {self.dialling.trunk!r}"))
        return problems

    def _doubles(self) -> list[Problem]:
        problems = []
        for section, key in (
            ("queues", "name"), ("trunks", "name"), ("numbers", "number"), ("agents", "extension"),
            ("departments", "name"), ("departments", "extension"),
        ):  # fmt: skip
            seen: set[str] = set()
            for i, row in enumerate(getattr(self, section)):
                value = getattr(row, key)
                if value in seen:
                    problems.append(Problem((section, i, key), f"{value!r} is there twice"))
                seen.add(value)
        extensions = {agent.extension for agent in self.agents}
        problems += [
            Problem(("departments", i, "extension"), f"{d.extension!r} is an agent's extension; leave dial empty")
            for i, d in enumerate(self.departments)
            if d.dial and d.extension in extensions
        ]
        return problems

    def _ports(self) -> list[Problem]:
        ports = self.ports
        problems = []
        if ports.rtp_end <= ports.rtp_start:
            problems.append(Problem(("ports", "rtp_end"), "must be above rtp_start"))
        seen: dict[int, str] = {}
        for key in ("asterisk_http", "ami", "agi", "web"):
            port = getattr(ports, key)
            if (other := seen.setdefault(port, key)) != key:
                problems.append(Problem(("ports", key), f"{port} is already the port of {other}"))
        return problems

    def menu_queues(self) -> dict[str, str | None]:
        """Choice → queue (None: the number's own)."""
        menu = self.menu
        return {
            "general": menu.general,
            "technical": menu.technical,
            "new_product": menu.new_product,
            "complaint": menu.complaint,
        }

    @property
    def records_talks(self) -> bool:
        """Whether any talk is recorded."""
        return any(queue.record for queue in self.queues) or any(number.record for number in self.numbers)

    def default_trunk(self) -> Trunk:
        """The trunk for calls out."""
        name = self.dialling.trunk
        return next((trunk for trunk in self.trunks if trunk.name == name), self.trunks[0])
