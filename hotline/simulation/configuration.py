"""Configuration of the network's own Asterisk: callers on one loopback address, desk phones on another.

All that must happen on the second happens in this dialplan, so that fifty calls at once cost our process nothing.
Caller's and agent's leg of a call find each other by the caller's number (`plan.line_name`): ``P_<name>`` says how long
the agent talks, ``S_<name>`` whether an agent talks (``person``: one who is not played here) or has left, ``L_<name>``
that the caller is on the line; a signal of that name wakes the caller's leg.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from dialplan.asterisk.layout import AsteriskFolders
from hotline.simulation.plan import CALLBACK_KEY, NAME_DIGITS, RingPlan

EVENT = "Simulation"
RING_ROWS = 251  # prime, so that agents do not fall into step
CALLERS = "callers"
WITHHELD = "withheld"
_NOW = "${STRFTIME(,,%s.%6q)}"
_NOW_MS = "${STRFTIME(,,%s%3q)}"
_MODULES = (
    "res_timing_timerfd",
    "pbx_config",
    "res_sorcery_config",
    "res_sorcery_memory",
    "res_sorcery_astdb",
    "bridge_simple",
    "codec_ulaw",
    "format_pcm",
    "res_crypto",
    "res_rtp_asterisk",
    "res_musiconhold",
    "res_pjproject",
    "res_pjsip",
    "res_pjsip_session",
    "res_pjsip_pubsub",
    "res_pjsip_sdp_rtp",
    "res_pjsip_authenticator_digest",
    "res_pjsip_outbound_authenticator_digest",
    "res_pjsip_outbound_registration",
    "res_pjsip_endpoint_identifier_ip",
    "res_pjsip_caller_id",
    "chan_pjsip",
    "app_userevent",
    "app_signal",
    "app_senddtmf",
    "app_stack",
    "app_exec",
    "func_callerid",
    "func_channel",
    "func_cut",
    "func_global",
    "func_logic",
    "func_strings",
)

# Half of all Asterisk's messages, and nobody listens to them.
_UNHEARD = (
    "ast_channel_varset_type",
    "ast_rtp_rtcp_sent_type",
    "ast_rtp_rtcp_received_type",
    "ast_test_suite_message_type",
)


@dataclass(frozen=True)
class SimulationTarget:
    """The installation that is called. ``agents``: extension and SIP secret of the desk phones played here.

    Callers and phones come from addresses of their own: a trunk is recognised by its address, and would otherwise
    swallow the phones' registrations too. ``survey_meanings``: key → meaning of the scale in use.
    """

    host: str
    sip_port: int
    number: str
    agents: tuple[tuple[str, str], ...]
    trunk_source_ip: str = "127.0.0.2"
    phones_ip: str = "127.0.0.3"
    seed: int = 1
    survey_meanings: Mapping[str, str] = field(
        default_factory=lambda: {"1": "impressed", "2": "satisfied", "3": "not_satisfied"}
    )
    answer_within_seconds: float = 9.0


@dataclass(frozen=True)
class NetworkPorts:
    """Ports of the network's Asterisk. ``sip`` is used on both addresses."""

    sip: int
    ami: int
    rtp_start: int = 30000
    rtp_end: int = 38999


def render(
    target: SimulationTarget,
    ports: NetworkPorts,
    folders: AsteriskFolders,
    rings: Sequence[RingPlan],
    *,
    modules: Path,
    ami_secret: str,
    settle_seconds: float = 0.3,
) -> dict[str, str]:
    """File name → text of all of ``etc``."""
    empty = ("acl", "ccss", "codecs", "features", "indications", "pjproject", "sorcery", "udptl")
    files = {f"{name}.conf": "" for name in empty}
    files |= {
        "asterisk.conf": _asterisk(folders, modules),
        "modules.conf": "[modules]\nautoload = no\n" + "".join(f"require = {name}.so\n" for name in _MODULES),
        "stasis.conf": "[declined_message_types]\n" + "".join(f"decline = {name}\n" for name in _UNHEARD),
        "cdr.conf": "[general]\nenable = no\n",
        "cel.conf": "[general]\nenable = no\n",
        "http.conf": "[general]\nenabled = no\n",
        "logger.conf": "[general]\ndateformat = %F %T.%3q\n[logfiles]\nfull => notice,warning,error\n",
        "rtp.conf": f"[general]\nrtpstart = {ports.rtp_start}\nrtpend = {ports.rtp_end}\nicesupport = no\n",
        "musiconhold.conf": "".join(
            f"[{who}]\nmode = files\ndirectory = {voice_folder(folders, who)}\n" for who in ("caller", "agent")
        ),
        "manager.conf": _manager(ports, ami_secret),
        "pjsip.conf": _pjsip(target, ports),
        "extensions.conf": _extensions(target, rings, settle_seconds),
    }
    return files


def voice_folder(folders: AsteriskFolders, who: str) -> Path:
    """Where the voice of ``caller`` or ``agent`` lies."""
    return folders.data / "voices" / who


def _asterisk(folders: AsteriskFolders, modules: Path) -> str:
    return f"""{folders.directories(modules)}[options]
verbose = 0
nocolor = yes
"""


def _manager(ports: NetworkPorts, ami_secret: str) -> str:
    return f"""[general]
enabled = yes
port = {ports.ami}
bindaddr = 127.0.0.1
timestampevents = yes
[simulation]
secret = {ami_secret}
read = call,user
write = originate,system,call
writetimeout = 5000
eventfilter = Event: (UserEvent|OriginateResponse)
eventfilter = Event: (Newchannel|Newstate).*Channel: PJSIP/({CALLERS}|{WITHHELD})-
"""


def _pjsip(target: SimulationTarget, ports: NetworkPorts) -> str:
    text = f"""[global]
type = global
user_agent = telephone network
[trunk]
type = transport
protocol = udp
bind = {target.trunk_source_ip}:{ports.sip}
[desk]
type = transport
protocol = udp
bind = {target.phones_ip}:{ports.sip}
[line](!)
type = endpoint
disallow = all
allow = ulaw
dtmf_mode = rfc4733
direct_media = no
timers = no
bind_rtp_to_media_address = yes
context = from-product
[{CALLERS}](line)
transport = trunk
media_address = {target.trunk_source_ip}
[{WITHHELD}](line)
transport = trunk
media_address = {target.trunk_source_ip}
from_user = anonymous
from_domain = anonymous.invalid
[product](line)
media_address = {target.phones_ip}
[product]
type = identify
endpoint = product
match = {target.host}
[registration](!)
type = registration
transport = desk
server_uri = sip:{target.host}:{target.sip_port}
retry_interval = 2
fatal_retry_interval = 2
forbidden_retry_interval = 2
auth_rejection_permanent = no
max_retries = 1000
expiration = 300
max_random_initial_delay = 0
"""
    for extension, secret in target.agents:
        text += f"""[{extension}]
type = auth
auth_type = digest
username = {extension}
password = {secret}
[{extension}](registration)
client_uri = sip:{extension}@{target.host}:{target.sip_port}
contact_user = {extension}
outbound_auth = {extension}
"""
    return text


def _extensions(target: SimulationTarget, rings: Sequence[RingPlan], settle_seconds: float) -> str:
    phones = "".join(
        f"exten => {extension},1,Gosub(phone,s,1({extension},{offset * 37}))\n same => n,Hangup()\n"
        for offset, (extension, _) in enumerate(target.agents)
    )
    table = "".join(
        f"exten => row{row},1,Return({ring.action}/{ring.delay_seconds:g})\n" for row, ring in enumerate(rings)
    )
    return f"""[from-product]
{phones}exten => _[+0-9]XXXXXXX.,1,Gosub(public,s,1(${{EXTEN}}))
 same => n,Hangup()

[rings]
{table}
{_caller()}
{_phone(len(rings), settle_seconds)}
{_public()}"""


def _fact(what: str, *fields: str) -> str:
    return ",".join([f"UserEvent({EVENT}", f"What: {what}", f"At: {_NOW}", *fields]) + ")"


def _caller() -> str:
    """A caller's leg from the moment somebody picks up; ``SIM_…`` variables come with the call."""
    state = "${GLOBAL(S_${SIM_NAME})}"
    key = _fact("key", "Call: ${SIM_CALL}", "Key: ${KEY}", "Phase: ${PHASE}")
    return f"""[caller]
exten => s,1,Set(PICKED_MS={_NOW_MS})
 same => n,StartMusicOnHold(caller)
 same => n(wait),GotoIf($["{state}" != ""]?talk-start)
 same => n,Set(NOW_MS={_NOW_MS})
 same => n,GotoIf($[${{NOW_MS}} >= ${{SIM_GIVE_UP_MS}}]?hang-up)
 same => n,GotoIf($["${{SIM_WAIT_KEY}}" != "" & ${{NOW_MS}} >= ${{PICKED_MS}} + 0${{SIM_WAIT_KEY_MS}}]?wait-key)
 same => n,WaitForSignal(${{SIM_NAME}},1)
 same => n,Goto(wait)
 same => n(wait-key),Set(KEY=${{SIM_WAIT_KEY}})
 same => n,Set(SIM_WAIT_KEY=)
 same => n,Set(PHASE=waiting)
 same => n,{key}
 same => n,ExecIf($["${{KEY}}" = "{CALLBACK_KEY}"]?Set(GLOBAL(P_${{SIM_NAME}})=))
 same => n,SendDTMF(${{KEY}},,120)
 same => n,Set(SIM_GIVE_UP_MS=$[{_NOW_MS} + ${{SIM_MESSAGE_MS}}])
 same => n,Goto(wait)
 same => n(talk-start),Set(SIM_TALK_END_MS=$[{_NOW_MS} + ${{SIM_TALK_MS}}])
 same => n(talk),GotoIf($["{state}" = "left"]?alone)
 same => n,GotoIf($["${{SIM_ENDS}}" = "caller" & "{state}" != "person" & {_NOW_MS} >= ${{SIM_TALK_END_MS}}]?hang-up)
 same => n,ExecIf($["${{SIM_ENDS}}" = "caller"]?WaitForSignal(${{SIM_NAME}},0.2):WaitForSignal(${{SIM_NAME}},1))
 same => n,Goto(talk)
 same => n(alone),GotoIf($["${{SIM_KEY_1}}" = ""]?listen)
 same => n,Set(PHASE=survey)
 same => n,Wait(${{SIM_KEY_DELAY}})
 same => n,Set(KEY=${{SIM_KEY_1}})
 same => n,{key}
 same => n,SendDTMF(${{KEY}},,120)
 same => n,GotoIf($["${{SIM_KEY_2}}" = ""]?listen)
 same => n,Wait(${{SIM_KEY_2_DELAY}})
 same => n,Set(KEY=${{SIM_KEY_2}})
 same => n,{key}
 same => n,SendDTMF(${{KEY}},,120)
 same => n(listen),Wait(45)
 same => n(hang-up),Set(SIM_ENDED_BY=caller)
 same => n,Hangup()

[caller-ended]
exten => s,1,{_fact("caller_ended", "Call: ${SIM_CALL}", "By: ${SIM_ENDED_BY}", "Cause: ${HANGUPCAUSE}")}
 same => n,Set(GLOBAL(S_${{SIM_NAME}})=)
 same => n,Set(GLOBAL(P_${{SIM_NAME}})=)
 same => n,Set(GLOBAL(L_${{SIM_NAME}})=)
 same => n,Return()
"""


def _phone(rows: int, settle_seconds: float) -> str:
    """An agent's desk phone. When several pick up at once the product keeps one: who is still on after a moment."""
    who = ("Leg: ${UNIQUEID}", "Agent: ${SIM_AGENT}", "Name: ${SIM_NAME}")
    ended = _fact("agent_ended", *who, "By: ${SIM_ENDED_BY}", "Answered: ${SIM_ANSWERED}", "Kept: ${SIM_KEPT}")
    return f"""[phone]
exten => s,1,Set(SIM_AGENT=${{ARG1}})
 same => n,Set(DIGITS=${{FILTER(0-9,${{CALLERID(num)}})}})
 same => n,Set(SIM_NAME=${{IF($[${{LEN(${{DIGITS}})}} >= {NAME_DIGITS}]?${{DIGITS:-{NAME_DIGITS}}}:anonymous)}})
 same => n,Set(PLAN=${{GLOBAL(P_${{SIM_NAME}})}}) ; none: who asked to be called back, from now on
 same => n,Set(CHANNEL(hangup_handler_push)=phone-ended,s,1)
 same => n,{_fact("agent_rang", *who)}
 same => n,Ringing()
 same => n,Set(NTH=$[0${{GLOBAL(N_${{SIM_AGENT}})}} + 1])
 same => n,Set(GLOBAL(N_${{SIM_AGENT}})=${{NTH}})
 same => n,Gosub(rings,row$[(${{NTH}} + ${{ARG2}}) % {rows}],1)
 same => n,Set(ACTION=${{CUT(GOSUB_RETVAL,/,1)}})
 same => n,Set(DELAY=${{CUT(GOSUB_RETVAL,/,2)}})
 same => n,GotoIf($["${{ACTION}}" = "miss"]?miss)
 same => n,Wait(${{DELAY}})
 same => n,GotoIf($["${{ACTION}}" = "reject"]?reject)
 same => n,Set(SIM_ANSWERED={_NOW})
 same => n,Answer()
 same => n,StartMusicOnHold(agent)
 same => n,Wait({settle_seconds:g})
 same => n,Set(SIM_KEPT=1)
 same => n,{_fact("agent_answered", *who, "Answered: ${SIM_ANSWERED}")}
 same => n,GotoIf($["${{PLAN}}" = ""]?unplanned)
 same => n,GotoIf($["${{GLOBAL(S_${{SIM_NAME}})}}" = "talk"]?unplanned)
 same => n,Set(SIM_OWNS=1)
 same => n,Set(GLOBAL(S_${{SIM_NAME}})=talk)
 same => n,Signal(${{SIM_NAME}})
 same => n,Wait(${{PLAN}})
 same => n,Goto(hang-up)
 same => n(unplanned),Wait(4)
 same => n(hang-up),Set(SIM_ENDED_BY=agent)
 same => n,Hangup()
 same => n(reject),Set(SIM_ENDED_BY=agent)
 same => n,Hangup(17)
 same => n(miss),Wait(600)
 same => n,Hangup()

[phone-ended]
exten => s,1,{ended}
 same => n,GotoIf($["${{SIM_OWNS}}" != "1" | "${{GLOBAL(S_${{SIM_NAME}})}}" = ""]?done)
 same => n,Set(GLOBAL(S_${{SIM_NAME}})=left)
 same => n,Signal(${{SIM_NAME}})
 same => n(done),Return()
"""


def _public() -> str:
    """The telephone of somebody who asked to be called back; busy while that very person is still calling us."""
    return f"""[public]
exten => s,1,{_fact("called_back", "Number: ${ARG1}")}
 same => n,Set(DIGITS=${{FILTER(0-9,${{ARG1}})}})
 same => n,GotoIf($["${{GLOBAL(L_${{DIGITS:-{NAME_DIGITS}}})}}" = "1"]?busy)
 same => n,Ringing()
 same => n,Wait(1.5)
 same => n,Answer()
 same => n,StartMusicOnHold(caller)
 same => n,Wait(120)
 same => n,Hangup()
 same => n(busy),Hangup(17)
"""
