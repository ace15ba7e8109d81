"""Route `callback-number`: which number to call back."""

from dataclasses import dataclass

from dialplan.names import Variable
from ivr.ports import NormalNumber, NumberPlan, Voice
from ivr.session import CallSession, playback


@dataclass(frozen=True)
class CallbackNumber:
    """Settles the number of a callback ("3. The call" no. 2, key 1).

    A caller with a number of this country hears it confirmed (`Variable.PROMPTS`). Anyone else (withheld, foreign,
    internal) enters one, hears it, and takes it with 1 or enters another with 2; any other key,
    or none, takes it too: whoever objects presses 2. After all tries `Variable.CALLBACK_NUMBER` is
    empty, and the dialplan offers to leave a message.

    The number is set as people in the country dial it: the trunk dials it so, and a caller's number comes so when the
    service is away, so that a second request is seen as one (key of `dialplan.names.Store.CALLBACK`).
    """

    numbers: NumberPlan
    voice: Voice
    country: str = "TH"
    country_prefix: str = "+66"  # numbers we may call back
    tries: int = 3
    digits_at_most: int = 15  # E.164
    key_timeout_seconds: float = 6.0

    def __call__(self, session: CallSession) -> None:
        number = self._callable(session.caller_number)
        if number is not None:
            session.set(Variable.CALLBACK_NUMBER, number)
            session.set(Variable.PROMPTS, playback(self._confirmation(session, number)))
            return
        session.set(Variable.CALLBACK_NUMBER, self._asked_for(session) or "")

    def _asked_for(self, session: CallSession) -> str | None:
        prompts = ["callback-no-number"]
        for _ in range(self.tries):
            entered = session.read_digits(
                prompts, at_most=self.digits_at_most, timeout_seconds=self.key_timeout_seconds
            )
            number = self._callable(entered) if entered else None
            if number is None:
                prompts = ["callback-number-wrong", "callback-enter-number"]
                continue
            confirmation = [*self._confirmation(session, number), "callback-change"]
            key = session.read_digits(confirmation, at_most=1, timeout_seconds=self.key_timeout_seconds)
            if key != "2":
                return number
            prompts = ["callback-enter-number"]
        return None

    def _confirmation(self, session: CallSession, number: str) -> list[str]:
        return ["callback-confirm", *self.voice.digits(session.language, number)]

    def _callable(self, raw: str | None) -> str | None:
        number = self.numbers.normalise(raw, self.country)
        if number.kind != "e164" or number.value is None or not number.value.startswith(self.country_prefix):
            return None
        return _national(number, self.country_prefix)


def _national(number: NormalNumber, country_prefix: str) -> str:
    return number.national or "0" + (number.value or "").removeprefix(country_prefix)
