"""An Asterisk as far as requests see it: its database, its channels, who is paused. For `send` of what is tested."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from ami_listener.actions import (
    Action,
    ActionFailed,
    AmiDown,
    DeleteFromDatabase,
    GetVariable,
    Hangup,
    ListChannels,
    Originate,
    PauseAgent,
    PutInDatabase,
    Reply,
)
from crm.pbx_store import ListDatabase

Headers = Mapping[str, str | list[str]]


@dataclass
class FakePbx:
    """``down``: no connection; ``deaf``: originates are done but never answered. ``sent``: all that was asked."""

    database: dict[str, str] = field(default_factory=dict)  # family/key → value
    channels: dict[str, dict[str, str]] = field(default_factory=dict)  # uniqueid → variables
    variables: dict[str, str] = field(default_factory=dict)  # of every channel that is no placeholder
    pauses: dict[str, str | None] = field(default_factory=dict)
    sent: list[Action] = field(default_factory=list)
    down: bool = False
    deaf: bool = False
    made: int = 0

    async def send(self, action: Action) -> Reply:
        if self.down:
            raise AmiDown(f"{action.name}: not connected", may_have_run=False)
        self.sent.append(action)
        match action:
            case PutInDatabase(family, key, value):
                self.database[f"{family}/{key}"] = value
            case DeleteFromDatabase(family, key):
                if self.database.pop(f"{family}/{key}", None) is None:
                    raise ActionFailed(action, "Database entry could not be deleted")
            case ListDatabase(family):
                return Reply({}, self._entries(family))
            case ListChannels():
                return Reply({}, self._channels())
            case GetVariable(variable, channel):
                return self._variable(variable, channel or "")
            case Hangup(channel):
                if self.channels.pop(channel, None) is None:
                    raise ActionFailed(action, "No such channel")
            case PauseAgent(interface, paused, reason):
                self.pauses[interface] = reason if paused else None
            case Originate():
                return self._originate(action)
        return Reply({})

    def family(self, family: str) -> dict[str, str]:
        start = f"{family}/"
        return {key.removeprefix(start): value for key, value in self.database.items() if key.startswith(start)}

    def originated(self) -> list[Originate]:
        return [action for action in self.sent if isinstance(action, Originate)]

    def placeholders_of(self, request: str) -> list[str]:
        return [call for call, variables in self.channels.items() if variables["HOTLINE_CALLBACK_OF"] == request]

    def _entries(self, family: str) -> tuple[Headers, ...]:
        return tuple({"Key": f"/{family}/{key}", "Val": value} for key, value in self.family(family).items())

    def _channels(self) -> tuple[Headers, ...]:
        listed: list[Headers] = [{"Channel": "PJSIP/provider-00000001", "Uniqueid": "main-1.1"}]
        for n, call_id in enumerate(self.channels):
            listed += [
                {"Channel": f"Local/s@hotline-callback-{n:08x};1", "Uniqueid": f"{call_id}-half"},
                {"Channel": f"Local/s@hotline-callback-{n:08x};2", "Uniqueid": call_id},
            ]
        return tuple(listed)

    def _variable(self, variable: str, channel: str) -> Reply:
        if not channel.startswith("Local/"):
            return Reply({"Value": self.variables.get(variable, "")})
        number = int(channel.removesuffix(";2").rpartition("-")[2], 16)
        return Reply({"Value": list(self.channels.values())[number][variable]})

    def _originate(self, action: Originate) -> Reply:
        self.made += 1
        variables = {name.removeprefix("__"): value for name, value in action.variables.items()}
        self.channels[f"placeholder-{self.made}"] = variables
        if self.deaf:
            raise AmiDown("no answer in time", may_have_run=True)
        return Reply({})
