"""Recorded talks by the dialplan alone, without the service: the right audio on the right side."""

import asyncio
from collections.abc import Iterator
from pathlib import Path

import pytest
from exchange import Scenario, Slot, changed, exchange_site, play, verdict
from handing_on import consulted, joined
from product import MUSIC_HERTZ, TONES, ProductAsterisk
from telephone_audio import FRAME, goertzel, tone
from telephones import Call, final_notify

from dialplan.names import Store
from dialplan.prompts.audio import decode_ulaw
from dialplan.render import spool_beside
from dialplan.sections import RecordingSettings

SLOTS = 10
CALLER, AGENT, SECOND = 1300, 1700, 2100  # hertz
NOTICE = TONES["agent-recording-notice"]


@pytest.fixture(scope="module")
def recording(tmp_path_factory: pytest.TempPathFactory, asterisk_root: Path) -> Iterator[ProductAsterisk]:
    """A product whose queues are recorded."""
    site = changed(exchange_site(SLOTS), {f"q{i:02}": {"record": True} for i in range(SLOTS)})
    state = tmp_path_factory.mktemp("recording")
    spool_beside(state / "messages").mkdir(parents=True)
    with ProductAsterisk.make(site, state, asterisk_root) as running:
        yield running


def spoken(s: Slot, name: str, side: str) -> bytes:
    """What is written of one side of a recording so far; Asterisk writes the rest a moment after the call's end."""
    path = spool_beside(s.product.messages) / f"{name}-{side}.ulaw"
    return path.read_bytes() if path.exists() else b""


async def holds(s: Slot, name: str, side: str, *tones: int, seconds: float = 0.2) -> bytes:
    """The same, once each tone is on it for so long."""

    def there() -> bytes:
        sound = spoken(s, name, side)
        return sound if all(seconds_of(sound, hertz) >= seconds for hertz in tones) else b""

    try:
        return bytes(await s.product.until(there, 8))
    except AssertionError:
        sound = spoken(s, name, side)
        raise AssertionError(
            f"{len(sound) / 8000} s: { {hertz: seconds_of(sound, hertz) for hertz in tones} }"
        ) from None


def seconds_of(sound_: bytes, hertz: float, share: float = 0.5) -> float:
    """How long a tone is on it."""
    frames = [sound_[n : n + FRAME] for n in range(0, len(sound_), FRAME)]
    return sum(0.02 for frame in frames if goertzel(decode_ulaw(frame), hertz) >= share)


async def talking(s: Slot) -> tuple[Call, Call, str]:
    call, leg, name = await s.talk()
    call.audio.sound, leg.audio.sound = tone(CALLER), tone(AGENT)
    await s.product.until(lambda: len(leg.audio.tone_times(CALLER, 0.3)) > 10, 5, "caller heard")
    return call, leg, name


async def each_side_has_its_own_voice(s: Slot) -> None:
    """Nothing of the wait, nothing of the survey; both parties are told, and the telling is not in the recording."""
    call, leg, name = await talking(s)
    for party in (call, leg):
        await s.product.until(lambda party=party: len(party.audio.tone_times(NOTICE, 0.15)) > 10, 5, "told")  # type: ignore[misc]
    await leg.hang_up()
    await s.ended(call, "1")
    talked = (leg.ended_at or 0) - (leg.answered_at or 0)
    for side, own, other in (("caller", CALLER, AGENT), ("agent", AGENT, CALLER)):
        sound = await holds(s, name, side, own, seconds=talked - 0.5)
        assert abs(len(sound) / 8000 - talked) < 0.3
        assert max(seconds_of(sound, hertz, 0.1) for hertz in (other, NOTICE)) <= 0.04
    assert [x.data for x in s.lines(name, "RECORDING")] == [("sides", "announced", s.lines(name, "ARRIVED")[0].data[3])]


async def told(s: Slot, *parties: Call) -> None:
    """Until the notice is over: while somebody is spoken to, the filter that recording.conf.j2 tells of lives on."""
    for party in parties:
        await s.product.until(lambda party=party: len(party.audio.tone_times(NOTICE, 0.15)) > 10, 5, "told")  # type: ignore[misc]

    def over() -> bool:
        return not any(party.audio.tone_times(NOTICE, 0.15, party.phone.clock() - 0.5) for party in parties)

    await s.product.until(over, 5, "the notice over")


async def a_hold_is_in_it(s: Slot, sequence: int) -> None:
    """The music, and what the agent says afterwards. Asterisk's recorder takes music for a packet with the number 0."""
    s.quiet(1)
    call = await s.call()
    leg = await s.rung(0)
    leg.audio.sequence = sequence
    await leg.answer()
    await call.answered()
    name = await s.id_of(call)
    call.audio.sound, leg.audio.sound = tone(CALLER), tone(AGENT)
    await s.product.until(lambda: len(call.audio.tone_times(AGENT, 0.3)) > 25, 5, "agent heard")
    await leg.hold()
    await s.product.until(lambda: len(call.audio.tone_times(MUSIC_HERTZ)) > 50, 5, "music")
    await leg.hold(False)
    leg.audio.sound = tone(SECOND)
    await s.product.until(lambda: len(call.audio.tone_times(SECOND, 0.3)) > 50, 5, "agent heard again")
    await leg.hang_up()
    await s.ended(call, "1")
    await holds(s, name, "agent", AGENT, MUSIC_HERTZ, SECOND, seconds=0.4)


async def a_hold_of_a_telephone_with_low_numbers(s: Slot) -> None:
    await a_hold_is_in_it(s, 10_000)


async def a_hold_of_a_telephone_with_high_numbers(s: Slot) -> None:
    await a_hold_is_in_it(s, 40_000)


async def hold_and_attended_transfer_stay_in_it(s: Slot) -> None:
    """The caller's leg is what is recorded: hold, then the second agent, in one recording. The second telephone counts
    its packets from higher up; from lower down it needs the service (``test_whole_recording``)."""
    call, first, name = await talking(s)
    consult, second = await consulted(s, first, counts=5000)
    await s.product.until(lambda: len(call.audio.tone_times(MUSIC_HERTZ)) > 25, 5, "music")
    await joined(s, first, consult)
    second.audio.sound = tone(SECOND)
    await s.product.until(lambda: len(call.audio.tone_times(SECOND)) > 25, 5, "second agent heard")
    await second.hang_up()
    await s.ended(call, "1")
    await holds(s, name, "agent", AGENT, SECOND, seconds=0.1)
    assert len(s.lines(name, "RECORDING")) == 1


async def a_blind_transfer_to_an_agent_stays_in_it(s: Slot) -> None:
    """Also of a second telephone that counts its packets from lower down, which Asterisk's recorder takes for late."""
    call, first, name = await talking(s)
    await told(s, call, first)
    assert await first.refer(s.agents[1]) == 202
    await s.product.until(lambda: final_notify(first) or first.ended_at, 5, "transfer accepted")
    await first.hang_up()
    second = await s.rung(1)
    second.audio.sequence = first.audio.sequence - 5000
    await second.answer()
    second.audio.sound = tone(SECOND)
    await s.product.until(lambda: len(call.audio.tone_times(SECOND)) > 25, 5, "second agent heard")
    await second.hang_up()
    await s.ended(call, "1")
    await holds(s, name, "agent", AGENT, SECOND)


async def a_department_is_not_recorded(s: Slot) -> None:
    call, first, name = await talking(s)
    assert await first.refer("701") == 202
    await s.product.until(lambda: final_notify(first) or first.ended_at, 5, "transfer accepted")
    await first.hang_up()
    office = await s.exchange.network.next_call("021112222", 8)
    await office.answer()
    office.audio.sound = tone(SECOND)
    await s.product.until(lambda: len(call.audio.tone_times(SECOND)) > 25, 5, "office heard")
    await office.hang_up()
    await s.ended(call, "1")
    assert seconds_of(await holds(s, name, "agent", AGENT), SECOND, 0.1) == 0


async def who_gives_up_is_not_recorded(s: Slot) -> None:
    call = await s.call()
    await s.rung(0)
    name = await s.id_of(call)
    await call.hang_up()
    await s.story(call)
    assert spoken(s, name, "caller") == b""
    assert not s.lines(name, "RECORDING")


async def the_disk_takes_nothing(s: Slot) -> None:
    """The place of the sound cannot be written to: the talk and the survey are what they always are."""
    call = await s.call()
    leg = await s.rung(0)
    await leg.answer()
    leg.audio.sound = tone(AGENT)
    await s.product.until(lambda: len(call.audio.tone_times(AGENT, 0.3)) > 25, 5, "agent heard")
    await leg.hang_up()
    assert (await s.ended(call, "1"))[-2] == "SURVEY scale-123|1|impressed|answered"


async def switched_off_for_want_of_disk(s: Slot) -> None:
    s.product.cli(f"database put {Store.RECORDING} off disk")
    try:
        call, leg, name = await s.talk()
    finally:
        s.product.cli(f"database del {Store.RECORDING} off")
    await leg.hang_up()
    await s.ended(call, "1")
    assert not s.lines(name, "RECORDING")
    assert spoken(s, name, "caller") == b""


async def both_are_in_one_file(s: Slot) -> None:
    """``sides = false``, ``announce = false``."""
    call, leg, name = await talking(s)
    await s.product.until(lambda: len(call.audio.tone_times(AGENT, 0.3)) > 60, 5, "agent heard")
    assert not call.audio.tone_times(NOTICE, 0.15)
    await leg.hang_up()
    await s.ended(call, "1")

    def written() -> bool:
        sound = spoken(s, name, "mixed")
        return all(seconds_of(sound, hertz, 0.3) > 0.8 for hertz in (CALLER, AGENT))

    await s.product.until(written, 8, "both voices in one file")
    assert [x.data[:2] for x in s.lines(name, "RECORDING")] == [("mixed", "silent")]


async def a_department_is_recorded_where_it_shall_be(s: Slot) -> None:
    """``transferred = true``; also when its packets count from lower down."""
    call, first, name = await talking(s)
    assert await first.refer("701") == 202
    await s.product.until(lambda: final_notify(first) or first.ended_at, 5, "transfer accepted")
    await first.hang_up()
    office = await s.exchange.network.next_call("021112222", 8)
    office.audio.sequence = first.audio.sequence - 5000
    await office.answer()
    office.audio.sound = tone(SECOND)
    await s.product.until(lambda: len(call.audio.tone_times(SECOND)) > 50, 5, "office heard")
    await office.hang_up()
    await s.ended(call, "1")
    await s.product.until(lambda: seconds_of(spoken(s, name, "mixed"), SECOND, 0.3) > 0.6, 8, "office recorded")


SCENARIOS: list[Scenario] = [
    each_side_has_its_own_voice, hold_and_attended_transfer_stay_in_it, a_blind_transfer_to_an_agent_stays_in_it,
    a_department_is_not_recorded, who_gives_up_is_not_recorded, a_hold_of_a_telephone_with_low_numbers,
    a_hold_of_a_telephone_with_high_numbers,
]  # fmt: skip


@pytest.fixture(scope="module")
def played(recording: ProductAsterisk) -> dict[str, BaseException | None]:
    return play(recording, SCENARIOS) | play(recording, [switched_off_for_want_of_disk])


@pytest.mark.parametrize("scenario", [*SCENARIOS, switched_off_for_want_of_disk], ids=lambda one: one.__name__)
def test_recording(played: dict[str, BaseException | None], scenario: Scenario) -> None:
    verdict(played, scenario)


def test_a_place_that_cannot_be_written_to_harms_no_call(recording: ProductAsterisk, played: object) -> None:
    """A full disk costs the recording and nothing else: here the folder is gone and cannot come back."""
    spool = spool_beside(recording.messages)
    away = spool.rename(spool.with_name("away"))
    spool.write_text("not a folder")
    try:
        results = play(recording, [the_disk_takes_nothing])
    finally:
        spool.unlink()
        away.rename(spool)
    verdict(results, the_disk_takes_nothing)
    asyncio.run(recording.gone())


def test_recorded_otherwise_than_by_default(tmp_path: Path, asterisk_root: Path) -> None:
    site = changed(exchange_site(2), {f"q{i:02}": {"record": True} for i in range(2)})
    other = RecordingSettings(sides=False, announce=False, transferred=True)
    site = site.model_copy(update={"recording": other})
    spool_beside(tmp_path / "messages").mkdir(parents=True)
    with ProductAsterisk.make(site, tmp_path, asterisk_root) as running:
        played = play(running, [both_are_in_one_file, a_department_is_recorded_where_it_shall_be])
    verdict(played, both_are_in_one_file)
    verdict(played, a_department_is_recorded_where_it_shall_be)
