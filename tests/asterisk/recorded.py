"""What is on a recording of a talk: which side has which tone, and when."""

from telephone_audio import FRAME, goertzel
from whole import Whole

from crm.database import reading
from crm.recordings import service as recordings
from crm.recordings.models import RecordingState
from crm.recordings.sound import HEADER_BYTES
from dialplan.prompts.audio import decode_ulaw


async def taken_in(whole: Whole, call_id: str, seconds: float = 40) -> recordings.Recording:
    """A call's recording, as soon as the service has it safe."""

    def kept() -> recordings.Recording | None:
        with reading(whole.engine) as connection:
            if call_id not in recordings.recording_states(connection, [call_id]):
                return None  # noted in a moment
            found = recordings.get(connection, call_id)
        return found if found.state is RecordingState.KEPT else None

    found = await whole.until(kept, seconds, "the recording taken in")
    assert isinstance(found, recordings.Recording)
    return found


def sides_of(wav: bytes) -> tuple[bytes, bytes]:
    """Caller and agent, µ-law, of a recording with a side for each."""
    return wav[HEADER_BYTES::2], wav[HEADER_BYTES + 1 :: 2]


def sounding(side: bytes, hertz: float, share: float = 0.3) -> list[int]:
    """Numbers of the frames (20 ms) of one side in which one tone has this share of the energy."""
    frames = (side[n : n + FRAME] for n in range(0, len(side), FRAME))
    return [number for number, frame in enumerate(frames) if goertzel(decode_ulaw(frame), hertz) >= share]
