"""What benchmarks find out, as Markdown."""

from dataclasses import dataclass, field


@dataclass(frozen=True)
class Figure:
    """One measured figure; ``met`` None where there is no target."""

    name: str
    value: float
    unit: str
    target: str
    met: bool | None

    def row(self) -> str:
        """A line of the table."""
        verdict = {True: "met", False: "**missed**", None: ""}[self.met]
        shown = f"{self.value:,.0f}" if abs(self.value) >= 1000 else f"{self.value:.3g}"
        return f"| {self.name} | {shown} {self.unit} | {self.target} | {verdict} |"


@dataclass(frozen=True)
class Section:
    """All of one benchmark. ``table``: Markdown of its own."""

    title: str
    figures: list[Figure] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)
    table: str = ""

    def markdown(self) -> str:
        """The section with its heading."""
        parts = [f"## {self.title}"]
        if self.figures:
            rows = "\n".join(figure.row() for figure in self.figures)
            parts.append(f"| figure | measured | target | |\n|---|---|---|---|\n{rows}")
        if self.table:
            parts.append(self.table)
        parts += [note if note.startswith("|") else f"- {note}" for note in self.notes]
        text = "\n\n".join(parts)
        return text.replace("\n\n- ", "\n- ").replace("|\n- ", "|\n\n- ")
