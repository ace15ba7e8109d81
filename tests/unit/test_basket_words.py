"""Addresses as people write them, the words of baskets, and the domain's mail server as name servers tell of it."""

import socket
import struct
import threading
from collections.abc import Iterator
from contextlib import contextmanager

import pytest

from crm.basket.address import look_at
from crm.basket.checks import CHECKS, Standing
from crm.basket.mail_domain import Domain, MailDomains
from crm.basket.models import ItemKind
from crm.basket.words import LETTER, WORDS
from crm.outbox.models import LetterState
from crm.outbox.reasons import Reason


@pytest.mark.parametrize(
    ("text", "address", "fault", "meant"),
    [
        ("somchai@gmail.com", "somchai@gmail.com", None, None),
        ("  <Somchai@GMAIL.com>, ", "Somchai@gmail.com", None, None),
        ("mailto:somchai@moc.go.th", "somchai@moc.go.th", None, None),
        ("somchai @ gmail . com", "somchai@gmail.com", None, None),
        ("somchai๑@gmail.com", "somchai1@gmail.com", None, None),
        ("somchai@gmial.com", "somchai@gmial.com", None, "somchai@gmail.com"),
        ("somchai@gmai.com", "somchai@gmai.com", None, "somchai@gmail.com"),
        ("somchai@gmail.con", "somchai@gmail.con", None, "somchai@gmail.com"),
        ("somchai@hotmial.com", "somchai@hotmial.com", None, "somchai@hotmail.com"),
        ("somchai@yaho.com", "somchai@yaho.com", None, "somchai@yahoo.com"),
        ("somchai@gmail,com", "somchai@gmail,com", "bad_domain", "somchai@gmail.com"),
        ("somchai@company.con", "somchai@company.con", None, "somchai@company.com"),
        ("somchai@live.com", "somchai@live.com", None, None),
        ("somchai@ditp.go.th", "somchai@ditp.go.th", None, None),
        ("", "", "empty", None),
        ("somchai", "somchai", "no_at", None),
        ("สมชาย@gmail.com", "สมชาย@gmail.com", "not_ascii", None),
        ("somchai@gmail", "somchai@gmail", "bad_domain", "somchai@gmail.com"),
        ("somchai@gmail.co.th", "somchai@gmail.co.th", None, "somchai@gmail.com"),
        ("somchai@hotmail", "somchai@hotmail", "bad_domain", "somchai@hotmail.com"),
        ("somchai@hotmail.co.th", "somchai@hotmail.co.th", None, None),
        ("ｓｏｍｃｈａｉ@gmail.com", "somchai@gmail.com", None, None),
        ("som\u200bchai@gmail.com\u200e", "somchai@gmail.com", None, None),
        ("somchai@-x-.com", "somchai@-x-.com", "bad_domain", None),
        ("som chai@gmail.com", "som chai@gmail.com", "bad_user", None),
        ("som..chai@gmail.com", "som..chai@gmail.com", "bad_user", None),
        ("a@b@gmail.com", "a@b@gmail.com", "bad_user", None),
    ],
)
def test_addresses_as_people_write_them(text: str, address: str, fault: str | None, meant: str | None) -> None:
    """H6: writing and typing errors such as gmial."""
    written = look_at(text)
    assert (written.address, written.fault, written.meant) == (address, fault, meant)


def test_both_languages_say_everything() -> None:
    for words in (WORDS, LETTER):
        assert words["th"].keys() == words["en"].keys()
    wanted = [f"kind_{kind.value}" for kind in ItemKind] + [f"check_{check}" for check in CHECKS]
    wanted += [f"standing_{one.value}" for one in Standing] + [f"state_{one.value}" for one in LetterState]
    wanted += [f"reason_{one.value}" for one in Reason] + [f"domain_{one.value}" for one in Domain]
    assert [word for word in wanted if word not in WORDS["en"]] == []


@contextmanager
def name_server(answers: dict[int, tuple[int, list[bytes]]], *, outside: bool = True) -> Iterator[tuple[str, int]]:
    """Answers each kind of question (15: MX, 1: A) with a code and records. ``outside``: it knows gmail.com."""
    talk = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    talk.bind(("127.0.0.1", 0))

    def serve() -> None:
        while True:
            question, who = talk.recvfrom(512)
            if not question:
                return
            kind = struct.unpack("!H", question[-4:-2])[0]
            code, records = answers.get(kind, (0, []))
            if outside and b"\x05gmail\x03com" in question:
                code, records = 0, [EXCHANGE]
            header = question[:2] + struct.pack("!5H", 0x8180 | code, 1, len(records), 0, 0)
            body = b"".join(b"\xc0\x0c" + struct.pack("!2HIH", kind, 1, 60, len(one)) + one for one in records)
            talk.sendto(header + question[12:] + body, who)

    thread = threading.Thread(target=serve, daemon=True)
    thread.start()
    address: tuple[str, int] = talk.getsockname()
    yield address
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as end:
        end.sendto(b"", address)
    thread.join(5)
    talk.close()


EXCHANGE = struct.pack("!H", 10) + b"\x04mail\xc0\x0c"
NULL_EXCHANGE = struct.pack("!H", 0) + b"\0"


@pytest.mark.parametrize(
    ("answers", "known"),
    [
        ({15: (0, [EXCHANGE])}, Domain.TAKES),
        ({15: (0, [NULL_EXCHANGE])}, Domain.TAKES_NONE),
        ({15: (3, [])}, Domain.NO_SUCH),
        ({15: (0, []), 1: (0, [b"\x7f\0\0\1"])}, Domain.TAKES),
        ({15: (0, []), 1: (0, [])}, Domain.TAKES_NONE),
        ({15: (2, [])}, Domain.UNKNOWN),
    ],
)
def test_a_domains_mail_server(answers: dict[int, tuple[int, list[bytes]]], known: Domain) -> None:
    """H6: as far as name servers answer."""
    with name_server(answers) as server:
        assert MailDomains(lambda: [server], 2.0).look_up("example.test") is known


def test_an_inner_network_that_denies_the_world_knows_nothing() -> None:
    with name_server({15: (3, [])}, outside=False) as server:
        domains = MailDomains(lambda: [server], 2.0)
        assert domains.look_up("example.test") is Domain.UNKNOWN
        assert domains.look_up("gmail.com") is Domain.UNKNOWN


def test_a_silent_name_server_is_no_reason() -> None:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as silent:
        silent.bind(("127.0.0.1", 0))
        assert MailDomains(lambda: [silent.getsockname()], 0.05).look_up("example.test") is Domain.UNKNOWN
    assert MailDomains(list, 0.05).look_up("example.test") is Domain.UNKNOWN
