"""A wrap-up always ends (section 3.6), also when Asterisk has lost the time at which it should."""

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
    ("state", "seconds", "running", "brought_back"),
    [
        (AgentState.WRAP_UP, 60, False, ["1001"]),  # forgotten
        (AgentState.WRAP_UP, 60, True, []),  # Asterisk knows when it ends
        (AgentState.WRAP_UP, 31, False, []),  # may end at this very moment
        (AgentState.PAUSED, 60, False, []),  # a break ends when its agent says so
        (AgentState.AVAILABLE, 60, False, []),
    ],
)
def test_only_a_forgotten_wrap_up_is_ended(
    state: AgentState, seconds: float, running: bool, brought_back: list[str]
) -> None:
    pbx = FakePbx(pauses={"PJSIP/1001": "wrap-up"})
    if running:
        pbx.database[f"{Store.WRAP_UP}/1001"] = "1"
    agents = {"1001": AgentNow(state, NOW - timedelta(seconds=seconds))}
    keeper = WrapUpKeeper(lambda: agents, 30, pbx.send, lambda: NOW)
    assert asyncio.run(keeper.look()) == brought_back
    assert (pbx.pauses["PJSIP/1001"] is None) == bool(brought_back)
