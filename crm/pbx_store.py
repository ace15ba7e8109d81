"""Asterisk's own database: what the dialplan must know with the service away. Written from here, by AMI or console."""

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from typing import ClassVar, Final, Protocol

from ami_listener.actions import Action, ActionFailed, DeleteFromDatabase, ListAction, PutInDatabase, Reply
from dialplan.asterisk import control
from dialplan.asterisk.layout import AsteriskFolders
from dialplan.names import Store

Send = Callable[[Action], Awaitable[Reply]]
"""`ami_listener.client.AmiClient.send`."""

_NOT_THERE: Final = "not found"  # Asterisk's words for an entry, or a family, that does not exist


@dataclass(frozen=True, slots=True)
class ListDatabase(ListAction):
    """Every entry of a family: events with ``Key`` (``/family/key``) and ``Val``."""

    name: ClassVar[str] = "DBGetTree"
    family: str


async def read_family(send: Send, family: Store) -> dict[str, str]:
    """Key → value of one family. Raises what `AmiClient.send` raises."""
    try:
        reply = await send(ListDatabase(family))
    except ActionFailed as error:
        if _NOT_THERE in error.message.lower():
            return {}
        raise
    entries = {}
    for event in reply.events:
        key, value = event.get("Key"), event.get("Val", "")
        if isinstance(key, str) and isinstance(value, str):
            entries[key.removeprefix(f"/{family}/")] = value
    return entries


async def put(send: Send, family: Store, key: str, value: str) -> None:
    """Writes one entry. Raises what `AmiClient.send` raises."""
    await send(PutInDatabase(family, key, value))


async def delete(send: Send, family: Store, key: str) -> None:
    """Deletes one entry; one that is not there is as good. Raises what else `AmiClient.send` raises."""
    try:
        await send(DeleteFromDatabase(family, key))
    except ActionFailed:  # Asterisk says the same of an entry that is not there and of one it cannot delete
        if key in await read_family(send, family):
            raise


async def make_equal(send: Send, family: Store, wanted: Mapping[str, str]) -> int:
    """Writes and deletes what differs from ``wanted``; returns how many entries that were."""
    there = await read_family(send, family)
    changed = {key: value for key, value in wanted.items() if there.get(key) != value}
    gone = [key for key in there if key not in wanted]
    for key, value in changed.items():
        await put(send, family, key, value)
    for key in gone:
        await delete(send, family, key)
    return len(changed) + len(gone)


class Console(Protocol):
    """Runs one console command of Asterisk and returns its answer."""

    def __call__(self, command: str, /) -> str: ...


def console_of(folders: AsteriskFolders) -> Console:
    """The console of a running instance; its commands raise AsteriskControlError when Asterisk does not run."""
    return lambda command: control.cli(folders, command)


@dataclass(frozen=True)
class ConsoleStore:
    """The same database through the console: for commands of people, whether the service runs or not."""

    console: Console

    def put(self, family: Store, key: str, value: str) -> None:
        """Writes one entry. Raises AsteriskControlError."""
        self.console(f"database put {family} {_word(key)} {_word(value)}")

    def delete(self, family: Store, key: str) -> None:
        """Deletes one entry; one that is not there is as good. Raises AsteriskControlError."""
        self.console(f"database del {family} {_word(key)}")

    def make_equal(self, family: Store, wanted: Mapping[str, str]) -> int:
        """Writes and deletes what differs from ``wanted``; returns how many entries. Raises AsteriskControlError."""
        there = self.read(family)
        changed = {key: value for key, value in wanted.items() if there.get(key) != value}
        gone = [key for key in there if key not in wanted]
        for key, value in changed.items():
            self.put(family, key, value)
        for key in gone:
            self.delete(family, key)
        return len(changed) + len(gone)

    def read(self, family: Store) -> dict[str, str]:
        """Key → value of one family. Raises AsteriskControlError."""
        entries = {}
        for line in self.console(f"database show {family}").splitlines():
            path, separator, value = line.partition(":")
            if separator and path.startswith(f"/{family}/"):
                entries[path.strip().removeprefix(f"/{family}/")] = value.strip()
        return entries


def _word(text: str) -> str:
    """One word of the console's language, whatever is in it. Raises ValueError for a line break."""
    if "\n" in text or "\r" in text:
        raise ValueError("a line break cannot be written into Asterisk's database")
    return '"' + text.replace("\\", "\\\\").replace('"', '\\"') + '"'
