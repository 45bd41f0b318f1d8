"""What invoices come to (合计): the figure, what it counts and what it leaves out, by seller or by month."""

from collections.abc import Mapping, Sequence
from typing import Any

from handlers.core import Button, Outcome, Reply, Services, Turn
from handlers.criteria import criteria_of, described
from locales.catalog import Month, Phrase
from storage import pages
from storage.records import Group, Page, Tally

_ROWS = 6  # groups told one by one; the others together


async def summed(
    turn: Turn, services: Services, wanted: Mapping[str, Any], page: Page, unused: Sequence[str]
) -> Outcome:
    """The sum of what is wanted, split by `wanted["show"]`: seller or month."""
    by: pages.Groups = "month" if wanted["show"] == "month" else "seller"
    groups = await services.store.read(pages.groups, turn.viewer, criteria_of(wanted, services), by)
    tally = page.tally
    head = {
        "whose": whose(turn),
        "what": described(wanted),
        "sum": tally.sum,
        "count": tally.count - tally.voided,
    }
    lines: list[Any] = [*before(page, unused), Phrase("search.sums_head", head)]
    if len(groups) > 1:
        lines += [Phrase(f"search.sums_by_{by}"), *_rows(groups, by)]
    lines += counted(tally)
    if trade := wanted.get("category"):
        lines.append(Phrase("search.note_trade", {"trade": Phrase(f"search.category_{trade}")}))
    other = "seller" if by == "month" else "month"
    split = (Button(f"search.by_{other}_button", f"sums:{other}"),) if _may_split(wanted, other) else ()
    buttons = (Button("search.details", "find:list"), *split, Button("search.export", "export:search"))
    conversation = turn.settled(shown=None)  # no invoice is on the screen to be counted to
    return Outcome(conversation, (Reply("search.sums", {"lines": tuple(lines)}, buttons),))


def _may_split(wanted: Mapping[str, Any], by: str) -> bool:
    """Whether there can be more than one part: a single month has no other, nor has a single seller."""
    if by == "seller":
        return "seller" not in wanted
    period = wanted.get("date") or {}
    return not period or str(period["from"])[:7] != str(period["to"])[:7]


def whose(turn: Turn) -> Phrase:
    """Whose invoices a figure counts: all that the viewer may see."""
    return Phrase("search.whose_all" if turn.viewer.sees_all else "search.whose_own")


def before(page: Page, unused: Sequence[str]) -> list[Phrase]:
    """What is said before a figure: that it is demo data, and what of the sentence was not searched by."""
    lines = [Phrase("card.demo")] if any(record.demo for record in page.invoices) else []
    return [*lines, *(Phrase("search.note_unused", {"words": word}) for word in unused[:1])]


def unused_reply(unused: Sequence[str]) -> Reply:
    """The same as a message of its own."""
    return Reply("search.note_unused", {"words": unused[0]})


def counted(tally: Tally) -> list[Phrase]:
    """What a sum leaves out or takes off, as far as there is any."""
    notes = []
    if tally.voided:
        notes.append(Phrase("search.note_voided", {"count": tally.voided}))
    if tally.red:
        notes.append(Phrase("search.note_red", {"count": tally.red, "sum": -tally.red_sum}))
    if tally.reversed:
        values = {"count": tally.reversed, "sum": tally.reversed_sum}
        notes.append(Phrase("search.note_reversed", values))
    if tally.unread:
        notes.append(Phrase("search.note_unread", {"count": tally.unread}))
    return notes


def _rows(groups: Sequence[Group], by: pages.Groups) -> list[Phrase]:
    told = groups if len(groups) <= _ROWS + 1 else groups[:_ROWS]
    rows = [
        Phrase("search.sums_row", {"name": _name(group, by), "sum": group.sum, "count": group.count})
        for group in told
    ]
    if rest := groups[len(told) :]:
        values = {"sum": sum(group.sum for group in rest), "count": sum(group.count for group in rest)}
        rows.append(Phrase("search.sums_rest", {**values, "groups": str(len(rest))}))
    return rows


def _name(group: Group, by: pages.Groups) -> Any:
    if group.name is None:
        return Phrase("search.sums_unnamed")
    return Month(int(group.name[:4]), int(group.name[5:])) if by == "month" else group.name
