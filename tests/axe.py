"""axe-core on a page: what people with a screen reader, weak eyes or a keyboard would stumble over."""

from pathlib import Path

from playwright.sync_api import Page

SCRIPT = Path(__file__).parents[1] / "node_modules/axe-core/axe.min.js"


def faults_of(page: Page) -> list[str]:
    """Every violation of WCAG AA and good practice, with the element. The page's policy forbids foreign scripts, so
    axe comes in by the debugger's door."""
    page.evaluate("delete window.axe")  # the same document may be looked at twice
    page.evaluate(SCRIPT.read_text("utf-8"))
    found = page.evaluate("axe.run().then((result) => result.violations.map((one) => [one.id, one.nodes[0].html]))")
    return [f"{rule}: {element}" for rule, element in found]
