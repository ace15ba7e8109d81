"""Telephones written for tests: SIP over UDP, real PCMU audio, keys at exact moments, transfers by REFER.

One ``Telephone`` is one UDP port; it makes and takes any number of calls, under any number of names (extensions), so it
can be a trunk, a desk phone or a room full of them. All times are those of ``clock`` (default: the machine's clock,
seconds since 1970, as in records).
"""

import asyncio
import secrets
import time
from collections.abc import Callable
from typing import Any

from sip_messages import (
    ALLOW,
    Message,
    digest,
    display_of,
    media_address,
    session_description,
    tag_of,
    uri_of,
    user_of,
)
from telephone_call import T1_SECONDS, Call, final_notify

__all__ = ["Call", "Telephone", "final_notify"]
Address = tuple[str, int]


class Telephone(asyncio.DatagramProtocol):
    """A SIP user agent on one UDP port. Open with ``await Telephone.open(…)``, close with ``await close()``.

    ``rings(call)`` is called for every new incoming call; by default it goes into ``incoming`` (see ``next_call``).
    """

    def __init__(self, server: Address, user: str, password: str, clock: Callable[[], float]) -> None:
        self.server, self.user, self.password, self.clock = server, user, password, clock
        self.passwords: dict[str, str] = {}  # of further names
        self.calls: dict[str, Call] = {}
        self.all_calls: list[Call] = []
        self.incoming: dict[str, asyncio.Queue[Call]] = {}
        self.rings: Callable[[Call], None] | None = None
        self.ring_back = True  # 180 at once
        self.address: Address = ("", 0)
        self._transport: asyncio.DatagramTransport | None = None
        self._transactions: dict[str, asyncio.Queue[Message]] = {}
        self._tasks: set[asyncio.Task[Any]] = set()

    @classmethod
    async def open(
        cls,
        server: Address,
        address: str,
        port: int = 0,
        *,
        user: str = "caller",
        password: str = "",
        clock: Callable[[], float] = time.time,
    ) -> "Telephone":
        phone = cls(server, user, password, clock)
        loop = asyncio.get_running_loop()
        transport, _ = await loop.create_datagram_endpoint(lambda: phone, local_addr=(address, port))
        phone._transport = transport
        phone.address = transport.get_extra_info("sockname")[:2]
        return phone

    async def __aenter__(self) -> "Telephone":
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.close()

    async def close(self) -> None:
        """Hangs up all calls and closes the port."""
        open_calls = [call for call in self.calls.values() if call.ended_at is None]
        await asyncio.gather(*(call.hang_up() for call in open_calls), return_exceptions=True)
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        for call in self.all_calls:
            call.audio.close()
        if self._transport:
            self._transport.close()

    async def next_call(self, user: str | None = None, seconds: float = 5) -> Call:
        """The next call that rings at one of our names."""
        user = user or self.user
        try:
            async with asyncio.timeout(seconds):
                return await self.incoming.setdefault(user, asyncio.Queue()).get()
        except TimeoutError:
            raise AssertionError(f"nobody called {user} within {seconds} s") from None

    async def call(
        self, number: str, caller: str | None = None, name: str = "", headers: tuple[tuple[str, str], ...] = ()
    ) -> Call:
        """Begins a call; returns when the INVITE was sent."""
        call = Call(self, f"{secrets.token_hex(8)}@test", incoming=False)
        call.caller = caller if caller is not None else self.user
        shown = f'"{name}" ' if name else ""
        call.local = f"{shown}<sip:{call.caller}@{self.address[0]}:{self.address[1]}>;tag={secrets.token_hex(4)}"
        call.target = f"sip:{number}@{self.server[0]}:{self.server[1]}"
        call.remote = f"<{call.target}>"
        self.calls[call.call_id] = call
        self.all_calls.append(call)
        body = await self.describe(call)
        call.began_at = self.clock()
        self._task(self._invite(call, body, list(headers)))
        await asyncio.sleep(0)
        return call

    async def register(self, user: str | None = None, password: str | None = None, seconds: int = 120) -> int:
        """Registers one of our names here; 0 seconds: no more. Returns the status."""
        user, password = user or self.user, password or self.password
        call = Call(self, f"{secrets.token_hex(8)}@test", incoming=False)
        self.passwords[user] = password
        call.caller = user
        call.local = f"<sip:{user}@{self.server[0]}>;tag={secrets.token_hex(4)}"
        call.remote = f"<sip:{user}@{self.server[0]}>"
        call.target = f"sip:{self.server[0]}:{self.server[1]}"
        contact = f"<sip:{user}@{self.address[0]}:{self.address[1]}>"
        headers = [("Contact", contact), ("Expires", str(seconds))]
        return (await self.request(call, "REGISTER", headers)).status

    # ---- requests of ours --------------------------------------------------------------------------------------------

    def _task(self, work: Any) -> None:
        task = asyncio.get_running_loop().create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    def send(self, data: bytes, to: Address | None = None) -> None:
        if self._transport and not self._transport.is_closing():
            self._transport.sendto(data, to or self.server)

    async def describe(self, call: Call, direction: str = "sendrecv") -> str:
        if not call.audio_port:
            call.audio_port = await call.audio.open(self.address[0])
        call.version += 1
        return session_description(self.address[0], call.audio_port, call.version, direction)

    def _built(self, call: Call, method: str, sequence: int, branch: str, extra: list[tuple[str, str]]) -> Message:
        user = call.caller if not call.incoming else call.user
        headers = [
            ("Via", f"SIP/2.0/UDP {self.address[0]}:{self.address[1]};rport;branch={branch}"),
            ("From", call.local), ("To", call.remote), ("Call-ID", call.call_id), ("CSeq", f"{sequence} {method}"),
            ("Max-Forwards", "70"), *(("Route", route) for route in call.routes),
        ]  # fmt: skip
        if not any(name == "Contact" for name, _ in extra):
            headers.append(("Contact", f"<sip:{user or 'anonymous'}@{self.address[0]}:{self.address[1]}>"))
        return Message(f"{method} {call.target} SIP/2.0", [*headers, ("Allow", ALLOW), *extra])

    async def request(
        self, call: Call, method: str, headers: list[tuple[str, str]] | None = None, body: str = ""
    ) -> Message:
        """Sends a request and returns the final answer, after authentication when asked for it."""
        extra = list(headers or [])
        if body:
            extra.append(("Content-Type", "application/sdp"))
        for _ in range(2):
            call.local_sequence += 1
            branch = f"z9hG4bK{secrets.token_hex(8)}"
            message = self._built(call, method, call.local_sequence, branch, extra)
            message.body = body
            answer = await self._answer_to(message, branch)
            if method == "INVITE":
                self._acknowledge(call, answer, call.local_sequence, branch)
            if answer.status not in {401, 407}:
                return answer
            extra = [*(headers or []), *([("Content-Type", "application/sdp")] if body else []),
                     self._signed(answer, method, call)]  # fmt: skip
        return answer

    async def _answer_to(self, message: Message, branch: str) -> Message:
        queue = self._transactions[branch] = asyncio.Queue()
        wait = T1_SECONDS
        try:
            for _ in range(6):
                self.send(message.encode())
                try:
                    async with asyncio.timeout(wait):
                        while (answer := await queue.get()).status < 200:
                            pass
                        return answer
                except TimeoutError:
                    wait = min(wait * 2, 4)
        finally:
            del self._transactions[branch]
        raise AssertionError(f"no answer to {message.start}")

    def _signed(self, challenge: Message, method: str, call: Call) -> tuple[str, str]:
        asked, answer = {
            401: ("www-authenticate", "Authorization"), 407: ("proxy-authenticate", "Proxy-Authorization"),
        }[challenge.status]  # fmt: skip
        user = call.caller if not call.incoming else call.user
        password = self.passwords.get(user, self.password)
        return answer, digest(challenge[asked], method, call.target, user, password)

    async def _invite(self, call: Call, body: str, headers: list[tuple[str, str]]) -> None:
        extra = [*headers, ("Content-Type", "application/sdp")]
        for attempt in range(2):
            branch = call.branch = f"z9hG4bK{secrets.token_hex(8)}"
            call.local_sequence += 1
            message = self._built(call, "INVITE", call.local_sequence, branch, extra)
            message.body = body
            answer = await self._invited(call, message, branch)
            self._acknowledge(call, answer, call.local_sequence, branch)
            if answer.status not in {401, 407} or attempt:
                break
            extra = [*extra, self._signed(answer, "INVITE", call)]
        if answer.status < 300:
            call.answered_at = self.clock()
            call.audio.send_to(media_address(answer.body))
            call.changed()
        else:
            call.status = answer.status
            call.end()

    async def _invited(self, call: Call, message: Message, branch: str) -> Message:
        queue = self._transactions[branch] = asyncio.Queue()
        provisional, wait = False, T1_SECONDS
        self.send(message.encode())
        while True:
            try:
                async with asyncio.timeout(None if provisional else wait):
                    answer = await queue.get()
            except TimeoutError:
                self.send(message.encode())
                wait *= 2
                if wait > 10:
                    return Message("SIP/2.0 408 No answer at all", message.headers)
                continue
            provisional = call.known = True
            call.changed()
            if answer.status >= 200:
                return answer
            if answer.status >= 180 and call.ringing_at is None:
                call.ringing_at = self.clock()
                call.changed()
            if answer.status == 183 and answer.body:
                call.audio.send_to(media_address(answer.body))

    def _acknowledge(self, call: Call, answer: Message, sequence: int, branch: str) -> None:
        if answer.start.endswith("No answer at all"):
            return
        if answer.status < 300:
            call.remote = answer["to"]
            call.target = uri_of(answer["contact"]) or call.target
            call.routes = answer.all("record-route")[::-1]
            branch = f"z9hG4bK{secrets.token_hex(8)}"
        acknowledgement = self._built(call, "ACK", sequence, branch, [])
        acknowledgement.headers = [(n, answer["to"] if n == "To" else v) for n, v in acknowledgement.headers]
        self.send(acknowledgement.encode())

    def cancel(self, call: Call) -> None:
        message = self._built(call, "CANCEL", call.local_sequence, call.branch, [])
        self.send(message.encode())

    # ---- requests of theirs ---

    def response(self, request: Message, status: int, reason: str, call: Call | None, body: str = "") -> Message:
        copied = [(name, value) for name in ("Via", "Record-Route") for value in request.all(name.lower())]
        to = request["to"]
        if call is not None and not tag_of(to):
            to = call.local
        copied += [("From", request["from"]), ("To", to), ("Call-ID", request["call-id"]), ("CSeq", request["cseq"])]
        if call is not None and status < 300:
            copied.append(("Contact", f"<sip:{call.user or call.caller}@{self.address[0]}:{self.address[1]}>"))
            copied.append(("Allow", ALLOW))
        if body:
            copied.append(("Content-Type", "application/sdp"))
        return Message(f"SIP/2.0 {status} {reason}", copied, body)

    def datagram_received(self, data: bytes, addr: Address) -> None:
        if not data.strip():
            return  # keep-alive
        message = Message.parse(data)
        if message.is_response:
            queue = self._transactions.get(message.branch)
            if queue is not None and (message.method != "CANCEL"):
                queue.put_nowait(message)
            elif message.method == "INVITE" and message.status >= 200 and (call := self.calls.get(message["call-id"])):
                self._acknowledge(call, message, message.sequence, message.branch)  # our ACK was lost
            return
        self._requested(message, self.calls.get(message["call-id"]), addr)

    def _requested(self, message: Message, call: Call | None, addr: Address) -> None:
        method = message.method
        if method == "INVITE" and call is None:
            self._rung(message)
        elif method == "INVITE" and call is not None:
            self._invited_again(message, call)
        elif method == "ACK" and call is not None:
            call._acknowledged = True
            call.changed()
        elif method == "OPTIONS":
            self.send(self.response(message, 200, "OK", call).encode(), addr)
        elif call is None:
            if method != "ACK":
                self.send(self.response(message, 481, "No such call", None).encode(), addr)
        elif method == "CANCEL":
            self.send(self.response(message, 200, "OK", call).encode(), addr)
            if call.invite is not None and call.answered_at is None and call.ended_at is None:
                self.send(self.response(call.invite, 487, "Cancelled", call).encode())
                call.status = 487
                call.end()
        elif method == "BYE":
            self.send(self.response(message, 200, "OK", call).encode(), addr)
            call.end()
        elif method == "UPDATE" and message.body:
            self._task(self._described(message, call))
        else:
            if method == "NOTIFY" and message["event"].startswith("refer"):
                call.notifies.append(message.body.strip())
            elif method == "NOTIFY":
                call.asked.append(message["event"])
            self._note_far_end(message, call)
            self.send(self.response(message, 200, "OK", call).encode(), addr)
            call.changed()

    def _rung(self, message: Message) -> None:
        call = Call(self, message["call-id"], incoming=True)
        call.invite, call.user = message, user_of(message.start)
        call.caller, call.caller_name = user_of(message["from"]), display_of(message["from"])
        call.local = f"{message['to']};tag={secrets.token_hex(4)}"
        call.remote, call.target = message["from"], uri_of(message["contact"])
        call.routes = message.all("record-route")
        self._note_far_end(message, call)
        self.calls[call.call_id] = call
        self.all_calls.append(call)
        if self.ring_back:
            self.send(self.response(message, 180, "Ringing", call).encode())
            call.ringing_at = self.clock()
        if self.rings is not None:
            self.rings(call)
        else:
            self.incoming.setdefault(call.user, asyncio.Queue()).put_nowait(call)

    def _invited_again(self, message: Message, call: Call) -> None:
        if call.invite is not None and message.sequence == call.invite.sequence and not tag_of(message["to"]):
            if call._answer is not None:
                self.send(call._answer)
            return
        self._note_far_end(message, call)
        self._task(self._described(message, call))

    async def _described(self, message: Message, call: Call) -> None:
        far = media_address(message.body)
        if far:
            call.audio.send_to(far)
        self.send(self.response(message, 200, "OK", call, await self.describe(call)).encode())

    def _note_far_end(self, message: Message, call: Call) -> None:
        shown = user_of(message["p-asserted-identity"] or message["from"])
        if not call.shown or call.shown[-1] != shown:
            call.shown.append(shown)
