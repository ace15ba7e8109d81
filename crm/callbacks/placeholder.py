"""The call that waits in a caller's place: how it is made, and how it is found again."""

from typing import Final

from ami_listener.actions import ActionFailed, GetVariable, ListChannels, Originate
from crm.callbacks.service import CallbackRequest
from crm.pbx_store import Send
from dialplan.names import Context

ORIGINATE_SECONDS: Final = 20.0
_LEG: Final = f"Local/s@{Context.CALLBACK}-"
_REQUEST: Final = "HOTLINE_CALLBACK_OF"


def placeholder(request: CallbackRequest, default_language: str) -> Originate:
    """The request that puts one in the queue, with the same variables as the dialplan's own (callback.conf.j2).

    The place is kept by the time of the first arrival, from which the dialplan makes the priority.
    """
    micros = request.arrived_at.strftime("%f")
    variables = {
        _REQUEST: request.call_id,
        "HOTLINE_CALLBACK_NUMBER": request.number,
        "HOTLINE_CALLBACK_TRY": str(request.tries + 1),
        "HOTLINE_ARRIVED": f"{int(request.arrived_at.timestamp())}.{micros}",
        "HOTLINE_QUEUE": request.queue,
        "HOTLINE_NUMBER": request.called_number,
        "HOTLINE_LANG": request.language or default_language,
    }
    return Originate(
        channel=f"Local/s@{Context.CALLBACK}/n",
        context=Context.CALLBACK_DIAL,
        exten="s",
        variables={f"__{name}": value for name, value in variables.items()},
        timeout_seconds=ORIGINATE_SECONDS,
    )


async def find_placeholders(send: Send, known: dict[str, str]) -> dict[str, str]:
    """Every placeholder that exists now: call → the request it stands for. ``known``: those need not be asked for.

    Raises what `AmiClient.send` raises.
    """
    found: dict[str, str] = {}
    for event in (await send(ListChannels())).events:
        channel, call_id = event.get("Channel"), event.get("Uniqueid")
        if not isinstance(channel, str) or not isinstance(call_id, str) or not channel.startswith(_LEG):
            continue
        if channel.endswith(";2"):  # the half that waits; the other half dials the caller
            request = known.get(call_id) or await _request_of(send, channel)
            if request:
                found[call_id] = request
    return found


async def _request_of(send: Send, channel: str) -> str | None:
    try:
        value = (await send(GetVariable(_REQUEST, channel))).headers.get("Value")
    except ActionFailed:  # it ended meanwhile
        return None
    return value if isinstance(value, str) else None
