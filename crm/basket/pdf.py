"""A page of ours as PDF, printed by Chromium: of what was tried, the only one that sets Thai right and from which all
words can be copied again (W7)."""

import os
import subprocess
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Final

SECONDS: Final = 30.0
_OPTIONS: Final = (
    *("--headless", "--disable-gpu", "--no-pdf-header-footer", "--disable-background-networking", "--no-first-run"),
    *("--disable-sync", "--disable-extensions", "--no-proxy-server", "--host-resolver-rules=MAP * ~NOTFOUND"),
)


class NoPdf(Exception):
    """No PDF could be made; the message says why."""


class Printer:
    """``chromium``: the program; None: there is none. ``fonts``: the folder of the typeface, None: the machine's."""

    def __init__(self, chromium: Path | None, fonts: Path | None = None) -> None:
        self._chromium, self._fonts = chromium, fonts

    @property
    def works(self) -> bool:
        """Whether there is a program at all."""
        return self._chromium is not None

    @property
    def fonts(self) -> str:
        """Where the typeface lies, as an address."""
        return self._fonts.absolute().as_uri() if self._fonts else ""

    def print(self, html: str) -> bytes:
        """The PDF of a page, which may use nothing but itself and the typeface. Blocks. Raises NoPdf."""
        if self._chromium is None:
            raise NoPdf("no Chromium is set")
        with TemporaryDirectory(prefix="hotline-pdf-") as folder:
            page, pdf = Path(folder) / "page.html", Path(folder) / "page.pdf"
            page.write_text(html, "utf-8")
            command = [str(self._chromium), *_OPTIONS, f"--user-data-dir={folder}/profile", f"--print-to-pdf={pdf}"]
            if os.geteuid() == 0:
                command.append("--no-sandbox")  # Chromium refuses to run as root with it; the page is our own
            try:
                result = subprocess.run(
                    [*command, page.as_uri()], capture_output=True, timeout=SECONDS, check=False, cwd=folder
                )
            except (OSError, subprocess.TimeoutExpired) as error:
                raise NoPdf(f"Chromium does not print: {type(error).__name__}") from error
            if result.returncode or not pdf.exists():
                raise NoPdf(f"Chromium does not print: it ended with {result.returncode}")
            return pdf.read_bytes()
