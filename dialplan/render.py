"""Asterisk's whole configuration as text, from the description of the site. Pure: nothing is written here."""

import difflib
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import time
from pathlib import Path
from typing import Any

from jinja2 import Environment, PackageLoader, StrictUndefined

from dialplan import names
from dialplan.asterisk.layout import AsteriskFolders
from dialplan.recording import monitored
from dialplan.secrets import Secrets
from dialplan.sections import Number
from dialplan.site import HotlineSite

# Asterisk's modules refuse to load when their file is missing, even an empty one.
EMPTY_FILES = (
    "acl.conf", "ari.conf", "ccss.conf", "cel.conf", "cli_permissions.conf", "cli_aliases.conf",
    "codecs.conf", "pjproject.conf", "pjsip_notify.conf", "udptl.conf", "dnsmgr.conf", "queuerules.conf",
)  # fmt: skip
END_OF_DAY = time(23, 59)
RENDERED_FILES = (
    "asterisk.conf", "cdr.conf", "cli.conf", "extensions.conf", "features.conf", "http.conf", "indications.conf",
    "logger.conf", "manager.conf", "modules.conf", "musiconhold.conf", "pjsip.conf", "queues.conf", "rtp.conf",
    "sorcery.conf", "stasis.conf",
)  # fmt: skip

# res_speech before res_agi, which needs it; app_stack before what uses Gosub.
MODULES = (
    "res_timing_timerfd", "pbx_config", "res_sorcery_config", "res_sorcery_memory", "res_sorcery_astdb", "res_crypto",
    "bridge_simple", "bridge_softmix", "bridge_native_rtp", "bridge_builtin_features",
    "codec_ulaw", "codec_alaw", "codec_a_mu", "codec_g722", "codec_resample", "format_pcm", "format_wav", "format_sln",
    "res_srtp", "res_rtp_asterisk", "res_musiconhold", "res_pjproject", "res_http_websocket",
    "res_pjsip", "res_pjsip_session", "res_pjsip_sdp_rtp", "res_pjsip_transport_websocket", "res_pjsip_registrar",
    "res_pjsip_authenticator_digest", "res_pjsip_outbound_authenticator_digest", "res_pjsip_outbound_registration",
    "res_pjsip_endpoint_identifier_user", "res_pjsip_endpoint_identifier_ip", "res_pjsip_caller_id", "res_pjsip_nat",
    "res_pjsip_pubsub", "res_pjsip_refer", "res_pjsip_rfc3326", "res_pjsip_dtmf_info",
    "res_pjsip_header_funcs", "res_pjsip_notify", "res_pjsip_logger", "chan_pjsip", "res_clioriginate",
    "app_stack", "app_dial", "app_queue", "app_playback", "app_read", "app_record", "app_userevent", "app_originate",
    "app_chanspy", "app_mixmonitor", "app_softhangup", "app_exec", "app_signal", "app_verbose", "app_echo",
    "func_callerid", "func_channel", "func_strings", "func_logic", "func_math", "func_db", "func_cut", "func_env",
    "func_global", "func_volume", "func_timeout", "func_export", "func_devstate", "func_pjsip_aor",
    "func_pjsip_contact", "res_speech", "res_agi",
)  # fmt: skip

# What the service listens to; everything else stays inside Asterisk (libraries.md: filtering gains most).
WANTED_EVENTS = (
    "UserEvent", "AgentCalled", "AgentRingNoAnswer", "QueueCallerJoin",
    "QueueCallerAbandon", "QueueMemberStatus", "QueueMemberAdded", "QueueMemberRemoved",
    "QueueMemberPause", "QueueMember", "QueueEntry", "QueueParams", "QueueStatusComplete", "CoreShowChannel",
    "CoreShowChannelsComplete", "Hold", "Unhold", "BlindTransfer", "AttendedTransfer", "Hangup", "OriginateResponse",
    "FullyBooted", "Shutdown", "Reload", "DBGetResponse", "DBGetComplete", "Status", "StatusComplete",
)  # fmt: skip

# A key pressed in a talk: asked for where talks are recorded, and as few as can be.
RECORDED_EVENT = "DTMFEnd"

# Made many times a call; every one would wake whoever reads for the service, to be thrown away there.
UNHEARD_EVENTS = (
    "Newexten", "NewExten", "Newchannel", "Newstate", "NewCallerid", "NewConnectedLine", "NewAccountCode", "Rename",
    "DialBegin", "DialState", "DialEnd", "BridgeCreate", "BridgeEnter", "BridgeLeave", "BridgeDestroy", "BridgeMerge",
    "BridgeVideoSourceUpdate", "HangupRequest", "SoftHangupRequest", "HangupHandlerPush", "HangupHandlerRun",
    "HangupHandlerPop", "DeviceStateChange", "ExtensionStatus", "DTMFBegin", "DTMFEnd", "MusicOnHoldStart",
    "MusicOnHoldStop", "AGIExecStart", "AGIExecEnd", "QueueCallerLeave", "LocalBridge", "LocalOptimizationBegin",
    "LocalOptimizationEnd", "SuccessfulAuth", "ChallengeSent", "VarSet",
    "AgentConnect", "AgentComplete",  # our own ANSWERED, AGENTLEFT and LEFT have told it
)  # fmt: skip


@dataclass(frozen=True)
class RenderFolders:
    """The directories that the configuration names."""

    etc: Path
    modules: Path
    lib: Path
    keys: Path
    data: Path
    agi: Path
    spool: Path
    sockets: Path
    log: Path
    messages: Path  # where callers' messages are kept
    recordings: Path  # where recordings of talks lie until the service takes them in

    @classmethod
    def of(cls, folders: AsteriskFolders, modules: Path, messages: Path) -> "RenderFolders":
        """Those of an instance. Recordings lie beside the messages."""
        return cls(
            folders.etc, modules, folders.lib, folders.keys, folders.data, folders.agi, folders.spool,
            folders.sockets, folders.log, messages, spool_beside(messages),
        )  # fmt: skip


def spool_beside(messages: Path) -> Path:
    """Where Asterisk writes recordings, given the folder of messages."""
    return messages.parent / "recordings" / "spool"


def render(site: HotlineSite, folders: RenderFolders, secrets: Secrets, system_name: str = "hotline") -> dict[str, str]:
    """File name → text of every file in Asterisk's configuration folder.

    Raises SecretMissing when a trunk's password is not in the environment.
    """
    environment = Environment(
        loader=PackageLoader("dialplan", "templates"),
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
        autoescape=False,  # noqa: S701  this is Asterisk's configuration, not HTML; values are checked by dialplan.site
    )
    values = _values(site, folders, secrets, system_name)
    files = {name: environment.get_template(f"{name}.j2").render(values) for name in RENDERED_FILES}
    return dict.fromkeys(EMPTY_FILES, "") | files


def _values(site: HotlineSite, folders: RenderFolders, secrets: Secrets, system_name: str) -> dict[str, Any]:
    sections = {name: getattr(site, name) for name in type(site).model_fields}
    return sections | {
        "C": names.Context,
        "S": names.Store,
        "V": names.Variable,
        "P": names.PauseReason,
        "user_event": names.USER_EVENT,
        "too_late": names.TOO_LATE,
        "phone_secrets": names.PHONE_SECRETS,
        "answer_header": names.ANSWER_HEADER,
        "no_queue": names.JOURNAL_NO_QUEUE,
        "no_agent": names.NO_AGENT,
        "trunk_check": names.TRUNK_CHECK,
        "trunk_registration": names.TRUNK_REGISTRATION,
        "trunk": site.default_trunk(),
        "scale": site.survey.chosen(),
        "records_talks": site.records_talks,
        "week": week(site),
        "choices": lambda number: menu_choices(site, number),
        "wrap_up_default": max(queue.wrap_up_seconds for queue in site.queues),
        "modules": MODULES,
        "wanted_events": WANTED_EVENTS,
        "recorded_event": RECORDED_EVENT,
        "unheard_events": UNHEARD_EVENTS,
        "folders": folders,
        "monitored": monitored(folders.recordings, f"${{{names.Variable.CALL_ID}}}", sides=site.recording.sides),
        "secrets": secrets,
        "system_name": system_name,
    }


def week(site: HotlineSite) -> list[list[tuple[int, int]]]:
    """Open spans of Monday … Sunday as hour-and-minute numbers (08:30 → 830), half-open; 23:59 ends with the day."""

    def clock(moment: time) -> int:
        return moment.hour * 100 + moment.minute

    return [
        [(clock(start), 2400 if end == END_OF_DAY else clock(end)) for start, end in site.hours.spans(day)]
        for day in range(7)
    ]


def menu_choices(site: HotlineSite, number: Number) -> list[tuple[str, str, str]]:
    """Key, choice and queue of each matter of the menu (K1); a matter without a queue goes to the number's own."""
    return [
        (str(key), choice, queue or number.queue)
        for key, (choice, queue) in enumerate(site.menu_queues().items(), start=1)
    ]


def difference(wanted: dict[str, str], etc: Path) -> list[str]:
    """What would change in the configuration folder, as unified differences without secrets; empty when nothing."""
    lines: list[str] = []
    for name in sorted(wanted):
        path = etc / name
        present = path.read_text("utf-8") if path.exists() else ""
        lines += difflib.unified_diff(
            list(_without_secrets(present)), list(_without_secrets(wanted[name])), f"running/{name}", f"wanted/{name}",
            lineterm="",
        )  # fmt: skip
    return lines


def _without_secrets(text: str) -> Iterable[str]:
    for line in text.splitlines():
        key = line.partition("=")[0].strip()
        yield f"{key} = ***" if key in {"secret", "password"} else line


def write(files: dict[str, str], etc: Path) -> list[str]:
    """Writes what differs, each file at once (rename), readable by its owner only. Returns the names written."""
    etc.mkdir(parents=True, exist_ok=True)
    written = []
    for name, text in files.items():
        path = etc / name
        if path.exists() and path.read_text("utf-8") == text:
            continue
        temporary = path.with_suffix(".new")
        temporary.touch(mode=0o600)
        temporary.write_text(text, "utf-8")
        temporary.replace(path)
        written.append(name)
    return written
