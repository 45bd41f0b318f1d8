"""A photo, a file, an album or a ZIP (收票): fetched, kept, read, and answered with a verdict."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from decimal import Decimal

from fapiao.invoice import Invoice, same_invoice
from handlers import drafts, verdict
from handlers.core import Button, Outcome, Reply, Services, Turn
from handlers.files import read_all
from handlers.verdict import Verdict
from locales.catalog import Phrase
from nlu.document.reading import Found, Reading, Refusal, Source
from storage.records import Attachment

MOST_LISTED = 8  # verdicts in one message; beyond that counts and the problems
MOST_PROBLEMS = 6
MOST_INVOICES = 300  # of one message
_DOCUMENTS = frozenset({"photo", "file", "video"})
_BEST_FIRST = tuple(Source)
# What a paper or picture is instead of an invoice, where there is a sentence of its own for it.
_NAMED = frozenset(
    {
        "trip_sheet", "goods_list", "bank_slip", "shop_slip", "payment", "order", "contract", "quotation",
        "claim_page", "screenshot", "picture",
    }
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class _Problem:
    """A file that gave no invoice, and why."""

    name: str
    why: Phrase


@dataclass(frozen=True, slots=True)
class _Read:
    """An invoice and the file it was in."""

    digest: str
    found: Found


async def take(turn: Turn, services: Services) -> Outcome:
    """Read all files of a message and answer with a verdict on each invoice."""
    reader = services.reader
    files = [part for part in turn.message.attachments if part.kind in _DOCUMENTS]
    if reader is None or services.fetch is None:
        return turn.say("intake.no_reader", Button("button.human", "human"))
    reads: list[_Read] = []
    problems: list[_Problem] = []
    for place, read in enumerate(await read_all(turn, services, reader, files)):
        name = _name(files[place], place)
        if read.why is not None:
            problems.append(_Problem(name, read.why))
            continue
        found, refused = _sorted_out(read.reading, name)
        reads += [_Read(read.digest, one) for one in found]
        problems += refused
    several, copies = _distinct(reads)
    return await _answer(turn, services, several[:MOST_INVOICES], problems, copies)


def _name(file: Attachment, place: int) -> str:
    return verdict.short(file.name, 30) if file.name else f"#{place + 1}"


def _sorted_out(reading: Reading, name: str) -> tuple[list[Found], list[_Problem]]:
    """The invoices and the refusals of one file, an archive taken apart."""
    found: list[Found] = []
    problems: list[_Problem] = []
    for leaf in _leaves(reading):
        if leaf.invoices:
            found += leaf.invoices
            continue
        own = verdict.short(leaf.name, 30) if leaf is not reading and leaf.name else name
        problems.append(_Problem(own, _refused(leaf)))
    return found, problems


def _leaves(reading: Reading) -> Iterator[Reading]:
    if not reading.members:
        yield reading
        return
    for member in reading.members:
        yield from _leaves(member)
    if reading.invoices and not any(leaf.invoices for leaf in reading.members):
        yield replace(reading, members=())


def _refused(reading: Reading) -> Phrase:
    """Why there is no verdict, and what to send instead."""
    if reading.refusal is None or reading.refusal is Refusal.NOT_AN_INVOICE:
        named = reading.named if reading.named in _NAMED else "other"
        return Phrase(f"intake.named.{named}")
    return Phrase(f"Refusal.{reading.refusal}")


def _distinct(reads: Sequence[_Read]) -> tuple[list[_Read], int]:
    """One reading an invoice, from its best file, and how many copies were left out."""
    kept: list[_Read] = []
    places: dict[str, int] = {}
    for read in reads:
        invoice = read.found.invoice
        key = invoice.key()
        twin = places.get(key) if key is not None else _twin(kept, invoice)
        if twin is None:
            if key is not None:
                places[key] = len(kept)
            kept.append(read)
        elif _rank(read) < _rank(kept[twin]):
            kept[twin] = read
    return kept, len(reads) - len(kept)


def _twin(kept: Sequence[_Read], invoice: Invoice) -> int | None:
    for place, old in enumerate(kept[:MOST_INVOICES]):
        if same_invoice(old.found.invoice, invoice):
            return place
    return None


def _rank(read: _Read) -> tuple[int, float]:
    """The smaller the better: structured data and files before codes and characters, then by confidence."""
    sources = [source for source in read.found.sources.values() if source is not Source.QR]
    best = min((_BEST_FIRST.index(source) for source in sources), default=len(_BEST_FIRST))
    return best, -read.found.confidence


async def _answer(
    turn: Turn, services: Services, reads: Sequence[_Read], problems: Sequence[_Problem], copies: int
) -> Outcome:
    kept = await drafts.keep(
        turn, services, [(str(i), read.digest, read.found) for i, read in enumerate(reads)]
    )
    if not kept:
        return _nothing(turn, problems)
    verdicts = await verdict.judge_all(turn, services, kept)
    extra = [Phrase("intake.copies", {"count": copies})] if copies else []
    several_ids = [draft.id for draft in kept[:MOST_LISTED]] if len(kept) > 1 else None
    turn = turn.remember(filings=several_ids, shown=None)
    if len(verdicts) == 1:
        outcome = verdict.show(turn, services, verdicts[0], *extra)
        if not problems:
            return outcome
        others = Reply("intake.others", {"lines": tuple(_listed(problems))})
        return replace(outcome, replies=(others, *outcome.replies))
    return several(turn, verdicts, (*extra, *_listed(problems)))


def _nothing(turn: Turn, problems: Sequence[_Problem]) -> Outcome:
    human = Button("button.human", "human")
    if len(problems) == 1:
        why = problems[0].why
        return turn.say(why.key, human, **why.values)
    if not problems:
        return turn.say("intake.named.other", human)
    return turn.say("intake.nothing", human, lines=tuple(_listed(problems)))


def _listed(problems: Sequence[_Problem]) -> list[Phrase]:
    lines = [
        Phrase("intake.problem", {"name": problem.name, "why": problem.why})
        for problem in problems[:MOST_PROBLEMS]
    ]
    if len(problems) > MOST_PROBLEMS:
        lines.append(Phrase("intake.more", {"count": len(problems) - MOST_PROBLEMS}))
    return lines


def several(turn: Turn, verdicts: Sequence[Verdict], extra: tuple[Phrase, ...] = ()) -> Outcome:
    """The answer about many invoices at once: each briefly, or the counts and those with a problem."""
    ready = [one for one in verdicts if one.ready]
    listed = list(enumerate(verdicts, start=1))
    if len(verdicts) > MOST_LISTED:
        listed = [(place, one) for place, one in listed if not one.ready][:MOST_PROBLEMS]
    lines: list[Phrase] = [
        Phrase(
            "intake.count" if len(ready) < len(verdicts) else "intake.count_ready",
            {
                "count": len(verdicts),
                "ready": str(len(ready)),
                "open": str(len(verdicts) - len(ready)),
                "sum": sum((one.invoice.total or Decimal(0) for one in verdicts), Decimal(0)),
            },
        )
    ]
    lines += [verdict.brief(one, place) for place, one in listed]
    hidden = len(verdicts) - len(ready) - sum(not one.ready for _, one in listed)
    lines += [Phrase("intake.more", {"count": hidden})] if hidden else []
    lines += extra
    step = "ready" if len(ready) == len(verdicts) else "all" if ready else "each"
    lines.append(Phrase(f"intake.next.{step}"))
    buttons = [
        Button("intake.button.one", f"verdict:{one.draft.id}", {"place": str(place)})
        for place, one in listed
        if not one.ready or len(verdicts) <= MOST_LISTED
    ]
    if ready:
        count = {"count": len(ready)}
        buttons.insert(0, Button("filing.button.file_all", f"file_all:{verdicts[0].draft.id}", count))
    return turn.remember(filing=verdicts[0].draft.id).say("intake.several", *buttons, lines=tuple(lines))
