"""Files by content: ``files/ab/<sha256>`` in the state folder. Names that files came with are kept elsewhere."""

import hashlib
import os
import re
from collections.abc import Iterable
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from tempfile import NamedTemporaryFile
from typing import Final, Self

FOLDER: Final = "files"  # in the state folder
CHUNK: Final = 1 << 20  # bytes of a file in memory at a time
_HASH: Final = re.compile(r"[0-9a-f]{64}")


class Damaged(FileNotFoundError):
    """What lies there is not what was kept."""


class TooLarge(ValueError):
    """The file is larger than allowed."""


@dataclass(frozen=True, slots=True)
class StoredFile:
    """``sha256`` in hexadecimal letters; the same content is the same file."""

    sha256: str
    size_bytes: int


class Incoming:
    """A file that is coming in, part by part, with ``with``: gone at the end unless it was kept."""

    def __init__(self, store: "FileStore", folder: Path, largest_bytes: int) -> None:
        self._store, self._largest = store, largest_bytes
        self._digest = hashlib.sha256()
        self.size_bytes = 0
        folder.mkdir(mode=0o750, parents=True, exist_ok=True)
        self._file = NamedTemporaryFile(dir=folder, prefix=".new-", delete=False)  # noqa: SIM115 - closed by __exit__
        self._path = Path(self._file.name)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._file.close()
        with suppress(OSError):
            self._path.unlink()

    def write(self, part: bytes) -> None:
        """The next part. Raises TooLarge before any of what is too much is kept, OSError."""
        self.size_bytes += len(part)
        if self.size_bytes > self._largest:
            raise TooLarge(f"at most {self._largest} bytes")
        self._digest.update(part)
        self._file.write(part)

    def whole(self) -> Path:
        """Where it lies, all of it, to be looked at before it is kept. Raises OSError."""
        self._file.flush()
        return self._path

    def keep(self) -> StoredFile:
        """Takes it in. Raises OSError."""
        self._file.flush()
        os.fsync(self._file.fileno())
        place = self._store.path(self._digest.hexdigest())
        place.parent.mkdir(mode=0o750, exist_ok=True)
        self._path.rename(place)  # also over the same content, which is the same
        return StoredFile(self._digest.hexdigest(), self.size_bytes)


class FileStore:
    """``folder``: made when the first file comes."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def incoming(self, largest_bytes: int) -> Incoming:
        """A new file, to be written part by part. Raises OSError."""
        return Incoming(self, self._folder, largest_bytes)

    def put(self, content: bytes | Iterable[bytes], largest_bytes: int) -> StoredFile:
        """Takes a file in: whole or not at all. Raises TooLarge, OSError."""
        with self.incoming(largest_bytes) as new:
            for part in [content] if isinstance(content, bytes) else content:
                new.write(part)
            return new.keep()

    def path(self, sha256: str) -> Path:
        """Where a file lies. Raises ValueError for what is no hash."""
        if not _HASH.fullmatch(sha256):
            raise ValueError("this is no hash of a file")
        return self._folder / sha256[:2] / sha256

    def read(self, sha256: str) -> bytes:
        """All of it, as it was kept. Raises FileNotFoundError; Damaged when it is another by now."""
        content = self.path(sha256).read_bytes()
        if hashlib.sha256(content).hexdigest() != sha256:
            raise Damaged(f"the file {sha256} is not what it was")
        return content
