"""The figures of the hotline: each one function of a `Tally`, and its docstring is its definition.

``docs/kpi.md`` is generated from here. A rate of nothing is None, never 0.

Lines of a docstring: what it is; Formula; Denominator; Counted; Source.
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta
from typing import Final

from metrics.tally import Tally

Figure = int | float | None


def offered(tally: Tally) -> int:
    """Calls offered: people who called while we were open.

    Formula: number of inbound calls that did not meet closed doors.
    Denominator: none, a count.
    Counted: every call from its arrival, whether it was answered, abandoned (in the menu too), timed out, left a
        message, asked for a callback or failed by our fault (queue full, nobody to ring, a crash). Not counted: calls
        outside opening hours, on holidays or in an emergency closure (they have their own figure, `closed`), and
        callbacks that we dial. A transferred call is one call.
    Source: H1, D17.
    """
    return tally.offered


def waiting(tally: Tally) -> int:
    """Offered calls whose caller still waits.

    Formula: offered calls that no person has answered and that have not ended.
    Denominator: none, a count.
    Counted: calls ringing, in the menu or in a queue now. They are in no rate until their wait is over; a period that
        has passed has none.
    Source: H1.
    """
    return tally.waiting


def answered(tally: Tally) -> int:
    """Calls answered by a person.

    Formula: number of offered calls in which a person picked up.
    Denominator: none, a count.
    Counted: from the moment of the pick-up, not from the end of the talk. The assistant's pick-up is no answer. A call
        that asked for a callback or left a message is offered but not answered.
    Source: H1, D17.
    """
    return tally.answered


def answered_rate_strict(tally: Tally) -> float | None:
    """Share of offered calls answered by a person: the promise of 95 %.

    Formula: answered / (offered - waiting).
    Denominator: offered calls whose wait is over, short abandons included.
    Counted: callbacks asked for and messages left are in the denominator only; a callback that reached its caller
        later is shown as `callbacks_completed` and does not mend this rate.
    Source: D17 (H1), target 95 %.
    """
    return _share(tally.answered, tally.decided)


def answered_rate_without_short_abandons(tally: Tally) -> float | None:
    """Share answered by a person, callers who hung up at once left out.

    Formula: answered / (offered - waiting - short abandons).
    Denominator: offered calls whose wait is over, without those abandoned within the short-abandon limit.
    Counted: always shown beside the strict rate, never in its place.
    Source: D17 (H1); trade practice.
    """
    return _share(tally.answered, tally.decided - tally.short_abandoned)


def answered_within(tally: Tally) -> float | None:
    """Share of offered calls that a person answered within 9 seconds (the setting `answer_within_seconds`).

    Formula: answered with (agent_answered_at - arrived_at) <= threshold / (offered - waiting).
    Denominator: offered calls whose wait is over, short abandons included.
    Counted: the clock runs from the call's arrival, through menu and announcements, until a person picks up. Exactly
        9.000000 s counts as inside; there is no tolerance.
    Source: H1 (D17, M): 3 rings / 9 seconds, measured on every call.
    """
    return _share(tally.answered_within, tally.decided)


def picked_up_within(tally: Tally) -> float | None:
    """Share of offered calls that anyone, a person or the assistant, picked up within 9 seconds.

    Formula: picked up with (first pick-up - arrived_at) <= threshold + guard tolerance
        / (offered - waiting with no pick-up yet).
    Denominator: offered calls that were picked up or whose wait is over.
    Counted: the guard lets the assistant act at the threshold itself, so half a second (`guard_tolerance_seconds`) is
        allowed for its doing so, here and nowhere else. The edge counts as inside. A caller who hung up before anyone
        picked up is in the denominator only.
    Source: H1 (D17, M).
    """
    return _share(tally.picked_up_within, tally.offered - tally.pick_up_pending)


def average_speed_of_answer(tally: Tally) -> float | None:
    """ASA: how long answered callers had waited for a person, on average.

    Formula: sum of (agent_answered_at - arrived_at) / answered.
    Denominator: calls answered by a person.
    Counted: the whole wait from arrival, both passes through the queue; callers who gave up are not in it.
    Source: H1; trade practice.
    """
    return _mean(tally.answer_wait, tally.answered)


def average_speed_of_pick_up(tally: Tally) -> float | None:
    """How long until anyone, a person or the assistant, picked up, on average.

    Formula: sum of (first pick-up - arrived_at) / calls picked up.
    Denominator: offered calls that anyone picked up.
    Counted: people and the assistant alike.
    Source: H1.
    """
    return _mean(tally.pick_up_wait, tally.picked_up)


def longest_wait(tally: Tally) -> float | None:
    """The longest wait of any offered call whose wait is over.

    Formula: greatest of (end of the wait - arrived_at).
    Denominator: none, a maximum.
    Counted: answered calls until the person picked up, others until they ended or, having chosen a callback or a
        message, until they left the queue.
    Source: H1.
    """
    return tally.longest_wait.total_seconds() if tally.longest_wait is not None else None


def abandon_rate(tally: Tally) -> float | None:
    """Share of offered calls whose caller hung up before a person answered.

    Formula: abandoned / (offered - waiting).
    Denominator: offered calls whose wait is over.
    Counted: short abandons too. Callers who took a callback or left a message did not abandon, nor did those we timed
        out or failed.
    Source: H1; trade practice.
    """
    return _share(tally.abandoned, tally.decided)


def short_abandons(tally: Tally) -> int:
    """Callers who hung up within the short-abandon limit (the setting `short_abandon_seconds`).

    Formula: abandoned with (ended_at - arrived_at) <= limit.
    Denominator: none, a count.
    Counted: the edge counts as short. They stay in the strict rates.
    Source: trade practice.
    """
    return tally.short_abandoned


def service_level_of_answered(tally: Tally) -> float | None:
    """Service level as app_queue and some products publish it: of answered calls only.

    Formula: answered within the threshold / answered.
    Denominator: calls answered by a person; lost calls are ignored, so it flatters.
    Counted: for comparison with other systems, never against the target.
    Source: trade practice.
    """
    return _share(tally.answered_within, tally.answered)


def service_level_without_short_abandons(tally: Tally) -> float | None:
    """Service level with short abandons left out.

    Formula: answered within the threshold / (offered - waiting - short abandons).
    Denominator: offered calls whose wait is over, without short abandons.
    Counted: as `answered_within`.
    Source: trade practice.
    """
    return _share(tally.answered_within, tally.decided - tally.short_abandoned)


def service_level_late_losses_only(tally: Tally) -> float | None:
    """Service level in which an abandon before the threshold is nobody's failure.

    Formula: answered within the threshold / (offered - waiting - abandoned within the threshold).
    Denominator: offered calls whose wait is over, without those abandoned before the threshold had passed.
    Counted: as `answered_within`; the Prometheus rules can form it from the wait histogram.
    Source: trade practice.
    """
    return _share(tally.answered_within, tally.decided - tally.abandoned_within)


def timed_out(tally: Tally) -> int:
    """Calls that reached the longest wait and were sent on by us.

    Formula: number of offered calls with the outcome timed_out.
    Denominator: none, a count.
    Counted: offered, not answered.
    Source: H1.
    """
    return tally.timed_out


def messages(tally: Tally) -> int:
    """Calls that ended with a message left instead of an answer.

    Formula: number of offered calls with the outcome message.
    Denominator: none, a count.
    Counted: offered, not answered. Messages left while closed are not in it.
    Source: H1.
    """
    return tally.messages


def callbacks(tally: Tally) -> int:
    """Calls that ended with the wish to be called back.

    Formula: number of offered calls with the outcome callback.
    Denominator: none, a count.
    Counted: offered, not answered.
    Source: H1.
    """
    return tally.callbacks


def callbacks_completed(tally: Tally) -> int:
    """Callbacks in which caller and agent spoke.

    Formula: number of calls that we dialled back and that a person answered on our side.
    Denominator: none, a count.
    Counted: in the period in which we called back; not offered, and no answer to the call that asked.
    Source: H1.
    """
    return tally.callbacks_completed


def failed(tally: Tally) -> int:
    """Calls lost by our own fault.

    Formula: number of offered calls with the outcome failed, or ended with none known.
    Denominator: none, a count.
    Counted: queue full, nowhere to ring, Asterisk died. Offered, not answered.
    Source: H1.
    """
    return tally.failed


def closed(tally: Tally) -> int:
    """Calls that met closed doors.

    Formula: number of inbound calls outside opening hours, on holidays or in an emergency closure.
    Denominator: none, a count.
    Counted: whether or not a message was left. Never offered.
    Source: L9; opening hours are settings.
    """
    return tally.closed


def average_handling_time(tally: Tally) -> float | None:
    """AHT: talk, hold and wrap-up for each call handled.

    Formula: average talk + average hold + average wrap-up, that is (talk + hold + wrap-up) / handled.
    Denominator: calls in which a person spoke, inbound and callbacks; each part over the calls for which it is known.
    Counted: all the people a transferred caller spoke with. None while the talk of no call is known; an unknown hold
        or wrap-up adds nothing.
    Source: G (R8); trade practice.
    """
    talk = average_talk(tally)
    if talk is None:
        return None
    return talk + (average_hold(tally) or 0.0) + (average_wrap_up(tally) or 0.0)


def average_talk(tally: Tally) -> float | None:
    """Average talk, hold not included.

    Formula: sum of talk_seconds / calls whose talk is known.
    Denominator: calls in which a person spoke and that have ended.
    Counted: from a person's pick-up to the end of that person's part, less hold; parts after a transfer are added.
    Source: H2-H7; trade practice.
    """
    return _mean(tally.talk, tally.talk_known)


def average_hold(tally: Tally) -> float | None:
    """Average time on hold.

    Formula: sum of hold_seconds / calls whose hold is known.
    Denominator: calls in which a person spoke and that have ended, those without hold too.
    Counted: all the times on hold of a call.
    Source: trade practice.
    """
    return _mean(tally.hold, tally.hold_known)


def average_wrap_up(tally: Tally) -> float | None:
    """Average work after the call.

    Formula: sum of wrap_up_seconds / calls whose wrap-up is known.
    Denominator: calls in which a person spoke and whose wrap-up is known.
    Counted: from the end of the talk until the agent could be rung again.
    Source: H9; trade practice.
    """
    return _mean(tally.wrap_up, tally.wrap_up_known)


def satisfaction(tally: Tally) -> float | None:
    """Share of satisfied callers, of those who answered the survey.

    Formula: (impressed + satisfied) / (impressed + satisfied + not satisfied).
    Denominator: surveys with a valid key.
    Counted: the meaning stored with the key, whatever scale was in use; inbound calls and callbacks. No answer is no
        opinion.
    Source: H8 (D17), target 85 %.
    """
    return _share(tally.impressed + tally.satisfied, tally.surveys_answered)


def survey_response_rate(tally: Tally) -> float | None:
    """Share of callers who answered the survey, of those who were asked.

    Formula: surveys answered / surveys asked.
    Denominator: calls in which the question was put.
    Counted: a caller who hung up first was not asked.
    Source: H7, H8.
    """
    return _share(tally.surveys_answered, tally.surveys_asked)


def _share(part: int, whole: int) -> float | None:
    return part / whole if whole > 0 else None


def _mean(total: timedelta, count: int) -> float | None:
    return total.total_seconds() / count if count > 0 else None


@dataclass(frozen=True, slots=True)
class Kpi:
    """One published figure: ``unit`` is count, ratio (0-1) or seconds; ``target`` a ratio, None without one."""

    function: Callable[[Tally], Figure]
    unit: str
    target: float | None = None

    @property
    def name(self) -> str:
        """Its name in reports and exports."""
        return self.function.__name__


ANSWERED_TARGET: Final = 0.95  # D17
SATISFACTION_TARGET: Final = 0.85  # D17
QA_TARGET: Final = 0.85  # L1, D20 ask for the score and set none: as satisfaction, and as the pages of quality judge

KPIS: Final = (
    Kpi(offered, "count"),
    Kpi(waiting, "count"),
    Kpi(answered, "count"),
    Kpi(answered_rate_strict, "ratio", ANSWERED_TARGET),
    Kpi(answered_rate_without_short_abandons, "ratio"),
    Kpi(answered_within, "ratio", ANSWERED_TARGET),
    Kpi(picked_up_within, "ratio", ANSWERED_TARGET),
    Kpi(average_speed_of_answer, "seconds"),
    Kpi(average_speed_of_pick_up, "seconds"),
    Kpi(longest_wait, "seconds"),
    Kpi(abandon_rate, "ratio"),
    Kpi(short_abandons, "count"),
    Kpi(service_level_of_answered, "ratio"),
    Kpi(service_level_without_short_abandons, "ratio"),
    Kpi(service_level_late_losses_only, "ratio"),
    Kpi(timed_out, "count"),
    Kpi(messages, "count"),
    Kpi(callbacks, "count"),
    Kpi(callbacks_completed, "count"),
    Kpi(failed, "count"),
    Kpi(closed, "count"),
    Kpi(average_handling_time, "seconds"),
    Kpi(average_talk, "seconds"),
    Kpi(average_hold, "seconds"),
    Kpi(average_wrap_up, "seconds"),
    Kpi(satisfaction, "ratio", SATISFACTION_TARGET),
    Kpi(survey_response_rate, "ratio"),
)
