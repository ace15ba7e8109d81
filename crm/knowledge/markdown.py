"""Markdown to HTML in which nothing runs: raw HTML stays text, links lead only to the web, mail and telephone."""

from functools import lru_cache
from html import unescape
from html.parser import HTMLParser
from typing import Final

import nh3
from markdown_it import MarkdownIt

_PARSER: Final = MarkdownIt("js-default", {"html": False, "linkify": False, "breaks": True}).disable("image")
_TAGS: Final = {
    *("p", "br", "hr", "h1", "h2", "h3", "h4", "h5", "h6", "ul", "ol", "li", "blockquote", "pre", "code"),
    *("strong", "em", "s", "a", "table", "thead", "tbody", "tr", "th", "td"),
}
_ATTRIBUTES: Final = {"a": {"href", "title"}, "ol": {"start"}}
_SCHEMES: Final = {"http", "https", "mailto", "tel"}


@lru_cache(maxsize=500)
def safe_html(markdown: str) -> str:
    """``markdown`` as HTML. Twice made safe: by the parser, which takes no HTML, and by a list of what may be there."""
    return nh3.clean(
        str(_PARSER.render(markdown)),
        tags=_TAGS,
        attributes=_ATTRIBUTES,
        url_schemes=_SCHEMES,
        link_rel="noopener noreferrer",
    )


@lru_cache(maxsize=500)
def plain_text(markdown: str) -> str:
    """``markdown`` without its marks: to be read aloud, searched, or put into a letter."""
    html = str(_PARSER.render(markdown))
    for end in ("</p>", "</li>", "<br />", "<br>", "</tr>", *(f"</h{n}>" for n in range(1, 7))):
        html = html.replace(end, end + "\n")
    text = unescape(nh3.clean(html, tags=set(), attributes={}))
    return "\n".join(line.strip() for line in text.split("\n") if line.strip())


@lru_cache(maxsize=500)
def letter_text(markdown: str) -> str:
    """``markdown`` as a letter without HTML has it: steps keep their numbers, columns stay apart, links are written
    out."""
    writer = _LetterWriter()
    writer.feed(safe_html(markdown))
    writer.close()
    return writer.text()


_LINES: Final = {"p", "br", "hr", "li", "tr", "blockquote", "pre", "ul", "ol", "table", *(f"h{n}" for n in range(1, 7))}


class _LetterWriter(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self._lines: list[str] = [""]
        self._lists: list[int | None] = []  # the number of the next item; None: of a list without numbers
        self._cells = 0
        self._link: tuple[str, int] = ("", 0)  # where it leads, and how much of the line stands before it

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = dict(attrs)
        if tag in _LINES and not (tag == "p" and self._lines[-1].endswith((". ", "• "))):
            self._lines.append("")
        if tag in {"ul", "ol"}:
            self._lists.append(int(given.get("start") or 1) if tag == "ol" else None)
        elif tag == "li":
            self._begin_item()
        elif tag == "tr":
            self._cells = 0
        elif tag in {"td", "th"}:
            self._lines[-1] += " | " if self._cells else ""
            self._cells += 1
        elif tag == "a":
            self._link = (given.get("href") or "", len(self._lines[-1]))

    def handle_endtag(self, tag: str) -> None:
        if tag in {"ul", "ol"} and self._lists:
            self._lists.pop()
        elif tag == "a":
            address, start = self._link
            if address and address.partition(":")[2] not in self._lines[-1][start:]:
                self._lines[-1] += f" ({address.removeprefix('mailto:').removeprefix('tel:')})"
        if tag in _LINES:
            self._lines.append("")

    def handle_data(self, data: str) -> None:
        if data.isspace() and "\n" in data:
            return  # between marks
        first, *more = data.split("\n")
        self._lines[-1] += first
        self._lines += more

    def _begin_item(self) -> None:
        number = self._lists[-1] if self._lists else None
        indent = "   " * max(0, len(self._lists) - 1)
        self._lines[-1] = f"{indent}• " if number is None else f"{indent}{number}. "
        if number is not None:
            self._lists[-1] = number + 1

    def text(self) -> str:
        """All of it, without empty lines."""
        return "\n".join(line.rstrip() for line in self._lines if line.strip())
