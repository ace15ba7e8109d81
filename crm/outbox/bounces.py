"""Reads letters that bring back letters of ours (RFC 3464), and says which and why. Pure."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from email import message_from_bytes, message_from_string
from email.message import EmailMessage, Message
from email.policy import default as modern
from email.utils import parseaddr
from typing import Final

LONGEST: Final = 300
_OURS: Final = re.compile(r"\b([0-9a-f]{32})@")
_MACHINES: Final = frozenset({"mailer-daemon", "postmaster"})
_REFUSAL: Final = re.compile(r"(?:(?<=\s)|^)([45]\d\d[ -].{4,}(?:\n[ \t>]*\S.*)?)", re.MULTILINE)
_NOT_YET: Final = ("delayed", "warning", "still being retried", "will be retried", "ล่าช้า")


@dataclass(frozen=True, slots=True)
class Bounce:
    """``message_ids``: of letters named in it, the part before the @; ``why``: the server's words."""

    message_ids: tuple[str, ...]
    why: str


def read_bounce(raw: bytes) -> Bounce | None:
    """What came back; None for any other letter, such as an answer, an absence notice, or the news of a delay. ``raw``
    may lack its end: what matters stands before the letter that is brought back."""
    message = message_from_bytes(raw, policy=modern)
    reports = _reports(message)
    if not reports and not _is_from_a_machine(message):
        return None
    failed = next((report for report in reports if _action(report) == "failed"), None)
    if reports and failed is None:
        return None  # delayed, relayed, expanded, delivered
    named = tuple(dict.fromkeys(_OURS.findall(_everything(message, raw))))
    if not named:
        return None
    return Bounce(named, _why_of_report(failed) if failed is not None else _why_of_text(message))


def _reports(message: EmailMessage) -> list[Message]:
    """What a delivery report says of each recipient."""
    for part in message.walk():
        if part.get_content_type() in {"message/delivery-status", "message/global-delivery-status"}:
            return [group for group in _groups(part) if "Action" in group or "Final-Recipient" in group]
    return []


def _groups(part: Message) -> Iterator[Message]:
    payload = part.get_payload()
    for group in payload if isinstance(payload, list) else []:
        if isinstance(group, Message):
            yield group
            rest = group.get_payload()  # all other groups, in the form for addresses of all alphabets (RFC 6533)
            yield from map(message_from_string, rest.split("\n\n") if isinstance(rest, str) else [])


def _action(report: Message) -> str:
    return _header(report, "Action", "failed").partition("(")[0].strip().lower()


def _is_from_a_machine(message: EmailMessage) -> bool:
    """A mail server that tells of a failure without a report. Absence notices have no sender on their envelope either
    (RFC 3834), so that proves nothing."""
    if any(word in _header(message, "Subject").lower() for word in _NOT_YET):
        return False
    sender = parseaddr(_header(message, "From"))[1]
    return sender.partition("@")[0].lower() in _MACHINES or "X-Failed-Recipients" in message


def _everything(message: EmailMessage, raw: bytes) -> str:
    """The letter as it came, and again what of it is written in another alphabet (RFC 2045, 6)."""
    texts = [raw.decode("utf-8", "replace")]
    texts += [_text(part) for part in message.walk() if _header(part, "Content-Transfer-Encoding", "7bit") != "7bit"]
    return "\n".join(texts)


def _text(part: Message) -> str:
    content = part.get_payload(decode=True)
    return content.decode("utf-8", "replace") if isinstance(content, bytes) else ""


def _why_of_report(report: Message) -> str:
    diagnostic = _header(report, "Diagnostic-Code")
    kind, semicolon, rest = diagnostic.partition(";")
    said = rest if semicolon and " " not in kind.strip() else diagnostic
    code = _header(report, "Status").partition("(")[0].strip()
    return _short(said if code and code in said else f"{code} {said}".strip())


def _why_of_text(message: EmailMessage) -> str:
    """The first line that looks like a server's refusal, else how the letter begins, or is called."""
    body = message.get_body(("plain", "html"))
    text = _text(body) if body is not None else ""
    found = _REFUSAL.search(text)
    return _short((found[1] if found else text) or _header(message, "Subject"))


def _header(message: Message, name: str, otherwise: str = "") -> str:
    """A header as text, whatever stands in it."""
    try:
        return str(message.get(name, otherwise)).strip()
    except (ValueError, LookupError, AttributeError, IndexError, TypeError):  # what `email` raises at broken ones
        return otherwise


def _short(text: str) -> str:
    text = " ".join(text.split())
    return text if len(text) <= LONGEST else text[: LONGEST - 1] + "…"
