"""The smallest configuration that Asterisk runs with: PJSIP on one port, an extension that answers and echoes."""

import socket
from pathlib import Path

from dialplan.asterisk.command import find_program
from dialplan.asterisk.layout import AsteriskFolders

MODULES = """\
res_timing_timerfd pbx_config res_sorcery_config res_sorcery_memory res_sorcery_astdb bridge_simple codec_ulaw
codec_gsm format_gsm res_crypto res_rtp_asterisk res_pjproject res_pjsip res_pjsip_session res_pjsip_pubsub
res_pjsip_sdp_rtp res_pjsip_endpoint_identifier_ip res_pjsip_caller_id res_pjsip_nat chan_pjsip app_echo
app_playback res_clioriginate"""

# Asterisk's modules refuse to load when their file is missing; an empty one is enough.
EMPTY_FILES = "acl cdr cel ccss codecs indications pjproject sorcery stasis udptl features musiconhold http manager"


def free_udp_port(address: str = "127.0.0.1") -> int:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
        probe.bind((address, 0))
        return int(probe.getsockname()[1])


def write_minimal_configuration(folders: AsteriskFolders, sip_port: int, rtp_start: int = 24000) -> None:
    """Writes etc/ for one instance; the caller is 127.0.0.1, extension 600 answers."""
    program = find_program(folders.install_root)
    folders.prepare(program.share)
    modules = "\n".join(f"load = {name}.so" for name in MODULES.split())
    files = {
        "asterisk": f"""{folders.directories(program.modules)}[options]
verbose = 3
nocolor = yes
""",
        "modules": f"[modules]\nautoload = no\n{modules}\n",
        "logger": "[general]\ndateformat = %F %T.%3q\n[logfiles]\nfull => notice,warning,error,verbose\n",
        "rtp": f"[general]\nrtpstart = {rtp_start}\nrtpend = {rtp_start + 99}\n",
        "pjsip": f"""[udp]
type = transport
protocol = udp
bind = 127.0.0.1:{sip_port}
[trunk]
type = endpoint
context = calls
transport = udp
disallow = all
allow = ulaw
[trunk-id]
type = identify
endpoint = trunk
match = 127.0.0.1
""",
        "extensions": "[calls]\nexten => 600,1,Answer()\n same => n,Echo()\n",
        **dict.fromkeys(EMPTY_FILES.split(), ""),
    }
    for name, text in files.items():
        (folders.etc / f"{name}.conf").write_text(text)


def make_instance(state: Path, root: Path, instance: str, rtp_start: int = 24000) -> tuple[AsteriskFolders, int]:
    """Folders with configuration of a new instance and its SIP port."""
    folders = AsteriskFolders.for_instance(state, instance, install_root=root)
    port = free_udp_port()
    write_minimal_configuration(folders, port, rtp_start)
    return folders, port
