"""What one source says about one invoice, before the sources are weighed against each other."""

from dataclasses import dataclass, field, replace
from typing import Any

from fapiao.invoice import AirAmounts
from nlu.document.reading import Box, Source


@dataclass(frozen=True, slots=True)
class Value:
    """One reading of one field. `score` is the reader's own certainty, 1 for files, below 1 for OCR."""

    value: Any  # str, date, Decimal or Kind, as in Invoice
    score: float = 1.0
    box: Box | None = None
    text: str = ""  # as printed, for money that has to be compared with a misreading
    labelled: bool = True  # False: recognised by its form only
    again: bool = False  # its characters were read several times and compared
    times: int = 1  # that it stands on the page
    mended: bool = False  # put right by its check characters: not as it was read


@dataclass(slots=True)
class Evidence:
    """All that one source says about one invoice."""

    source: Source
    values: dict[str, list[Value]] = field(default_factory=dict)  # best first
    capital_total: str | None = None
    capital_score: float = 1.0
    rates: tuple[str, ...] = ()
    lines: int = 1
    remark: str | None = None
    air: AirAmounts | None = None
    red: bool = False
    digital_number: str | None = None
    graph_code: str | None = None  # text of the QR code, as an OFD attachment repeats it
    trust: float = 1.0  # of the source as such

    def add(self, name: str, value: Any, score: float = 1.0, **more: Any) -> None:
        """Keep one more reading of a field; None and "" are nothing. Of the same value the clearer one counts."""
        if value is None or value == "":
            return
        kept = self.values.setdefault(name, [])
        new = Value(value, score, **more)
        for index, other in enumerate(kept):
            if other.value == value:
                clearer = new if new.score > other.score else other
                times = other.times + (new.box != other.box)
                kept[index] = replace(clearer, labelled=new.labelled or other.labelled, times=times)
                return
        kept.append(new)

    def first(self, name: str) -> Any:
        """The best reading of a field, or None."""
        kept = self.values.get(name)
        return kept[0].value if kept else None

    def best(self, name: str) -> Value | None:
        """The best reading of a field with its score and place, or None."""
        kept = self.values.get(name)
        return kept[0] if kept else None
