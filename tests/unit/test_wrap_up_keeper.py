"""A wrap-up always ends, also when Asterisk has lost the time at which it should."""

import asyncio
from datetime import UTC, datetime, timedelta

import pytest
from fake_pbx import FakePbx

from ami_listener.events import AgentState
from ami_listener.floor import AgentNow
from crm.agents.wrap_up import WrapUpKeeper
from dialplan.names import Store

NOW = datetime(2026, 3, 2, 9, 0, tzinfo=UTC)


@pytest.mark.parametrize(
    ("state", "seconds", "ends_in", "brought_back"),
    [
        (AgentState.WRAP_UP, 60, None, ["1001"]),  # forgotten
        (AgentState.WRAP_UP, 60, 20, []),  # Asterisk knows when it ends: it was extended
        (AgentState.WRAP_UP, 60, -1, []),  # ends at this very moment
        (AgentState.WRAP_UP, 60, -20, ["1001"]),  # the clock in Asterisk that should end it is gone
        (AgentState.WRAP_UP, 31, None, []),  # may end at this very moment
        (AgentState.PAUSED, 60, None, []),  # a break ends when its agent says so
        (AgentState.AVAILABLE, 60, None, []),
    ],
)
def test_only_a_forgotten_wrap_up_is_ended(
    state: AgentState, seconds: float, ends_in: float | None, brought_back: list[str]
) -> None:
    pbx = FakePbx(pauses={"PJSIP/1001": "wrap-up"})
    if ends_in is not None:
        pbx.database[f"{Store.WRAP_UP}/1001"] = f"{NOW.timestamp() + ends_in:.6f}"
    agents = {"1001": AgentNow(state, NOW - timedelta(seconds=seconds))}
    keeper = WrapUpKeeper(lambda: agents, 30, pbx.send, lambda: NOW)
    assert asyncio.run(keeper.look()) == brought_back
    assert (pbx.pauses["PJSIP/1001"] is None) == bool(brought_back)
