"""A mailbox as `imaplib` sees one: enough of IMAP4rev1 to log in, find what is unread, read it and mark it as read. It
keeps no other marks, as some servers do."""

import re
import socketserver
import threading
from dataclasses import dataclass, field
from typing import Any, Self


@dataclass
class MailBox:
    """Start it with ``with``. ``letters``: what lies in it; ``seen``: numbers that were marked."""

    letters: list[bytes] = field(default_factory=list)
    seen: set[int] = field(default_factory=set)
    password: str = "geheim"

    def __enter__(self) -> Self:
        box = self

        class Talk(socketserver.StreamRequestHandler):
            def handle(self) -> None:
                self._say(b"* OK here")
                while line := self.rfile.readline():
                    tag, _, command = line.decode().strip().partition(" ")
                    if not box.answer(tag, command, self._say):
                        return

            def _say(self, line: bytes) -> None:
                self.wfile.write(line + b"\r\n")

        self._server = socketserver.ThreadingTCPServer(("127.0.0.1", 0), Talk)
        self._server.daemon_threads = True
        self.port = int(self._server.server_address[1])
        threading.Thread(target=self._server.serve_forever, daemon=True).start()
        return self

    def __exit__(self, *_: object) -> None:
        self._server.shutdown()
        self._server.server_close()

    def answer(self, tag: str, command: str, say: Any) -> bool:
        """One command; False ends the talk."""
        command = command.removeprefix("UID ")
        name = command.partition(" ")[0].upper()
        if name == "CAPABILITY":
            say(b"* CAPABILITY IMAP4rev1")
        elif name == "LOGIN" and self.password not in command:
            say(f"{tag} NO wrong password".encode())
            return True
        elif name == "SELECT":
            say(f"* {len(self.letters)} EXISTS".encode())
        elif name == "SEARCH":
            unread = [str(n) for n in range(1, len(self.letters) + 1) if n not in self.seen]
            say(f"* SEARCH {' '.join(unread)}".encode())
        elif name == "FETCH":
            number = int(command.split()[1])
            text = self.letters[number - 1]
            say(b"* %d FETCH (UID %d BODY[]<0> {%d}" % (number, number, len(text)))
            say(text + b")")
        elif name == "STORE" and (found := re.search(r"STORE ([\d,]+)", command, re.IGNORECASE)):
            self.seen |= {int(number) for number in found[1].split(",")}
        say(f"{tag} OK done".encode())
        return name != "LOGOUT"
