"""What one filed, as a sheet (导出报销清单): XLSX, or CSV where it is asked for."""

import asyncio
from dataclasses import replace
from datetime import date
from decimal import Decimal

from handlers import faq
from handlers.core import Button, Outcome, Reply, Services, Turn
from handlers.sheet import csv_sheet, xlsx_sheet
from handlers.topics import today
from locales.catalog import Phrase
from storage import documents
from storage.documents import NewDocument

XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
CSV = "text/csv"


async def export(turn: Turn, services: Services) -> Outcome:
    """A sheet of what the person filed (`export`, `export:csv`), of a period where one is named."""
    if turn.viewer.employee_id is None:
        return turn.say("export.bind_first", Button("account.bind_button", "account"))
    filed = await services.store.read(documents.filed_by, turn.viewer)
    period = _period(turn)
    chosen = [(filing, record) for filing, record in filed if _within(record.issue_date, period)]
    if not chosen:
        return turn.say(
            "export.none" if not filed else "export.none_then", Button("choice.invoice.submit", "submit")
        )
    wants_csv = turn.argument == "csv" or "csv" in turn.message.text.casefold()
    content = await asyncio.to_thread(csv_sheet if wants_csv else xlsx_sheet, chosen)
    name = f"invoices-{today(turn):%Y%m%d}.{'csv' if wants_csv else 'xlsx'}"
    kept = NewDocument(content, name, CSV if wants_csv else XLSX, turn.now)
    digest = await services.store.write(documents.keep, kept)
    values = {
        "count": len(chosen),
        "sum": sum((record.total or Decimal(0) for _, record in chosen), Decimal(0)),
        "period": Phrase("export.all") if period is None else _period_words(period),
    }
    other = () if wants_csv else (Button("export.csv_button", "export:csv"),)
    outcome = turn.say("export.done")
    return replace(outcome, replies=(Reply("export.done", values, other, file=digest, file_name=name),))


async def download(turn: Turn, services: Services) -> Outcome:
    """The wish for files (下载): a sheet where it speaks of exporting what was filed, else how to get a file."""
    said = turn.message.text.casefold()
    for language in services.catalog.languages:
        words = services.catalog.text("export.words", language).split("|")
        if any(word.strip().casefold() in said for word in words):
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
