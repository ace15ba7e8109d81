"""Finding a subject by what somebody types (C2). Pure: the whole tree is small.

All words must be somewhere: in the subject's names, in its other words, or in the names above it. When nothing has
them, what sounds alike or shares most letters is offered: Thai is written without blanks, and typed in a hurry.
"""

from collections.abc import Mapping, Sequence
from typing import Final

from crm.thai import distance, fold, sound, words
from crm.topics.models import Topic

_ENOUGH: Final = 0.55  # of the three-letter pieces of what was typed


def find_topics(tree: Mapping[int, Topic], asked: str, most: int = 20) -> list[Topic]:
    """The subjects that ``asked`` may mean, the likeliest first; all in their order when nothing is asked."""
    offered = [topic for topic in tree.values() if topic.retired_at is None]
    wanted = words(asked)
    if not wanted:
        return offered[:most]
    scored = [(score, place, topic) for place, topic in enumerate(offered) if (score := _score(tree, topic, wanted))]
    if not scored:
        near = [(min(_nearness(topic, word) for word in wanted), place, topic) for place, topic in enumerate(offered)]
        scored = [(nearness, place, topic) for nearness, place, topic in near if nearness >= _ENOUGH]
    scored.sort(key=lambda one: (-one[0], one[1]))
    return [topic for _score_, _place, topic in scored[:most]]


def _score(tree: Mapping[int, Topic], topic: Topic, wanted: Sequence[str]) -> float:
    names, also = fold(f"{topic.name_th}\n{topic.name_en}"), fold(topic.also)
    above = fold("\n".join(f"{tree[one].name_th}\n{tree[one].name_en}" for one in topic.path[:-1] if one in tree))
    total = 0.0
    for word in wanted:
        if any(name.startswith(word) for name in names.split("\n")):
            total += 5
        elif word in names:
            total += 4
        elif word in also:
            total += 3
        elif word in above:
            total += 1
        elif len(word) >= 3 and sound(word) in sound(f"{names}\n{also}"):
            total += 0.5
        else:
            return 0.0
    return total - 0.1 * len(topic.path)


def _nearness(topic: Topic, asked: str) -> float:
    """How much of a word the subject has: of Thai, the share of its pieces as they sound; English has words."""
    if asked.isascii():
        most = 1 if len(asked) <= 5 else 2
        there = words(f"{topic.name_en} {topic.also}")
        return float(len(asked) >= 4 and any(distance(asked, word, most) <= most for word in there))
    pieces = _pieces(sound(asked))
    return len(pieces & _pieces(sound("".join(words(f"{topic.name_th} {topic.also}"))))) / len(pieces)


def _pieces(text: str) -> set[str]:
    return {text[n : n + 3] for n in range(len(text) - 2)} or ({text} if text else set())
