"""Several mail servers, tried in their order: who is away rests, who has its fill for this minute waits."""

from collections import deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Final

from crm.outbox.post_office import Begin, Fate, PostOffice, Try
from crm.outbox.service import Letter, LetterFile

MINUTE: Final = timedelta(minutes=1)


@dataclass
class _Standing:
    office: PostOffice
    rests_until: datetime | None = None
    given_at: deque[datetime] = field(default_factory=deque)

    def free_at(self, now: datetime) -> datetime:
        """When it may be given the next letter."""
        while self.given_at and self.given_at[0] <= now - MINUTE:
            self.given_at.popleft()
        times = [now]
        if self.rests_until is not None:
            times.append(self.rests_until)
        most = self.office.server.letters_per_minute
        if len(self.given_at) >= most:
            times.append(self.given_at[len(self.given_at) - most] + MINUTE)
        return max(times)


class MailServers:
    """``rest_seconds``: how long a server that is away is left alone while there are others."""

    def __init__(self, offices: Sequence[PostOffice], clock: Callable[[], datetime], rest_seconds: float) -> None:
        self._all = [_Standing(office) for office in offices]
        self._clock = clock
        self._rest = timedelta(seconds=rest_seconds)

    def wait_seconds(self) -> float:
        """How long until some server may be given a letter; 0: at once."""
        now = self._clock()
        return min((one.free_at(now) - now).total_seconds() for one in self._all)

    async def hand_over(self, letter: Letter, begin: Begin, files: Sequence[LetterFile]) -> Try:
        """One try at the first server that is free; at the next when that one cannot be reached. Somebody must be free
        (`wait_seconds`)."""
        last: Try | None = None
        for one in self._all:
            now = self._clock()
            if one.free_at(now) > now:
                continue
            one.given_at.append(now)
            tried = await one.office.hand_over(letter, begin, files)
            name = one.office.server.server
            last = Try(tried.fate, tried.answer, tried.unreachable, name)
            if not (tried.fate is Fate.LATER and tried.unreachable):
                one.rests_until = None
                return last
            one.rests_until = self._clock() + self._rest
        if last is None:
            raise RuntimeError("no mail server is free")
        return last
