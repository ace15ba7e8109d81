"""The service killed in a talk, and started again. After all others: its counters begin anew here."""

import asyncio
from functools import partial

from contacts_kept import CLOSE_SECONDS, enrolled, kept_once, records, seconds_between
from exchange import SURVEY, Slot, play, verdict
from telephones import Call
from whole import Whole


def test_a_talk_while_the_service_was_dead_has_its_record_afterwards(whole: Whole) -> None:
    """H9: killed before the answer, and started again: Asterisk's journal tells of the talk, once."""

    async def talk_alone(s: Slot) -> None:
        await enrolled(s)
        s.quiet(1)
        call = await s.call()
        leg = await s.rung()
        whole.installation.kill_service()
        await leg.answer()
        await call.answered()
        await asyncio.sleep(0.5)
        await leg.hang_up()
        await call.heard(SURVEY)
        await call.press("1")
        await call.ended()
        kept[await s.id_of(call)] = leg

    kept: dict[str, Call] = {}
    results = play(whole, [talk_alone])
    for _ in range(2):  # and once more: nothing is told twice
        if whole.installation.service is not None:
            whole.installation.stop_service()
        whole.installation.start_service()
        verdict(results, talk_alone)
        ((name, leg),) = kept.items()
        asyncio.run(whole.until(partial(kept_once, whole, name), 10, "the record"))
        (one,) = records(whole, name)
        assert one.state == "draft"
        assert seconds_between(one.begun_at, leg.answered_at) < CLOSE_SECONDS
