"""Whether a provider is there, as Asterisk tells it: for the alert on a trunk that is down."""

import asyncio
from collections.abc import Mapping

import pytest

from ami_listener.actions import Action, AmiDown, GetVariable, ListRegistrations, Reply
from dialplan.sections import Trunk
from hotline.trunks import TrunkWatch


class Asterisk:
    """Answers as Asterisk does: contacts by trunk, registrations by name; away: it does not answer."""

    def __init__(self) -> None:
        self.contacts: dict[str, str] = {}
        self.registrations: dict[str, str] = {}
        self.away = False

    async def send(self, action: Action) -> Reply:
        if self.away:
            raise AmiDown("not connected", may_have_run=False)
        if isinstance(action, ListRegistrations):
            return Reply({}, tuple({"ObjectName": name, "Status": said} for name, said in self.registrations.items()))
        assert isinstance(action, GetVariable)
        function, _, rest = action.variable.partition("(")
        name = rest.partition(",")[0]
        if function == "PJSIP_AOR":
            return Reply({"Value": f"{name}@@5"})
        assert name.endswith("-check@@5")
        return Reply({"Value": self.contacts.get(name.removesuffix("-check@@5"), "NonQualified")})


def states(asterisk: Asterisk, *trunks: Trunk) -> Mapping[str, bool]:
    watch = TrunkWatch(trunks, asterisk.send)
    asyncio.run(watch.look())
    return watch.states


PLAIN = Trunk(name="plain", host="10.0.0.1")
REGISTERED = Trunk(name="there", host="10.0.0.2", register_there=True, username="u", password_env="PW")
NEVER_ASKED = Trunk(name="silent", host="10.0.0.3", check_seconds=0)


@pytest.mark.parametrize(("said", "up"), [("Reachable", True), ("Unreachable", False)])
def test_a_provider_that_answers_or_does_not(said: str, up: bool) -> None:
    asterisk = Asterisk()
    asterisk.contacts["plain"] = said
    assert states(asterisk, PLAIN) == {"plain": up}


def test_what_is_not_known_is_not_told() -> None:
    assert states(Asterisk(), PLAIN, NEVER_ASKED) == {}


@pytest.mark.parametrize(
    ("contact", "registration", "up"),
    [
        ("Reachable", "Registered", True),
        ("Reachable", "Rejected", False),
        ("Unreachable", "Registered", False),
        ("NonQualified", "Registered", True),
    ],
)
def test_where_we_register_both_count(contact: str, registration: str, up: bool) -> None:
    asterisk = Asterisk()
    asterisk.contacts["there"] = contact
    asterisk.registrations["there-registration"] = registration
    assert states(asterisk, REGISTERED) == {"there": up}


def test_with_asterisk_away_nothing_is_known(caplog: pytest.LogCaptureFixture) -> None:
    asterisk = Asterisk()
    asterisk.contacts["plain"] = "Unreachable"
    watch = TrunkWatch([PLAIN], asterisk.send)
    asyncio.run(watch.look())
    asyncio.run(watch.look())
    assert watch.states == {"plain": False}
    assert caplog.text.count("trunk plain is down") == 1
    asterisk.away = True
    asyncio.run(watch.look())
    assert watch.states == {}
