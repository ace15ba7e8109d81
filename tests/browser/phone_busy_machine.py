"""The telephone in the page on a machine that has too much to do: the microphone and the network are late."""

from telephone_room import Desk
from telephone_seat import AGENT, CALLER, heard

# The microphone cannot be opened the first few times.
MICROPHONE = """(times) => {
  const real = navigator.mediaDevices.getUserMedia.bind(navigator.mediaDevices);
  window.asked = 0;
  navigator.mediaDevices.getUserMedia = async (wanted) => {
    window.asked += 1;
    if (window.asked <= times) throw new DOMException("Could not start audio source", "NotReadableError");
    return real(wanted);
  };
}"""

# UDP's addresses are known half a second after the placeholders of TCP, as seen with twenty busy pages.
ADDRESSES = """() => {
  window.RTCPeerConnection = class extends RTCPeerConnection {
    late = true;
    get localDescription() {
      const is = super.localDescription;
      if (!is || !this.late) return is;
      const sdp = is.sdp.replace(/^a=candidate:.* udp .*\\r\\n/gim, "").replace(/^m=audio \\d+/m, "m=audio 9");
      return { type: is.type, sdp: sdp.replace(/^c=.*$/m, "c=IN IP4 0.0.0.0") };
    }
    get iceGatheringState() {
      return this.late ? "gathering" : super.iceGatheringState;
    }
    addEventListener(type, handler, ...more) {
      super.addEventListener(type, !/^ice(candidate|gathering)/.test(type) ? handler : (event) => {
        if (event.candidate?.protocol === "tcp" || !this.late) return handler(event);
        setTimeout(() => {
          this.late = false;
          handler(event);
        }, 500);
      }, ...more);
    }
  };
}"""


async def the_microphone_is_ready_a_moment_later(s: Desk) -> None:
    """Another program had it, or the machine was slow: the call is answered all the same."""
    seat = await s.room.sit(s.agent())
    await seat.page.evaluate(MICROPHONE, 2)
    call = await s.call()
    await seat.until("ringing")
    await seat.order("phone.answer()")
    await call.answered()
    await heard(call, AGENT)
    assert await seat.order("asked") == 3


async def its_addresses_are_found_late(s: Desk) -> None:
    """The answer waits for one that Asterisk can send sound to: an answer without one is a call on hold."""
    seat = await s.room.sit(s.agent())
    await seat.page.evaluate(ADDRESSES)
    call = await s.call()
    await seat.until("ringing")
    await seat.order("phone.answer()")
    await call.answered()
    await heard(call, AGENT)
    await seat.hears(CALLER)
    await call.hang_up()
    record = await s.whole.over(await s.id_of(call))
    assert record.holds == []
