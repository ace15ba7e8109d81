"""The Asterisk that all real-call tests share: unpacked once, with SIPp."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from exchange import exchange_site
from installation import Installation, installation
from product import ProductAsterisk
from whole import Whole, installed_root, running, whole_settings


@pytest.fixture(scope="session")
def asterisk_root() -> Path:
    """Root of an installed Asterisk with SIPp: HOTLINE_ASTERISK_ROOT, or .state/asterisk-root in the repository."""
    return installed_root()


@pytest.fixture(scope="session")
def product(tmp_path_factory: pytest.TempPathFactory, asterisk_root: Path) -> Iterator[ProductAsterisk]:
    """The product's own dialplan running, with no service: always open, many queues (see ``exchange``)."""
    state = tmp_path_factory.mktemp("product")
    with ProductAsterisk.make(exchange_site(), state, asterisk_root) as running:
        yield running


@pytest.fixture(scope="session")
def whole(tmp_path_factory: pytest.TempPathFactory, asterisk_root: Path) -> Iterator[Whole]:
    """The whole product running, with the service and its records (see ``whole``)."""
    with running(whole_settings(tmp_path_factory.mktemp("whole"), asterisk_root), asterisk_root) as product:
        yield product


@pytest.fixture(scope="module")
def prepared(tmp_path_factory: pytest.TempPathFactory, asterisk_root: Path) -> Iterator[Installation]:
    """An installation of a module's own, for faults: its Asterisk runs, its service does not."""
    with installation(tmp_path_factory.mktemp("hotline"), asterisk_root) as made:
        yield made


@pytest.fixture
def hotline(prepared: Installation) -> Iterator[Installation]:
    """Its service is the test's to start."""
    yield prepared
    if prepared.service is not None:
        prepared.kill_service()
