"""The service is killed with -9 again and again while it sends 500 letters: none is lost, none is sent twice by itself,
and every one whose fate nobody knows is marked so."""

import random
import signal
import subprocess
import sys
import time
from collections import Counter
from datetime import UTC, datetime
from pathlib import Path

from mail_peer import MailPeer
from sqlalchemy import Engine, func, select

from crm.database import open_engine, reading, upgrade, writing
from crm.outbox.models import LetterState, letters
from crm.outbox.service import Draft, put

LETTERS = 500
KILLS = 6
HERE = Path(__file__).parent


def left(engine: Engine) -> int:
    """How many letters still wait or are on their way."""
    on_the_way = letters.c.state.in_([LetterState.QUEUED, LetterState.SENDING])
    with reading(engine) as connection:
        return connection.scalar(select(func.count()).where(on_the_way)) or 0


def test_killed_while_sending_500_letters(tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path / 'letters.sqlite3'}"
    engine = open_engine(url)
    upgrade(engine)
    now = datetime.now(UTC)
    with writing(engine) as connection:
        for number in range(LETTERS):
            draft = Draft(kind="basket", recipient=f"p{number}@example.test", subject=str(number), text="สวัสดี\n")
            put(connection, draft, now)
    chance = random.Random(1169)
    with MailPeer() as peer:
        deadline = time.monotonic() + 180
        kills = 0
        while left(engine) and time.monotonic() < deadline:
            program = [sys.executable, str(HERE / "sender_process.py"), url, str(peer.port)]
            process = subprocess.Popen(program, cwd=HERE.parents[1], stderr=subprocess.DEVNULL)
            before = len(peer.taken)
            if kills < KILLS:
                some = chance.randrange(5, 40)
                while len(peer.taken) < before + some and left(engine) and time.monotonic() < deadline:
                    time.sleep(chance.random() / 500)
                process.send_signal(signal.SIGKILL)
                kills += 1
            else:
                while left(engine) and time.monotonic() < deadline:
                    time.sleep(0.05)
                process.terminate()
            process.wait(10)
        taken = Counter(peer.recipients)
    with reading(engine) as connection:
        states = {row.recipient: row.state for row in connection.execute(select(letters))}
    engine.dispose()
    assert kills == KILLS
    assert set(states.values()) <= {LetterState.SENT, LetterState.UNCERTAIN}
    assert [one for one, count in taken.items() if count > 1] == []  # twice
    lost = [one for one, state in states.items() if state == LetterState.SENT and one not in taken]
    assert lost == []
    unsure = [one for one, state in states.items() if state == LetterState.UNCERTAIN]
    assert len(unsure) <= KILLS
    assert set(taken) | set(unsure) == set(states)
