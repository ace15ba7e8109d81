"""Reads letters that bring back letters of ours (RFC 3464), and says which and why. Pure."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from email import message_from_bytes
from email.message import EmailMessage, Message
from email.policy import default as modern
from email.utils import parseaddr
from typing import Final

LONGEST: Final = 300
_OURS: Final = re.compile(r"\b([0-9a-f]{32})@")
_MACHINES: Final = frozenset({"mailer-daemon", "postmaster"})


@dataclass(frozen=True, slots=True)
class Bounce:
    """``message_ids``: of letters named in it, the part before the @; ``why``: the server's words."""

    message_ids: tuple[str, ...]
    why: str


def read_bounce(raw: bytes) -> Bounce | None:
    """What came back; None for any other letter, such as an answer, an absence notice, or the news of a delay."""
    message = message_from_bytes(raw, policy=modern)
    status = _status(message)
    if status is None and not _is_from_a_machine(message):
        return None
    if status is not None and str(status.get("Action", "failed")).strip().lower() != "failed":
        return None  # delayed, relayed, expanded, delivered
    named = tuple(dict.fromkeys(_OURS.findall(raw.decode("utf-8", "replace"))))
    return Bounce(named, _why(status, message)) if named else None


def _status(message: EmailMessage) -> Message | None:
    """The fields of the first recipient in a delivery report."""
    for part in message.walk():
        if part.get_content_type() == "message/delivery-status":
            groups = [group for group in _groups(part) if "Action" in group or "Status" in group]
            return groups[0] if groups else None
    return None


def _groups(part: Message) -> Iterator[Message]:
    payload = part.get_payload()
    if isinstance(payload, list):
        yield from (group for group in payload if isinstance(group, Message))


def _is_from_a_machine(message: EmailMessage) -> bool:
    sender = parseaddr(str(message.get("From", "")))[1]
    return sender.partition("@")[0].lower() in _MACHINES or str(message.get("Return-Path", "")).strip() == "<>"


def _why(status: Message | None, message: EmailMessage) -> str:
    if status is None:
        return _short(str(message.get("Subject", "")))
    said = str(status.get("Diagnostic-Code", "")).partition(";")[2] or str(status.get("Diagnostic-Code", ""))
    code = str(status.get("Status", "")).strip()
    return _short(said if code and code in said else f"{code} {said}".strip())


def _short(text: str) -> str:
    text = " ".join(text.split())
    return text if len(text) <= LONGEST else text[: LONGEST - 1] + "…"
