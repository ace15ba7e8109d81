"""Each requirement that exists is named by a test that would fail without it; a table says which ones wait.

Ids: H hotline call, C caller's record, K answering and transfer, L chat and service day, W counter, R cases and
reports.
"""

import ast
import re
from pathlib import Path

import pytest

TESTS = Path(__file__).parents[1]
IDS = (
    *(f"H{n}" for n in range(1, 10)),
    *(f"C{n}" for n in range(1, 6)),
    *(f"K{n}" for n in range(1, 6)),
    *(f"L{n}" for n in range(1, 10)),
    *(f"W{n}" for n in range(1, 10)),
    *(f"R{n}" for n in range(1, 9)),
)
THERE = {
    "H1": "picked up within 9 seconds",
    "H2": "scripted greeting",
    "H3": "the caller's question has a step of its own, not counted",
    "H4": "basic questions: the level of the business, and their step",
    "H5": "what fits is found and put into a basket",
    "H6": "prepared, verified, sent by e-mail",
    "H7": "passed to the survey",
    "H8": "one key, three meanings",
    "H9": "the summary, and how long it took",
    "C1": "the caller's number, and name, by itself",
    "C2": "a new caller: name, subject, office, extension",
    "C3": "a returning caller is known",
    "C4": "what a person is described by",
    "C5": "the profile grows with each contact",
    "K1": "general, technical, new product: by menu",
    "K2": "sources: offices, web sites, officers, called by one key",
    "K3": "transfer to the office concerned",
    "K4": "the transfer card, followed up to the end",
    "L5": "what is sent is prepared and verified by a second person",
    "L9": "the service day: opening hours",
    "W6": "the visitor checks the basket on a screen of their own",
    "W7": "the summary page, printed",
}
WAITING = {
    "video conference": ("K5",),
    "chat": ("L1", "L2", "L3", "L4", "L6", "L7", "L8"),
    "counter": tuple(f"W{n}" for n in (1, 2, 3, 4, 5, 8, 9)),
    "cases and reports": tuple(f"R{n}" for n in range(1, 9)),
}


def named_by_tests() -> dict[str, set[str]]:
    """Id → tests whose name or docstring names it."""
    found: dict[str, set[str]] = {}
    for path in sorted(TESTS.rglob("test_*.py")):
        if path.name == Path(__file__).name:
            continue
        module = ast.parse(path.read_text("utf-8"))
        for node in ast.walk(module):
            if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef) and node.name.startswith("test_"):
                text = f"{node.name.replace('_', ' ')} {ast.get_docstring(node) or ''}"
                for name in re.findall(r"\b[HCKLWR][1-9]\b", text):
                    found.setdefault(name, set()).add(f"{path.name}::{node.name}")
    return found


NAMED = named_by_tests()


@pytest.mark.parametrize("name", THERE)
def test_what_exists_is_named_by_a_test(name: str) -> None:
    assert NAMED.get(name), f"{name} ({THERE[name]}): no test has it in its name or docstring"


def test_every_requirement_is_there_or_waits_and_none_is_both() -> None:
    waiting = [name for names in WAITING.values() for name in names]
    assert sorted([*THERE, *waiting]) == sorted(IDS)


def test_no_test_names_a_requirement_that_does_not_exist() -> None:
    assert sorted(set(NAMED) - set(IDS)) == []
