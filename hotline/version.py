"""Which version runs."""

from importlib.metadata import PackageNotFoundError, version


def product_version() -> str:
    """Of the installed package; ``0`` in a source tree that is not installed."""
    try:
        return version("hotline")
    except PackageNotFoundError:
        return "0"
