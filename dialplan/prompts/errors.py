"""Errors of this package: each names everything that is wrong at once and what to do about it."""


class PromptsError(Exception):
    """Any trouble with the prompts that a person can do something about."""


class CatalogueError(PromptsError):
    """A catalogue is incomplete or cannot be read."""


class PromptsMissing(PromptsError):
    """Prompts are missing or damaged; `problems` names each as ``<language>/<id>: why``."""

    def __init__(self, problems: list[str]) -> None:
        super().__init__(
            f"{len(problems)} prompt(s) cannot be played: {'; '.join(problems)}. "
            "Restore them from the sources, or build them: python -m dialplan.prompts.build"
        )
        self.problems = tuple(problems)


class AudioError(PromptsError):
    """A recording cannot be used: not PCM, empty, or too quiet."""


class SynthesisError(PromptsError):
    """The synthesiser or the sound converter failed."""
