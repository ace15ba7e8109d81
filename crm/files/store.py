"""Files by content: ``files/ab/<sha256>`` in the state folder. Names that files came with are kept elsewhere."""

import hashlib
import os
import re
from collections.abc import Iterable
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from tempfile import NamedTemporaryFile
from typing import Final

FOLDER: Final = "files"  # in the state folder
CHUNK: Final = 1 << 16
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


class FileStore:
    """``folder``: made when the first file comes."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def put(self, content: bytes | Iterable[bytes], largest_bytes: int) -> StoredFile:
        """Takes a file in: whole or not at all. Raises TooLarge, OSError."""
        self._folder.mkdir(mode=0o750, parents=True, exist_ok=True)
        digest, size = hashlib.sha256(), 0
        with NamedTemporaryFile(dir=self._folder, prefix=".new-", delete=False) as file:
            new = Path(file.name)
            try:
                for part in [content] if isinstance(content, bytes) else content:
                    size += len(part)
                    if size > largest_bytes:
                        raise TooLarge(f"at most {largest_bytes} bytes")
                    digest.update(part)
                    file.write(part)
                file.flush()
                os.fsync(file.fileno())
                place = self.path(digest.hexdigest())
                place.parent.mkdir(mode=0o750, exist_ok=True)
                new.rename(place)  # also over the same content, which is the same
            except BaseException:
                with suppress(OSError):
                    new.unlink()
                raise
        return StoredFile(digest.hexdigest(), size)

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
