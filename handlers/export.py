"""What one filed, or what a search found, as a sheet (导出报销清单): XLSX, or CSV where it is asked for."""

import asyncio
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import date
from decimal import Decimal
from typing import Any

from handlers import criteria, faq, sums
from handlers.core import Button, Outcome, Reply, Services, Turn
from handlers.sheet import csv_sheet, xlsx_sheet
from handlers.topics import today
from locales.catalog import Phrase
from locales.talk import says
from storage import documents, pages
from storage.documents import Filing, NewDocument
from storage.records import InvoiceRecord

XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
CSV = "text/csv"
_LONGEST = 60
_MOST = 10_000  # invoices in one sheet


async def export(turn: Turn, services: Services) -> Outcome:
    """A sheet of what the person filed (`export`, `export:csv`), of a period where one is named; or of a list."""
    if turn.viewer.employee_id is None:
        return turn.say("export.bind_first", Button("account.bind_button", "account"))
    filed = await services.store.read(documents.filed_by, turn.viewer)
    wanted = _list_wanted(turn, services, bool(filed))
    if wanted is not None:
        return await _export_list(turn, services, wanted, dict(_by_invoice(filed)))
    period = _period(turn)
    chosen = [(filing, record) for filing, record in filed if _within(record.issue_date, period)]
    if not chosen:
        return turn.say(
            "export.none" if not filed else "export.none_then", Button("choice.invoice.submit", "submit")
        )
    wants_csv = turn.argument == "csv" or "csv" in turn.message.text.casefold()
    digest, name = await _kept(turn, services, chosen, wants_csv)
    values = {
        "count": len(chosen),
        "sum": sum((record.total or Decimal(0) for _, record in chosen), Decimal(0)),
        "period": Phrase("export.all") if period is None else _period_words(period),
    }
    other = () if wants_csv else (Button("export.csv_button", "export:csv"),)
    outcome = turn.say("export.done")
    return replace(outcome, replies=(Reply("export.done", values, other, file=digest, file_name=name),))


def _list_wanted(turn: Turn, services: Services, has_filed: bool) -> Mapping[str, Any] | None:
    """The criteria of the list to export: the last one by button, else those of the sentence; None: what was filed."""
    if turn.message.action is not None:
        return criteria.remembered(turn) if turn.argument in ("search", "search_csv") else None
    text = turn.message.text
    named = criteria.wanted_of({} if turn.understanding is None else turn.understanding.slots)
    these = turn.said in ("search.page", "search.sums") or says("export.these", text)
    other = any(says(f"export.{which}", text) for which in ("filed", "all"))
    if not named and "search" in turn.conversation.slots and these and not other:
        return criteria.remembered(turn)
    if says("export.filed", text) or (has_filed and not turn.viewer.sees_all):
        return None
    return named


async def _export_list(
    turn: Turn, services: Services, wanted: Mapping[str, Any], filed: Mapping[int, Filing]
) -> Outcome:
    looked_for = criteria.criteria_of(wanted, services)
    page = await services.store.read(pages.page, turn.viewer, looked_for, limit=_MOST)
    if not page.count:
        return turn.say("search.nothing", Button("button.search", "search"), what=criteria.described(wanted))
    wants_csv = turn.argument == "search_csv" or "csv" in turn.message.text.casefold()
    chosen = [(filed.get(record.id), record) for record in page.invoices]
    digest, name = await _kept(turn, services, chosen, wants_csv)
    head = {
        "whose": sums.whose(turn),
        "what": criteria.described(wanted),
        "count": page.count,
        "sum": page.sum,
    }
    cut = [Phrase("export.list_cut", {"most": str(_MOST)})] if page.count > _MOST else []
    lines = (Phrase("export.list_done", head), *cut, *sums.counted(page.tally))
    turn = turn.remember(search=dict(wanted))
    buttons = () if wants_csv else (Button("export.csv_button", "export:search_csv"),)
    reply = Reply("export.list", {"lines": lines}, buttons, file=digest, file_name=name)
    return Outcome(turn.settled(), (reply,))


async def _kept(
    turn: Turn, services: Services, chosen: Sequence[tuple[Filing | None, InvoiceRecord]], as_csv: bool
) -> tuple[str, str]:
    """The digest and the name of the sheet, kept to be sent."""
    content = await asyncio.to_thread(csv_sheet if as_csv else xlsx_sheet, chosen)
    name = f"invoices-{today(turn):%Y%m%d}.{'csv' if as_csv else 'xlsx'}"
    kept = NewDocument(content, name, CSV if as_csv else XLSX, turn.now)
    return await services.store.write(documents.keep, kept), name


def _by_invoice(filed: Sequence[tuple[Filing, InvoiceRecord]]) -> Iterator[tuple[int, Filing]]:
    return ((record.id, filing) for filing, record in filed)


async def in_words(turn: Turn, services: Services) -> Outcome | None:
    """A sentence that plainly asks to export invoices; None for any other, also for one about personal data."""
    understanding, text = turn.understanding, turn.message.text
    if understanding is None or len(text) > _LONGEST or not says("export.wish", text):
        return None
    filed = says("export.filed", text)
    sure = understanding.action == "answer" or not filed
    if "invoice_number" in understanding.slots or (understanding.intent == "privacy.export" and sure):
        return None
    spoken_of = filed or any(says(f"export.{kind}", text) for kind in ("thing", "these"))
    return await export(turn, services) if spoken_of else None


async def download(turn: Turn, services: Services) -> Outcome:
    """The wish for files (下载): a sheet where it speaks of exporting what was filed, else how to get a file."""
    if says("export.wish", turn.message.text):
        return await export(turn, services)
    return await faq.download(turn, services)


def _period(turn: Turn) -> tuple[date, date] | None:
    """The period that the sentence names, both ends inclusive."""
    slots = {} if turn.understanding is None else turn.understanding.slots
    match slots.get("date"):
        case {"from": str(start), "to": str(end)}:
            return date.fromisoformat(start), date.fromisoformat(end)
    return None


def _within(day: date | None, period: tuple[date, date] | None) -> bool:
    return period is None or (day is not None and period[0] <= day <= period[1])


def _period_words(period: tuple[date, date]) -> Phrase:
    return Phrase("export.period", {"start": period[0], "end": period[1]})
