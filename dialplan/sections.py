"""The sections of ``hotline.toml`` that say what a hotline consists of: numbers, trunks, queues, people, hours.

Field descriptions are the file's comments and the reference in the docs. That the sections fit together is checked in
`dialplan.site`.
"""

import re
from datetime import time
from itertools import pairwise
from pathlib import Path
from typing import Annotated, Literal
from zoneinfo import ZoneInfo

from pydantic import BaseModel, ConfigDict, Field, StringConstraints, field_validator

Name = Annotated[str, StringConstraints(pattern=r"^[a-z][a-z0-9-]{0,30}$")]
Digits = Annotated[str, StringConstraints(pattern=r"^[0-9]{2,15}$")]
# Asterisk's files are lines, and ";" begins a comment there: neither may come in with a value.
Text = Annotated[str, StringConstraints(pattern=r"^[^\x00-\x1f\x7f;\"\\]*$")]
Host = Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9.:_-]+$")]
Network = Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9.:_/-]+$")]
MailAddress = Annotated[str, StringConstraints(pattern=r"^([^\s@<>,;:\"\\()\[\]]+@[A-Za-z0-9.-]+)?$", max_length=254)]
Language = Literal["th", "en"]
Strategy = Literal["ringall", "leastrecent", "fewestcalls", "random", "rrmemory", "linear", "wrandom", "rrordered"]
Meaning = Literal["impressed", "satisfied", "not_satisfied"]
WEEKDAYS = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")


class Section(BaseModel):
    """A section of the settings: unknown keys are errors, values do not change."""

    model_config = ConfigDict(extra="forbid", frozen=True)


class Site(Section):
    """Who we are."""

    name_th: Text = Field("สายตรงการค้าระหว่างประเทศ 1169", description="Name on Thai screens.")
    name_en: Text = Field("International Trade Hotline 1169", description="Name on English screens.")
    timezone: str = Field("Asia/Bangkok", description="Time zone of opening hours and reports.")
    country: str = Field("TH", description="Country of telephone numbers without a country code.", pattern="^[A-Z]{2}$")
    languages: tuple[Language, ...] = Field(
        ("th", "en"), min_length=1, description="Languages spoken, the first is the default."
    )
    state_folder: Path = Field(Path(".state"), description="Where everything that is kept lives, below this file.")

    @field_validator("timezone")
    @classmethod
    def _known_zone(cls, value: str) -> str:
        try:
            ZoneInfo(value)
        except (KeyError, ValueError) as error:
            raise ValueError(f"no such time zone: {value!r}; write one such as Asia/Bangkok") from error
        return value


class Number(Section):
    """A number that people call."""

    number: Digits = Field(description="The called number as the trunk delivers it.")
    queue: Name = Field(description="Queue of its callers when there is no menu.")
    language: Language = Field("th", description="Language the caller is spoken to at first.")
    menu: bool = Field(False, description="Ask for language and matter first (K1).")
    record: bool = Field(False, description="Record the talks of its callers, whichever queue answers them.")


class Menu(Section):
    """Which queue answers which matter (K1). Empty: the number's own queue."""

    general: Name | None = Field(None, description="Key 1: general enquiries.")
    technical: Name | None = Field(None, description="Key 2: technical matters.")
    new_product: Name | None = Field(None, description="Key 3: new models and products.")
    complaint: Name | None = Field(None, description="Key 4: complaints and tip-offs.")
    key_timeout_seconds: int = Field(5, ge=2, le=30, description="How long to wait for a key.")
    tries: int = Field(3, ge=1, le=5, description="How often the menu is said before the number's own queue is taken.")


class Trunk(Section):
    """A line to the telephone network."""

    name: Name = Field(description="Name of the trunk.")
    host: Host = Field(description="Address of the provider's SIP server.")
    port: int = Field(5060, ge=1, le=65535, description="Its port.")
    match: tuple[Network, ...] = Field((), description="Addresses calls come from; empty: the host.")
    username: Text | None = Field(None, description="User name, when the provider wants one.")
    password_env: str | None = Field(None, description="Environment variable that holds the password.")
    register_there: bool = Field(False, description="Register at the provider.")
    check_seconds: int = Field(
        30,
        ge=0,
        le=3600,
        description="How often the provider is asked whether it is there (SIP OPTIONS), for the alert; 0: never.",
    )
    behind_nat: bool = Field(
        False, description="The other side is behind a router of its own: go by where its messages come from."
    )
    codecs: tuple[Literal["alaw", "ulaw", "g722"], ...] = Field(("ulaw", "alaw"), description="Codecs, best first.")
    caller_id: Digits | None = Field(None, description="Number shown when we call out.")
    dial_prefix: str = Field("", pattern=r"^[0-9+]*$", description="Put before a national number when calling out.")


class Queue(Section):
    """People who answer one kind of call."""

    name: Name = Field(description="Name of the queue.")
    label_th: Text = Field("", description="Name on Thai screens.")
    label_en: Text = Field("", description="Name on English screens.")
    strategy: Strategy = Field(
        "leastrecent", description="Which free agents ring: see docs/install.md for measurements."
    )
    ring_seconds: int = Field(20, ge=5, le=120, description="How long an agent's telephone rings before the next try.")
    wrap_up_seconds: int = Field(30, ge=0, le=600, description="Time after a call in which the agent is not rung.")
    max_wait_seconds: int = Field(900, ge=30, le=7200, description="Longest wait; then a message can be left.")
    max_callers: int = Field(200, ge=1, le=5000, description="Most callers waiting; others may leave a message.")
    weight: int = Field(0, ge=0, le=100, description="Heavier queues get a shared agent first.")
    record: bool = Field(False, description="Record the talks of this queue.")

    @field_validator("name")
    @classmethod
    def _not_reserved(cls, value: str) -> str:
        if value in {"general", "default", "none"}:  # [general] is a section of its own in Asterisk's files
            raise ValueError(
                f"a queue cannot be called {value!r}, Asterisk uses that word itself; write e.g. enquiries"
            )
        return value


class Department(Section):
    """An office that calls are transferred to (K3)."""

    name: Name = Field(description="Name of the department.")
    label_th: Text = Field("", description="Name on Thai screens.")
    label_en: Text = Field("", description="Name on English screens.")
    extension: Digits = Field(description="Internal extension to dial.")
    dial: str = Field(
        "", pattern="^[0-9+]*$", description="Outside number, or empty when the extension is a telephone of ours."
    )
    email: MailAddress = Field("", description="Where letters about transferred callers go (K4); empty: none are sent.")
    answer_days: int = Field(1, ge=0, le=60, description="Working days until a transferred caller is answered (K4).")
    answer_hours: int = Field(0, ge=0, le=100, description="Working hours on top of those days.")


class Agent(Section):
    """A person who answers, and the telephone."""

    extension: Digits = Field(description="Extension; also the SIP user name.")
    name_th: Text = Field("", description="Name on Thai screens.")
    name_en: Text = Field("", description="Name on English screens and desk phones.")
    queues: tuple[Name, ...] = Field((), description="Queues this person answers.")
    penalties: dict[Name, Annotated[int, Field(ge=0, le=9)]] = Field(
        default_factory=dict, description="Queue → 0 to 9: people with less are rung first (skill); not named: 0."
    )
    phone: Literal["desk", "webrtc"] = Field("desk", description="Desk phone (SIP over UDP) or browser.")
    contact: Text | None = Field(None, description="Fixed SIP address, for telephones that do not register.")
    supervises: bool = Field(False, description="May listen to calls, whisper, barge, and take waiting callers.")


class Hours(Section):
    """Opening hours of each weekday, ``["08:30-16:30"]``; an empty list is closed all day."""

    monday: tuple[str, ...] = Field(("08:30-18:30",), description="Open on Mondays.")
    tuesday: tuple[str, ...] = Field(("08:30-18:30",), description="Open on Tuesdays.")
    wednesday: tuple[str, ...] = Field(("08:30-18:30",), description="Open on Wednesdays.")
    thursday: tuple[str, ...] = Field(("08:30-18:30",), description="Open on Thursdays.")
    friday: tuple[str, ...] = Field(("08:30-18:30",), description="Open on Fridays.")
    saturday: tuple[str, ...] = Field((), description="Open on Saturdays.")
    sunday: tuple[str, ...] = Field((), description="Open on Sundays.")
    always_open: bool = Field(False, description="Answer round the clock, holidays too.")
    holidays: Literal["government", "public", "none"] = Field("government", description="Calendar to start from.")

    @field_validator(*WEEKDAYS)
    @classmethod
    def _spans(cls, value: tuple[str, ...]) -> tuple[str, ...]:
        spans = sorted((parse_span(span), span) for span in value)
        for ((_, end), earlier), ((start, _), later) in pairwise(spans):
            if start < end:
                raise ValueError(f"{earlier} and {later} overlap; write each hour once")
        return value

    def spans(self, weekday: int) -> list[tuple[time, time]]:
        """The open spans of a weekday (0 = Monday), local time, half-open, in order."""
        return sorted(parse_span(span) for span in getattr(self, WEEKDAYS[weekday]))


def parse_span(text: str) -> tuple[time, time]:
    """``"08:30-16:30"`` → (08:30, 16:30). ``24:00`` as end is written 23:59 and means to midnight."""
    match = re.fullmatch(r"([01]\d|2[0-3]):([0-5]\d)-([01]\d|2[0-3]):([0-5]\d)", text)
    if not match:
        raise ValueError(f"{text!r} is not a span of time; write it as 08:30-16:30")
    h1, m1, h2, m2 = map(int, match.groups())
    start, end = time(h1, m1), time(h2, m2)
    if start >= end:
        raise ValueError(f"{text!r}: the end must be after the start")
    return start, end


class Answering(Section):
    """How a call is answered (H1)."""

    answer_within_seconds: int = Field(9, ge=3, le=60, description="The promise: then the assistant picks up (H1).")
    repeat_seconds: int = Field(30, ge=10, le=300, description="How often place and wait are said again.")
    short_abandon_seconds: int = Field(5, ge=0, le=60, description="Hung up sooner counts as short abandon.")
    callback: bool = Field(True, description="Offer to be called back (key 1).")
    callback_tries: int = Field(3, ge=1, le=10, description="How often a callback is tried.")
    callback_retry_seconds: int = Field(300, ge=5, le=86400, description="Pause between tries.")
    callback_ring_seconds: int = Field(30, ge=10, le=120, description="How long the caller's telephone rings.")
    message: bool = Field(True, description="Offer to leave a message (key 2).")
    message_max_seconds: int = Field(180, ge=10, le=600, description="Longest message.")
    missed_limit: int = Field(2, ge=1, le=10, description="Missed rings in a row after which an agent is paused.")
    missed_rest_seconds: int = Field(10, ge=1, le=120, description="After a missed ring, not rung for so long.")


class RecordingSettings(Section):
    """How talks are recorded; which ones, queues and numbers say with ``record``."""

    announce: bool = Field(True, description="Tell caller and agent, as the talk begins, that it is recorded.")
    sides: bool = Field(
        True, description="Keep caller and agent apart (58 MB an hour of talk); else mixed (29 MB), and stays so."
    )
    transferred: bool = Field(
        False, description="Go on recording with a department or an outside number that the caller is handed to."
    )
    keep_days: int = Field(365, ge=1, le=3650, description="Sound is deleted after so many days.")
    free_megabytes: int = Field(
        2000, ge=0, le=10_000_000, description="With less free on the disk nothing new is recorded; calls go on."
    )
    agents_listen: bool = Field(True, description="Agents may listen to their own talks.")


class Scale(Section):
    """Keys of the survey and what they mean (H8). The meaning is stored with the key."""

    name: Name = Field(description="Name of the scale.")
    keys: dict[Annotated[str, StringConstraints(pattern="^[0-9]$")], Meaning] = Field(description="Key → meaning.")
    prompt: Literal["survey-123", "survey-321"] = Field(description="Prompt that says the keys.")


class SurveySettings(Section):
    """The keypad survey after a call (H7, H8)."""

    enabled: bool = Field(True, description="Ask callers after the call.")
    scale: Name = Field("scale-123", description="Scale used on the telephone.")
    timeout_seconds: int = Field(8, ge=3, le=30, description="How long to wait for a key.")
    scales: tuple[Scale, ...] = Field(
        (
            Scale(
                name="scale-123", keys={"1": "impressed", "2": "satisfied", "3": "not_satisfied"}, prompt="survey-123"
            ),
            Scale(
                name="scale-321", keys={"3": "impressed", "2": "satisfied", "1": "not_satisfied"}, prompt="survey-321"
            ),
        ),
        description="Known scales: 1/2/3 (D17) and 3/2/1 (D20).",
    )

    def chosen(self) -> Scale:
        """The scale in use."""
        return next(scale for scale in self.scales if scale.name == self.scale)


class Dialling(Section):
    """What agents may dial."""

    patterns: tuple[Annotated[str, StringConstraints(pattern=r"^[0-9XZN.!\[\]+-]+$")], ...] = Field(
        ("0[2-57]XXXXXXX", "0[689]XXXXXXXX", "1XXX", "1XX"), description="Asterisk patterns of permitted numbers."
    )
    trunk: Name | None = Field(None, description="Trunk for calls out; empty: the first.")
    wrap_up_seconds: int = Field(
        0, ge=0, le=600, description="Time after an agent's own call out, as after a caller's."
    )


class Ports(Section):
    """Where we listen. SIP is for trunks and telephones; the rest stays on this machine."""

    bind: Host = Field("127.0.0.1", description="Address for SIP and audio; 0.0.0.0 for telephones elsewhere.")
    sip: int = Field(5060, ge=1, le=65535, description="SIP over UDP.")
    asterisk_http: int = Field(8088, ge=1, le=65535, description="Asterisk's web socket for browsers, loopback.")
    ami: int = Field(5038, ge=1, le=65535, description="Asterisk's manager port, loopback.")
    agi: int = Field(4573, ge=1, le=65535, description="Our FastAGI port, loopback.")
    web: int = Field(8000, ge=1, le=65535, description="Our pages.")
    web_bind: Host = Field("127.0.0.1", description="Address of our pages.")
    rtp_start: int = Field(10000, ge=1024, le=65000, description="First audio port.")
    rtp_end: int = Field(20000, ge=1025, le=65535, description="Last audio port.")


class AsteriskSettings(Section):
    """Which Asterisk."""

    use: Literal["own", "system"] = Field("own", description="own: unpacked into the state folder; system: installed.")
    root: Path | None = Field(None, description="Where it is unpacked; empty: asterisk-root in the state folder.")
    studio_folder: Path | None = Field(None, description="Studio recordings that replace built prompts.")
    verbose: int = Field(0, ge=0, le=5, description="How much Asterisk writes to its log.")
