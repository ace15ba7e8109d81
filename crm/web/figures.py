"""Figures as text, alike wherever they are shown."""


def percent(ratio: float | None) -> str | None:
    """``96.4``: rounded down, so that a figure that looks like its target has reached it. ``100`` without decimals."""
    if ratio is None:
        return None
    tenths = int(round(ratio * 1000, 6))
    return f"{tenths // 10}" if tenths in {0, 1000} else f"{tenths // 10}.{tenths % 10}"
