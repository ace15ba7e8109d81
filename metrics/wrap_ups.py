"""How long agents' work after a call took, from their states: known when it ends, after the call's own record."""

from datetime import datetime

from ami_listener.events import AgentState, AgentStateChanged, CallAnswered, Event, Precision


class WrapUps:
    """Give it every event in order; it answers with queue and seconds when a wrap-up has ended."""

    def __init__(self) -> None:
        self._queue: dict[str, str] = {}
        self._since: dict[str, datetime] = {}

    def apply(self, event: Event) -> tuple[str, float] | None:
        """(queue of the agent's last call, seconds) when this event ends a wrap-up, else None."""
        if event.precision is not Precision.MICROSECOND:
            return None  # the journal tells it again
        if isinstance(event, CallAnswered) and event.queue:
            self._queue[event.agent] = event.queue
        if not isinstance(event, AgentStateChanged):
            return None
        if event.state is AgentState.WRAP_UP:
            self._since.setdefault(event.agent, event.occurred_at)
            return None
        since = self._since.pop(event.agent, None)
        queue = self._queue.get(event.agent)
        if since is None or queue is None or event.state is AgentState.OFFLINE:
            return None
        return queue, max(0.0, (event.occurred_at - since).total_seconds())
