"""All routes of the dialplan, put together from ports."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import tzinfo

from dialplan.names import Route
from ivr.flows.announce import Announce
from ivr.flows.callback_number import CallbackNumber
from ivr.flows.closed import Closed
from ivr.flows.identify import Identify
from ivr.ports import Calendar, CallerDirectory, Clock, NumberPlan, QueueView, Voice
from ivr.server import FlowRoute
from ivr.settings import IvrSettings


@dataclass(frozen=True)
class Ports:
    """Everything the flows need from elsewhere."""

    numbers: NumberPlan
    directory: CallerDirectory
    queues: QueueView
    calendar: Calendar
    voice: Voice
    clock: Clock


PROMPTS = frozenset(
    {
        "callback-change",
        "callback-confirm",
        "callback-enter-number",
        "callback-no-number",
        "callback-number-wrong",
        "still-waiting",
    }
)
"""Prompts that flows name themselves, beside those of `Voice`: all must be there before a call is taken."""


def routes(settings: IvrSettings, ports: Ports, timezone: tzinfo, country: str = "TH") -> Mapping[str, FlowRoute]:
    """What `ivr.server.FastAgiServer` serves: one flow for each `dialplan.names.Route`.

    `timezone` and `country` (ISO 3166) are the site's.
    """
    quick, keypad = settings.quick_seconds, settings.keypad_seconds
    return {
        Route.IDENTIFY: FlowRoute(Identify(ports.numbers, ports.directory, country), quick),
        Route.ANNOUNCE: FlowRoute(Announce(ports.queues, ports.voice), quick),
        Route.CLOSED: FlowRoute(Closed(ports.calendar, ports.voice, ports.clock, timezone), quick),
        Route.CALLBACK_NUMBER: FlowRoute(CallbackNumber(ports.numbers, ports.voice, country), keypad),
    }
