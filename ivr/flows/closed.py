"""Route `closed`: when we open again."""

from dataclasses import dataclass
from datetime import tzinfo

from dialplan.names import Variable
from ivr.ports import Calendar, Clock, Voice
from ivr.session import CallSession, playback


@dataclass(frozen=True)
class Closed:
    """Says when we open next, after the closed message ("3. The call" no. 4).

    ``?reason=hours``, ``holiday`` or ``emergency``. Nobody knows when an emergency ends: nothing is promised then, nor
    when the calendar knows no next opening, and the dialplan's own message stands alone.
    """

    calendar: Calendar
    voice: Voice
    clock: Clock
    timezone: tzinfo  # times are said as the site's clocks show them

    def __call__(self, session: CallSession) -> None:
        if session.argument("reason") == "emergency":
            return
        now = self.clock()
        opens_at = self.calendar.next_opening(now)
        if opens_at is None or opens_at <= now:
            return
        there, here = opens_at.astimezone(self.timezone), now.astimezone(self.timezone)
        session.set(Variable.PROMPTS, playback(self.voice.opening(session.language, there, here)))
