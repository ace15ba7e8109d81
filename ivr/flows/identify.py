"""Route `identify`: who calls (C1, C3)."""

from dataclasses import dataclass

from dialplan.names import Variable
from ivr.ports import CallerDirectory, NumberPlan
from ivr.session import CallSession


@dataclass(frozen=True)
class Identify:
    """Spells the caller's number and puts the caller's name on the call, so that a plain desk phone shows it (C1, C3).

    The name is set only when the CRM knows it: what the network sent is of more use than "new caller". At most three
    commands, the number first: when the CRM is slow the number is already there. The caller's number as telephones
    show it stays as the network gave it, for it is what they dial back.
    """

    numbers: NumberPlan
    directory: CallerDirectory
    country: str = "TH"
    languages: tuple[str, ...] = ("th", "en")

    def __call__(self, session: CallSession) -> None:
        number = self.numbers.normalise(session.caller_number, self.country)
        came_as = None if number.kind == "anonymous" else session.caller_number
        caller_now = number.value or came_as or ""
        if caller_now != session.caller_number or not caller_now.lstrip("+").isdigit():
            session.set(Variable.CALLER, caller_now)  # else the dialplan has noted it so already
        if number.kind != "e164":
            return
        caller = self.directory.find(number.value)
        if caller is None:
            return
        if caller.display_name.strip():
            session.set_caller_name(caller.display_name)
        if caller.language in self.languages and caller.language != session.language:
            session.set(Variable.LANGUAGE, caller.language, inherited=True)
