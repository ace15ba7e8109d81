"""One call of a telephone (``telephones.py``): what it is asked to do, and when what happened."""

import asyncio
import re
from collections.abc import Callable
from typing import TYPE_CHECKING

from sip_messages import Message, media_address, tag_of, uri_of
from telephone_audio import Audio

if TYPE_CHECKING:
    from telephones import Telephone

T1_SECONDS = 0.5  # of RFC 3261


class Call:
    """One call of a telephone. Times are None until it happens."""

    def __init__(self, phone: "Telephone", call_id: str, incoming: bool) -> None:
        self.phone, self.call_id, self.incoming = phone, call_id, incoming
        self.audio = Audio(phone.clock)
        self.began_at = phone.clock()  # INVITE sent or received
        self.ringing_at: float | None = None
        self.answered_at: float | None = None
        self.ended_at: float | None = None
        self.known = False  # the other side knows of our call
        self.status: int | None = None  # final status of a call that was not answered
        self.ended_by_us = False
        self.notifies: list[str] = []  # what became of our REFER: "SIP/2.0 200 OK"
        self.referred: int | None = None  # status of the answer to our REFER
        self.asked: list[str] = []  # events of NOTIFYs that are no answer to a REFER: "talk", "hold"
        self.user = ""  # which of our names was called
        self.caller = self.caller_name = ""  # who calls, as shown to us
        self.shown: list[str] = []  # every number that was shown as the far end
        self.local = self.remote = self.target = ""
        self.local_sequence = 1
        self.version = 1  # of our SDP
        self.audio_port = 0
        self.branch = ""  # of our INVITE
        self.invite: Message | None = None
        self.auth_header: tuple[str, str] | None = None
        self.routes: list[str] = []
        self._changed = asyncio.Event()
        self._answer: bytes | None = None
        self._acknowledged = False

    def changed(self) -> None:
        self._changed.set()
        self._changed = asyncio.Event()

    async def until(self, condition: Callable[[], object], seconds: float, what: str) -> None:
        """Waits until something is so; fails after the time."""
        try:
            async with asyncio.timeout(seconds):
                while not condition():
                    await self._changed.wait()
        except TimeoutError:
            raise AssertionError(f"{self!r}: not {what} within {seconds} s") from None

    def __repr__(self) -> str:
        times = {
            name: round(at - self.began_at, 3)
            for name in ("ringing_at", "answered_at", "ended_at")
            if (at := getattr(self, name)) is not None
        }
        return f"<call {'to' if self.incoming else 'from'} {self.user or self.caller} {times} status={self.status}>"

    async def ringing(self, seconds: float = 5) -> float:
        await self.until(lambda: self.ringing_at, seconds, "ringing")
        return self.ringing_at or 0.0

    async def answered(self, seconds: float = 5) -> float:
        await self.until(lambda: self.answered_at or self.ended_at, seconds, "answered")
        assert self.answered_at is not None, f"{self!r} was refused"
        return self.answered_at

    async def ended(self, seconds: float = 5) -> float:
        await self.until(lambda: self.ended_at, seconds, "ended")
        return self.ended_at or 0.0

    async def press(self, keys: str) -> float:
        return await self.audio.press(keys)

    async def heard(self, sound: bytes, seconds: float = 5, since: float = 0.0) -> float:
        """Waits until a sound is played to us (not mixed with another); its beginning."""
        deadline = self.phone.clock() + seconds
        while (at := self.audio.heard(sound, since)) is None:
            if self.phone.clock() > deadline or self.ended_at:
                raise AssertionError(f"{self!r}: sound not heard within {seconds} s")
            await asyncio.sleep(0.02)
        return at

    # ---- what a person does ----------------------------------------------------------------------------------------

    async def answer(self) -> float:
        """Picks up; returns when the other side has acknowledged."""
        assert self.incoming
        assert self.invite is not None
        self._answer = self.phone.response(self.invite, 200, "OK", self, await self.phone.describe(self)).encode()
        self.answered_at = self.phone.clock()
        self.audio.send_to(media_address(self.invite.body))
        self.changed()
        for _ in range(10):
            self.phone.send(self._answer)
            try:
                await self.until(lambda: self._acknowledged or self.ended_at, T1_SECONDS, "acknowledged")
                return self.answered_at
            except AssertionError:
                continue
        raise AssertionError(f"{self!r}: no ACK")

    def reject(self, status: int = 486) -> None:
        """Refuses: 486 busy, 603 decline, 480 …"""
        assert self.incoming
        assert self.invite is not None
        assert not self.answered_at
        self._answer = self.phone.response(self.invite, status, "Refused", self).encode()
        self.phone.send(self._answer)
        self.status, self.ended_by_us = status, True
        self.end()

    async def hang_up(self) -> None:
        """Ends the call in whatever state it is."""
        if self.ended_at is not None:
            return
        self.ended_by_us = True
        if self.incoming and self.answered_at is None:
            self.reject(480)
            return
        if self.answered_at is None:  # nothing may be cancelled before it was heard of (RFC 3261, 9.1)
            await self.until(lambda: self.known or self.answered_at or self.ended_at, 5, "heard of")
        if self.answered_at is None and self.ended_at is None:
            self.phone.cancel(self)
            await self.until(lambda: self.answered_at or self.ended_at, 5, "cancelled")
        if self.answered_at is not None and self.ended_at is None:  # the answer may have crossed our CANCEL
            await self.phone.request(self, "BYE")
            self.end()

    async def hold(self, on: bool = True) -> None:
        body = await self.phone.describe(self, "sendonly" if on else "sendrecv")
        answer = await self.phone.request(self, "INVITE", body=body)
        assert answer.status == 200, answer.start

    async def refer(self, target: str) -> int:
        """Blind transfer to a number: the status of the answer. Who transfers hangs up afterwards (``hang_up``)."""
        return await self._refer(f"<sip:{target}@{self.phone.server[0]}:{self.phone.server[1]}>")

    async def refer_attended(self, other: "Call") -> int:
        """Attended transfer: joins the far ends of this call and of ``other`` (Replaces, RFC 3891)."""
        replaces = f"{other.call_id};to-tag={tag_of(other.remote)};from-tag={tag_of(other.local)}"
        escaped = replaces.replace(";", "%3B").replace("=", "%3D").replace("@", "%40")
        return await self._refer(f"<{uri_of(other.remote)}?Replaces={escaped}>")

    async def _refer(self, refer_to: str) -> int:
        # Nobody transfers within half a second; before the bridge stands Asterisk says 202 and does nothing.
        if self.answered_at is not None:
            await asyncio.sleep(max(0.0, self.answered_at + 0.5 - self.phone.clock()))
        headers = [("Refer-To", refer_to), ("Referred-By", f"<{uri_of(self.local)}>")]
        self.referred = (await self.phone.request(self, "REFER", headers)).status
        return self.referred

    def end(self) -> None:
        if self.ended_at is None:
            self.ended_at = self.phone.clock()
            self.audio.close()
            self.changed()


def final_notify(call: Call) -> str:
    """The last word on our REFER, such as ``200``; empty when there was none."""
    found = re.findall(r"SIP/2\.0 (\d+)", " ".join(call.notifies))
    return found[-1] if found else ""
