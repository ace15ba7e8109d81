"""Tags of a piece of HTML with their attributes, by the standard library alone."""

from html.parser import HTMLParser


class _Tags(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.found: list[tuple[str, dict[str, str]]] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.found.append((tag, {name: value or "" for name, value in attrs}))


def tags_and_attributes(html: str) -> list[tuple[str, dict[str, str]]]:
    """In their order."""
    parser = _Tags()
    parser.feed(html)
    return parser.found
