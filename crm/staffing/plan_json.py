"""A plan as JSON: for ``/api/staffing`` and ``hotline staffing --json``. Pure."""

from collections.abc import Sequence
from dataclasses import asdict
from typing import Any

from crm.staffing.roster import clock
from crm.staffing.service import Known
from metrics.erlang import Performance
from metrics.staffing import DayPlan, Slot


def plan_json(plans: Sequence[DayPlan], known: Known) -> dict[str, Any]:
    """Everything that the page shows, in plain types."""
    return {"queue": known.queue, "known": known_json(known), "days": [_day(plan) for plan in plans]}


def known_json(known: Known) -> dict[str, Any]:
    """What was measured, and how sure it is."""
    told, patience = known.measured, known.measured.patience
    return {
        "rules": asdict(known.rules),
        "learnt_from": known.learnt_from.isoformat() if known.learnt_from else None,
        "calls": told.calls,
        "answered": told.answered,
        "handling_seconds": _round(told.handling_seconds),
        "wrap_up_seconds": _round(told.wrap_up_seconds),
        "patience": {key: _round(value) for key, value in asdict(patience).items()} if patience else None,
        "forecast_error": _dated(known.accuracy),
        "replay": _dated(known.replay),
    }


def _day(plan: DayPlan) -> dict[str, Any]:
    return {
        "day": plan.day.isoformat(),
        "open": bool(plan.slots),
        "holiday": {"th": plan.holiday[0], "en": plan.holiday[1]} if plan.holiday else None,
        "after_holiday": plan.after_holiday,
        "calls": _round(plan.calls),
        "hours_needed": plan.hours_needed,
        "hours_rostered": _round(plan.hours_rostered),
        "short_half_hours": len(plan.short_slots),
        "abandons": _round(plan.abandons),
        "abandons_with_roster": _round(plan.abandons_with_roster) if plan.has_roster else None,
        "answered_within_with_roster": _round(plan.within_with_roster, 4) if plan.has_roster else None,
        "half_hours": [_slot(slot, plan.has_roster) for slot in plan.slots],
    }


def _slot(slot: Slot, has_roster: bool) -> dict[str, Any]:
    return {
        "from": clock(slot.minute),
        "calls": _round(slot.calls),
        "imported": slot.imported,
        "handling_seconds": _round(slot.handling_seconds, 1),
        "erlang_c": _performance(slot.erlang_c),
        "erlang_a": _performance(slot.erlang_a),
        "to_roster": slot.to_roster,
        "rostered": _round(slot.rostered),
        "short": slot.short,
        "with_roster": _performance(slot.with_roster) if has_roster else None,
    }


def _performance(found: Performance | None) -> dict[str, Any] | None:
    if found is None:
        return None
    return {
        "agents": found.agents,
        "answered_within": _round(found.answered_within, 4),
        "abandoned": _round(found.abandoned, 4),
        "mean_wait_seconds": _round(found.mean_wait_seconds),
        "occupancy": _round(found.occupancy, 4),
    }


def _dated(found: Any) -> dict[str, Any] | None:
    if found is None:
        return None
    plain = {key: value if isinstance(value, int) else _round(value, 4) for key, value in asdict(found).items()}
    return {"from" if key == "from_day" else "to" if key == "to_day" else key: value for key, value in plain.items()}


def _round(value: Any, digits: int = 2) -> Any:
    return (
        round(value, digits)
        if isinstance(value, float)
        else value.isoformat()
        if hasattr(value, "isoformat")
        else value
    )
