"""Markdown to HTML in which nothing runs: raw HTML stays text, links lead only to the web, mail and telephone."""

from functools import lru_cache
from html import unescape
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
