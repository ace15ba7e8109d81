"""Every name that Asterisk and our code must spell alike: contexts, variables, facts, AGI routes, database families.

The dialplan templates take them from here, and so do the AMI translator, the journal reader and the AGI server.
"""

from enum import StrEnum
from typing import Final


class Context(StrEnum):
    """Dialplan contexts. Callers can reach only what starts from FROM_TRUNK."""

    FROM_TRUNK = "from-trunk"  # all that a trunk can reach: our own numbers
    CALL = "hotline-call"  # one call, from ring to guard
    MENU = "hotline-menu"
    QUEUE = "hotline-queue"
    QUEUE_KEYS = "hotline-queue-keys"  # single keys that leave the queue (1 callback, 2 message)
    CLOSED = "hotline-closed"
    MESSAGE = "hotline-message"
    SURVEY = "hotline-survey"
    AGENTS = "hotline-agents"  # what an agent's telephone may dial
    TRANSFER = "hotline-transfer"  # where a caller goes who is transferred blind
    ANSWERED_IN_TIME = "hotline-answered-in-time"  # the same in the first pass, which the guard ends
    ANSWERED = "hotline-answered"  # gosub on the agent's leg at the moment of answer
    AGENT_LEG_ENDED = "hotline-agent-leg-ended"  # hangup handler of the agent's leg: wrap-up
    BROWSER_LEG_ENDED = "hotline-browser-leg-ended"  # of every browser's leg: for those that a reloaded page took up
    CALL_ENDED = "hotline-call-ended"  # hangup handler of the caller's leg
    WRAP_UP = "hotline-wrap-up"  # timer that ends the wrap-up
    RESTORE = "hotline-restore"  # after Asterisk's start: who was on a break is again
    WHISPER = "hotline-whisper"  # spy leg that speaks to a waiting caller
    ASSISTANT = "hotline-assistant"  # what is spoken on that leg
    SPY = "hotline-spy"  # a supervisor's leg, rung by the service: may it listen
    SPYING = "hotline-spying"  # the ways to do it
    PULL = "hotline-pull"  # where a waiting caller is sent whom a supervisor takes
    CALLBACK = "hotline-callback"  # placeholder that waits in the caller's place
    RECORD = "hotline-record"  # gosub on the caller's leg: whatever is said from now on is recorded
    RECORDING_NOTICE = "hotline-recording-notice"  # what is spoken to caller and agent of a recorded talk
    RECORDING_LEG = "hotline-recording-leg"  # the leg from which it is spoken
    RECORDING_HUSH = "hotline-recording-hush"  # gosub on the caller's leg: no more of it
    CALLBACK_DIAL = "hotline-callback-dial"  # the far half, dials the caller when an agent has answered


class Variable(StrEnum):
    """Channel variables. Those needed by other legs are set with the prefix ``__``."""

    CALL_ID = "HOTLINE_CALL"  # uniqueid of the caller's leg; the call's name everywhere
    CALLER = "HOTLINE_CALLER"  # caller's number as normalised by the service, or as it came
    NUMBER = "HOTLINE_NUMBER"  # the number that was called
    QUEUE = "HOTLINE_QUEUE"
    LANGUAGE = "HOTLINE_LANG"
    ARRIVED = "HOTLINE_ARRIVED"  # epoch seconds with microseconds, Asterisk's clock
    PICKED_UP = "HOTLINE_PICKED_UP"  # "1" once the assistant or a person has answered
    SURVEYED = "HOTLINE_SURVEYED"  # "1" once the survey was asked: never twice
    PROMPTS = "HOTLINE_PROMPTS"  # what the service asks the dialplan to play, joined with &
    AGENT = "HOTLINE_AGENT"  # extension of the agent whose leg this is
    WHISPER_LEG = "HOTLINE_WHISPER"  # SHARED: the leg that speaks to this caller, to be ended
    CALLER_CHANNEL = "HOTLINE_CHANNEL"
    RECORDING_PAUSED = "HOTLINE_RECORDING_PAUSED"  # of a caller's leg: "1" while silence is recorded
    RECORDING_NOTICE = "HOTLINE_NOTICE"  # SHARED: the leg from which the notice is, or was, spoken to this caller
    TARGET = "HOTLINE_TARGET"  # of a leg that speaks into a caller's leg: which
    TAKEN_UP = "HOTLINE_TAKEN_UP"  # epoch seconds at which a reloaded browser said that it goes on with this leg's call
    RECORDED = "HOTLINE_RECORDED"  # "1" once a recording of the talks was begun
    SPY_CHANNEL = "HOTLINE_SPY_CHANNEL"  # on a supervisor's leg: whom to listen to
    SPY_MODE = "HOTLINE_SPY_MODE"  # listen / whisper / barge
    SPY_AGENT = "HOTLINE_SPY_AGENT"  # extension of that channel
    SPY_CALL = "HOTLINE_SPY_CALL"  # the caller's call
    CALLBACK_NUMBER = "HOTLINE_CALLBACK_NUMBER"
    CALLBACK_TRY = "HOTLINE_CALLBACK_TRY"


class Fact(StrEnum):
    """What our own dialplan reports, twice: as UserEvent `Hotline` and as a line of queue_log.

    Both carry the same microsecond time and the same data, so that either alone is enough and both together count once.
    Data fields are separated by ``|``.
    """

    ARRIVED = "ARRIVED"  # caller|called|trunk|channel[|call id that asked to be called back]
    LANGUAGE = "LANGUAGE"  # language
    CLOSED = "CLOSED"  # hours / holiday / emergency
    ASSISTANT = "ASSISTANT"  # the assistant picked up; reason: guard / nobody / menu / closed / full
    MENU = "MENU"  # menu|key|choice
    QUEUED = "QUEUED"  # pass (1 before the guard, 2 after, 3 callback)
    ANSWERED = "ANSWERED"  # agent's channel; the agent is in the agent field
    LEFT = "LEFT"  # pass|status: CONTINUE TIMEOUT FULL JOINEMPTY LEAVEEMPTY KEY
    AGENT_LEFT = "AGENTLEFT"  # the agent's leg ended: agent's channel|hangup cause
    TRANSFER = "TRANSFERTO"  # blind transfer reached our context: target
    TRANSFER_ENDED = "TRANSFEREND"  # what became of it: target|DIALSTATUS (ANSWER BUSY NOANSWER CHANUNAVAIL …)
    SURVEY_ASKED = "SURVEYASKED"  # scale
    SURVEY = "SURVEY"  # scale|key|meaning|status (answered, no_key, hung_up)
    CALLBACK = "CALLBACK"  # number|new / duplicate
    CALLBACK_TRY = "CALLBACKTRY"  # request's call id|try|result: calling, connected, no_answer, busy, failed
    MESSAGE = "MESSAGE"  # file|seconds|status
    ENDED = "ENDED"  # hangup cause|"system" when our dialplan hung up
    # What agents' telephones call themselves; the call field is the uniqueid of the agent's own leg, which is no
    # caller's call: nothing of it is offered, answered or rated.
    OUT_DIALLED = "OUTDIALLED"  # agent / department / outside|number|agent's channel
    OUT_ANSWERED = "OUTANSWERED"  # channel of who answered
    OUT_ENDED = "OUTENDED"  # DIALSTATUS|hangup cause
    RECORDING = "RECORDING"  # of a recorded call's first answer: sides / mixed|announced / silent|caller's channel
    # A supervisor's own leg, which is no caller's call either; the call field is its uniqueid, the agent field theirs.
    SPYING = "SPYING"  # listen / whisper / barge|agent|caller's call id|channel of the supervisor
    SPY_ENDED = "SPYENDED"  # agent|caller's call id
    TAKEN_UP = "TAKENUP"  # a reloaded browser goes on with its call: old channel|in / out


USER_EVENT: Final = "Hotline"  # UserEvent(Hotline,Fact: …,Call: …,Queue: …,Agent: …,At: …,Data: …)
TOO_LATE: Final = "HotlineTooLate"  # UserEvent(…,Call: …,Agent: …): what app_queue says next of the two is no answer
JOURNAL_NO_QUEUE: Final = "NONE"
NO_AGENT: Final = "NONE"


class Route(StrEnum):
    """FastAGI routes: ``agi://127.0.0.1:PORT/<route>``."""

    IDENTIFY = "identify"  # normalises the caller's number, sets name and language
    ANNOUNCE = "announce"  # composes place in the queue and expected wait
    CLOSED = "closed"  # composes the next opening time
    CALLBACK_NUMBER = "callback-number"  # composes the confirmation of the number to call back


ANSWER_HEADER: Final = "X-Hotline-Answer"  # of calls that a page picks up by itself, because its person asked for them
PHONE_SECRETS: Final = "hotline-phone"  # what sorcery.conf calls the family; sorcery adds the kind of object


class Store(StrEnum):
    """Families of Asterisk's own database: what must work with the service away."""

    CLOSURE = "hotline-closure"  # key: called number or "all"; value: since when (ISO)
    HOLIDAY = "hotline-holiday"  # key: YYYY-MM-DD; value: name
    CALLBACK = "hotline-callback"  # key: caller's number; value: call id that asked
    WRAP_UP = "hotline-wrapup"  # key: agent; value: when the running wrap-up ends, epoch seconds
    BREAK = "hotline-break"  # key: agent; value: since when, epoch seconds|reason. Survives Asterisk's own end
    RECORDING = "hotline-recording"  # key "off": nothing new is recorded, for want of disk
    PHONE = f"{PHONE_SECRETS}/auth"  # key: extension of a browser telephone; value: its SIP secret, as sorcery reads it
    PHONE_SESSION = "hotline-phone-session"  # key: the same; value: the log-in that the secret belongs to


TRUNK_CHECK: Final = "-check"  # after a trunk's name: what is asked whether the provider is there
TRUNK_REGISTRATION: Final = "-registration"


class PauseReason(StrEnum):
    """Pause reasons the system itself sets; people's own reasons are settings."""

    WRAP_UP = "wrap-up"
    RING_MISSED = "ring-missed"  # short: not rung again at once
    MISSED_CALLS = "missed-calls"  # two misses in a row: stays until the agent comes back


def agent_interface(extension: str) -> str:
    """The queue member's interface of an agent's extension, e.g. ``PJSIP/1001``."""
    return f"PJSIP/{extension}"


def agent_of_interface(interface: str) -> str:
    """The extension in an interface or a channel name: ``PJSIP/1001`` and ``PJSIP/1001-0000002a`` give ``1001``."""
    name = interface.rpartition("/")[2]
    return name.rpartition("-")[0] or name
