"""The Asterisk that all real-call tests share: unpacked once, with SIPp."""

import os
from pathlib import Path

import pytest

from dialplan.asterisk.install import install


@pytest.fixture(scope="session")
def asterisk_root() -> Path:
    """Root of an installed Asterisk with SIPp: HOTLINE_ASTERISK_ROOT, or .state/asterisk-root in the repository."""
    given = os.environ.get("HOTLINE_ASTERISK_ROOT")
    root = Path(given) if given else Path(__file__).parents[2] / ".state/asterisk-root"
    return install(root, with_sipp=True, progress=print).root
