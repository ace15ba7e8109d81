"""The Asterisk of an installation: there, configured, with its voice."""

from collections.abc import Callable, Collection
from dataclasses import dataclass
from pathlib import Path

from dialplan import render
from dialplan.asterisk import control
from dialplan.asterisk.command import AsteriskProgram, find_program
from dialplan.asterisk.install import install, read_installed
from dialplan.asterisk.layout import AsteriskFolders
from dialplan.prompts.install import install_prompts
from dialplan.secrets import Secrets
from hotline.settings import Settings

# What to reload after which file changed. None of these drops a call.
RELOADS = {
    "extensions.conf": "dialplan reload",
    "queues.conf": "queue reload all",
    "pjsip.conf": "module reload res_pjsip.so",
    "manager.conf": "manager reload",
    "musiconhold.conf": "moh reload",
    "features.conf": "module reload features",
    "http.conf": "module reload http",
    "logger.conf": "logger reload",
    "rtp.conf": "module reload res_rtp_asterisk.so",
    "indications.conf": "module reload indications",
    "cdr.conf": "module reload cdr",
}
RESTARTS = frozenset({"asterisk.conf", "cli.conf", "modules.conf", "sorcery.conf"})


@dataclass(frozen=True)
class Pbx:
    """An Asterisk that is installed and configured, running or not."""

    folders: AsteriskFolders
    program: AsteriskProgram


def files_of(settings: Settings, pbx: Pbx) -> dict[str, str]:
    """The configuration as it should be."""
    folders = render.RenderFolders.of(pbx.folders, pbx.program.modules, settings.messages_folder)
    return render.render(settings, folders, Secrets.load(settings.state, settings), settings.service.instance)


def locate(settings: Settings) -> Pbx:
    """The installed Asterisk. Raises AsteriskInstallError when there is none."""
    folders = settings.asterisk_folders()
    return Pbx(folders, find_program(folders.install_root))


def prepare(settings: Settings, progress: Callable[[str], None]) -> Pbx:
    """Installs what is missing, writes the configuration and the prompts. Quick when nothing is to be done."""
    folders = settings.asterisk_folders()
    if folders.install_root is not None and read_installed(folders.install_root) is None:
        progress("Installing Asterisk from Debian's packages (once, about 20 seconds) …")
        install(folders.install_root, progress=progress)
    pbx = prepare_prompts(settings)
    render.write(files_of(settings, pbx), pbx.folders.etc)
    return pbx


def prepare_prompts(settings: Settings) -> Pbx:
    """The folders and what callers hear. Raises PromptsMissing: found now, never by a caller."""
    pbx = locate(settings)
    settings.make_state()
    pbx.folders.prepare(pbx.program.share)
    settings.messages_folder.mkdir(parents=True, exist_ok=True)
    (settings.recordings_folder / "spool").mkdir(mode=0o750, parents=True, exist_ok=True)
    install_prompts(pbx.folders.data, settings.site.languages, settings.asterisk.studio_folder)
    return pbx


def apply(settings: Settings, pbx: Pbx, *, but: Collection[str] = ()) -> list[str]:
    """Writes what differs and reloads it without dropping a call. Returns what was done, and Asterisk's complaints.

    ``but``: files that are written and not reloaded, since Asterisk is told what is in them in another way.
    """
    written = render.write(files_of(settings, pbx), pbx.folders.etc)
    if not control.is_running(pbx.folders):
        return [f"wrote {name} (Asterisk is not running)" for name in written]
    log = control.log_path(pbx.folders)
    before = log.stat().st_size if log.exists() else 0
    report = []
    for name in written:
        if name in RESTARTS:
            report.append(f"wrote {name}: takes effect when Asterisk is started again")
            continue
        if name in but:
            continue
        control.cli(pbx.folders, RELOADS.get(name, "core reload"))
        report.append(f"wrote and reloaded {name}")
    return report + complaints(log, before)


def complaints(log: Path, since: int) -> list[str]:
    """What Asterisk wrote into its log as warnings and errors from byte ``since`` on."""
    if not log.exists():
        return []
    with log.open("rb") as file:
        file.seek(since)
        lines = file.read().decode("utf-8", "replace").splitlines()
    return [line for line in lines if is_complaint(line)]


def is_complaint(line: str) -> bool:
    """Whether a line of a report is one of Asterisk's warnings and errors."""
    return " WARNING[" in line or " ERROR[" in line
