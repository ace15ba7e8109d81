"""The smallest call centre that the simulated telephone network can call: a queue with a guard, a survey, a journal.

Independent of the product's own dialplan, so that the network is proved before the product stands on it.
"""

from collections import defaultdict
from pathlib import Path

from minimal_asterisk import EMPTY_FILES, free_udp_port

from dialplan.asterisk.command import find_program
from dialplan.asterisk.layout import AsteriskFolders
from hotline.simulation.configuration import SimulationTarget
from hotline.simulation.observed import moment
from hotline.simulation.voice import write_voice

MODULES = """
res_timing_timerfd pbx_config res_sorcery_config res_sorcery_memory res_sorcery_astdb bridge_simple codec_ulaw
format_pcm res_crypto res_rtp_asterisk res_musiconhold res_pjproject res_pjsip res_pjsip_session
res_pjsip_sdp_rtp res_pjsip_pubsub res_pjsip_registrar res_pjsip_authenticator_digest res_pjsip_endpoint_identifier_user
res_pjsip_endpoint_identifier_ip res_pjsip_caller_id chan_pjsip app_stack app_queue app_read app_playback
func_callerid func_channel func_env func_strings func_logic"""
NOW = "${STRFTIME(,,%s.%6q)}"
NUMBER = "1169"


def fact(what: str, data: str = "") -> str:
    return f"Set(FILE(JOURNAL,,,al,u)=${{HOTLINE_CALL}}|{what}|{NOW}|{data})"


DIALPLAN = f"""
[from-trunk]
exten => {NUMBER},1,Set(__HOTLINE_CALL=${{UNIQUEID}})
 same => n,{fact("ARRIVED", "${CALLERID(num)}")}
 same => n,Set(CHANNEL(hangup_handler_push)=ended,s,1)
 same => n,Ringing()
 same => n,Queue(all,rc,,,GUARD,,answered)
 same => n,GotoIf($["${{QUEUESTATUS}}" = "CONTINUE"]?survey)
 same => n,Answer(,i)
 same => n,{fact("ASSISTANT")}
 same => n,Queue(all,c,,,60,,answered)
 same => n,GotoIf($["${{QUEUESTATUS}}" != "CONTINUE"]?bye)
 same => n(survey),Read(KEY,PROMPT,1,,1,4)
 same => n,GotoIf($["${{KEY}}" != "" & ${{KEY}} > 3]?again)
 same => n,Goto(noted)
 same => n(again),Read(KEY,PROMPT,1,,1,4)
 same => n(noted),{fact("SURVEY", "${KEY}")}
 same => n(bye),Hangup()
[keys]
exten => 1,1,{fact("KEY", "callback")}
 same => n,Wait(1)
 same => n,Hangup()
exten => 2,1,{fact("KEY", "message")}
 same => n,Wait(30)
 same => n,Hangup()
[answered]
exten => s,1,{fact("ANSWERED", "${CHANNEL(endpoint)}")}
 same => n,Set(CHANNEL(hangup_handler_push)=agent-left,s,1)
 same => n,Return()
[agent-left]
exten => s,1,{fact("LEFT")}
 same => n,Return()
[ended]
exten => s,1,{fact("ENDED")}
 same => n,Return()
"""


def start_files(
    folders: AsteriskFolders, sip_port: int, agents: list[tuple[str, str]], guard_seconds: int, strategy: str
) -> None:
    """Writes etc/ of the little product."""
    program = find_program(folders.install_root)
    folders.prepare(program.share)
    write_voice(folders.data / "prompt.ulaw", 150, seed=2, seconds=6)
    journal = folders.run / "journal"
    journal.touch()
    dialplan = DIALPLAN.replace("JOURNAL", str(journal)).replace("PROMPT", str(folders.data / "prompt"))
    phones = "".join(
        f"""[{extension}]
type = endpoint
context = nowhere
disallow = all
allow = ulaw
direct_media = no
aors = {extension}
auth = {extension}
[{extension}]
type = auth
auth_type = digest
username = {extension}
password = {secret}
[{extension}]
type = aor
max_contacts = 1
remove_existing = yes
"""
        for extension, secret in agents
    )
    files = {
        **dict.fromkeys(EMPTY_FILES.split(), ""),
        "asterisk": f"""{folders.directories(program.modules)}[options]
nocolor = yes
live_dangerously = yes
""",
        "modules": "[modules]\nautoload = no\n" + "".join(f"require = {name}.so\n" for name in MODULES.split()),
        "cdr": "[general]\nenable = no\n",
        "logger": "[general]\ndateformat = %F %T.%3q\n[logfiles]\nfull => notice,warning,error\n",
        "rtp": "[general]\nrtpstart = 20000\nrtpend = 28999\n",
        "musiconhold": f"[default]\nmode = files\ndirectory = {folders.data}\n",
        "queues": f"[general]\nautofill = yes\n[all]\nstrategy = {strategy}\ntimeout = 20\nretry = 1\nringinuse = no\n"
        + "context = keys\n"
        + "".join(f"member => PJSIP/{extension}\n" for extension, _ in agents),
        "pjsip": f"""[udp]
type = transport
protocol = udp
bind = 127.0.0.1:{sip_port}
[trunk]
type = endpoint
context = from-trunk
disallow = all
allow = ulaw
direct_media = no
[trunk-id]
type = identify
endpoint = trunk
match = 127.0.0.2
{phones}""",
        "extensions": dialplan.replace("GUARD", str(guard_seconds)),
    }
    for name, text in files.items():
        (folders.etc / f"{name}.conf").write_text(text)


def make_little_product(
    state: Path, root: Path, agents: int, guard_seconds: int = 9, seed: int = 1, strategy: str = "ringall"
) -> tuple[AsteriskFolders, SimulationTarget]:
    """Its folders with configuration, and how to call it."""
    phones = [(str(1001 + index), f"secret-{index}") for index in range(agents)]
    folders = AsteriskFolders.for_instance(state, "product", install_root=root)
    port = free_udp_port()
    start_files(folders, port, phones, guard_seconds, strategy)
    target = SimulationTarget("127.0.0.1", port, NUMBER, tuple(phones), seed=seed, answer_within_seconds=guard_seconds)
    return folders, target


def records(folders: AsteriskFolders) -> list[dict[str, object]]:
    """The journal as the records that ``hotline calls export`` writes."""
    calls: dict[str, dict[str, tuple[str, str]]] = defaultdict(dict)
    for line in (folders.run / "journal").read_text().splitlines():
        call, what, at, data = line.split("|", 3)
        calls[call].setdefault(what, (moment(at).isoformat(), data))
    return [_record(call, facts) for call, facts in calls.items()]


def _record(call: str, facts: dict[str, tuple[str, str]]) -> dict[str, object]:
    def at(what: str) -> str | None:
        return facts[what][0] if what in facts else None

    key = facts.get("SURVEY", ("", ""))[1] or None
    caller = facts["ARRIVED"][1]
    outcome = "answered" if "ANSWERED" in facts else facts.get("KEY", ("", "abandoned"))[1]
    ended_by = "agent" if "SURVEY" in facts else "caller"
    meanings = {"1": "impressed", "2": "satisfied", "3": "not_satisfied"}
    return {
        "call_id": call,
        "caller_number": f"+66{caller[1:]}" if caller.isdigit() else None,
        "called_number": NUMBER,
        "arrived_at": at("ARRIVED"),
        "assistant_answered_at": at("ASSISTANT"),
        "agent_answered_at": at("ANSWERED"),
        "agent": facts["ANSWERED"][1] if "ANSWERED" in facts else None,
        "ended_at": at("ENDED"),
        "ended_by": ended_by if outcome == "answered" else "caller",
        "outcome": outcome,
        "survey_key": key if key in meanings else None,
        "survey_meaning": meanings.get(key or ""),
    }
