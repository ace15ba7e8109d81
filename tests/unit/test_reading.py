"""How long a connection rests between reads."""

from ami_listener.reading import BUSY_EVENTS_A_SECOND, BUSY_REST_SECONDS, REST_SECONDS, Pace


def rests(*seconds: int) -> list[float]:
    """The rest after the first event of each second, with so many events in each of them."""
    pace, found = Pace(), []
    for n, events in enumerate(seconds):
        found.append(pace.rest_after(1, 100 + n))
        for at in range(events - 1):
            pace.rest_after(1, 100 + n + at / events)
    return found


def test_it_is_short_until_a_whole_second_was_busy() -> None:
    """C1: who calls is seen on a desk some events after the first, and must not wait on a quiet line."""
    assert rests(2, 100, BUSY_EVENTS_A_SECOND - 1, 2) == [REST_SECONDS] * 4
    assert rests(BUSY_EVENTS_A_SECOND, 900, 5, 5) == [REST_SECONDS, BUSY_REST_SECONDS, BUSY_REST_SECONDS, REST_SECONDS]


def test_a_busy_second_long_ago_does_not_count() -> None:
    pace = Pace()
    pace.rest_after(1, 7.0)
    pace.rest_after(BUSY_EVENTS_A_SECOND * 2, 7.5)
    assert pace.rest_after(1, 60.0) == REST_SECONDS


def test_events_read_together_count_one_by_one() -> None:
    pace = Pace()
    pace.rest_after(1, 7.0)
    pace.rest_after(BUSY_EVENTS_A_SECOND, 7.5)
    assert pace.rest_after(1, 8.0) == BUSY_REST_SECONDS
