"""Every test belongs to the tier its folder names; a test outside a tier is an error."""

from pathlib import Path

import pytest
from hypothesis import settings

TIERS = {"unit", "wire", "integration", "asterisk", "browser"}

# A busy machine must not fail a test for taking long; pytest's own limit sees to those that hang.
settings.register_profile("house", settings(), deadline=None)
settings.load_profile("house")


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    root = Path(__file__).parent
    for item in items:
        tier = item.path.relative_to(root).parts[0]
        if tier not in TIERS:
            raise pytest.UsageError(f"{item.nodeid}: tests live in one of tests/{{{','.join(sorted(TIERS))}}}/")
        item.add_marker(getattr(pytest.mark, tier))
