"""The REST interface (接口) under /api/v1: other systems of the company report invoices and states."""

import asyncio
import json
import re
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import asdict, replace
from datetime import date, datetime
from decimal import Decimal
from typing import Any

from starlette.requests import ClientDisconnect, Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from bot.build import Program
from bot.outside.sheets import FIELDS, RowError, SheetRow, row_of
from bot.web.incoming import TooLargeError, body_of
from storage import invoices, keys, people
from storage.database import StoreUnavailableError
from storage.records import InvoiceRecord, Role, Viewer

_BODY = 2 * 2**20  # bytes
_MOST = 1_000  # invoices a call
_BODY_SECONDS = 60.0
_NO_TEXT = re.compile(r"[\x00\ud800-\udfff]")
_SYSTEM = Viewer(None, Role.FINANCE)  # a key speaks for the company, not for one employee

_Handler = Callable[[Request], Awaitable[Response]]


class _RefusedError(Exception):
    def __init__(self, status: int, reason: str, **more: Any) -> None:
        super().__init__(reason)
        self.status = status
        self.body = {"error": reason, **more}


def routes(program: Program) -> list[Route]:
    """The addresses of the interface."""
    store = program.store

    def guarded(handler: _Handler) -> _Handler:
        async def guard(request: Request) -> Response:
            try:
                shown = request.headers.get("authorization", "")
                if not shown.startswith("Bearer ") or len(shown) > 200:
                    raise _RefusedError(401, "a key is needed: Authorization: Bearer …")
                if await store.read(keys.holder, shown.removeprefix("Bearer ")) is None:
                    raise _RefusedError(401, "this key is not in force")
                return await handler(request)
            except _RefusedError as refused:
                return JSONResponse(refused.body, refused.status)
            except ClientDisconnect:
                return Response(status_code=400)
            except StoreUnavailableError:
                return JSONResponse({"error": "the database does not answer; repeat the call"}, 503)

        return guard

    async def report(request: Request) -> Response:
        """POST /invoices: create invoices or bring them up to date; safe to repeat."""
        rows = _rows(await _json(request), program.services.now())
        numbers = sorted({row.owner for row in rows if row.owner})
        ids = await store.read(people.by_numbers, numbers)
        if strangers := [place for place, row in enumerate(rows) if row.owner and row.owner not in ids]:
            raise _RefusedError(422, "owner", places=strangers)
        drafts = [replace(row.draft, owner_id=ids[row.owner]) if row.owner else row.draft for row in rows]
        stored = await asyncio.gather(*(store.write(invoices.store, draft) for draft in drafts))
        return JSONResponse(
            {"invoices": [{"created": each.created, "changed": each.changed} for each in stored]}
        )

    async def look_up(request: Request) -> Response:
        """GET /invoices/{number}?code=…: the invoices with this number."""
        number, code = request.path_params["number"], request.query_params.get("code")
        if _is_no_text(number) or _is_no_text(code):
            raise _RefusedError(404, "no such invoice")
        found = await store.ask(invoices.by_number, invoices.Named(_SYSTEM, number, code))
        if not found:
            raise _RefusedError(404, "no such invoice")
        return JSONResponse({"invoices": [_plain(record) for record in found]})

    return [
        Route("/api/v1/invoices", guarded(report), methods=["POST"]),
        Route("/api/v1/invoices/{number:str}", guarded(look_up), methods=["GET"]),
    ]


async def _json(request: Request) -> Any:
    try:
        async with asyncio.timeout(_BODY_SECONDS):
            body = await body_of(request, _BODY)
    except TooLargeError:
        raise _RefusedError(413, f"a body may have {_BODY} bytes") from None
    except TimeoutError:
        raise _RefusedError(408, "the body did not come") from None
    try:
        return json.loads(body, parse_float=Decimal)
    except (ValueError, RecursionError):
        raise _RefusedError(400, "the body is no JSON") from None


def _rows(body: Any, now: datetime) -> list[SheetRow]:
    entries = body.get("invoices") if isinstance(body, dict) else None
    if not isinstance(entries, list) or not 1 <= len(entries) <= _MOST:
        raise _RefusedError(422, f"`invoices` must be a list of 1 to {_MOST}")
    return [_row(place, entry, now) for place, entry in enumerate(entries)]


def _row(place: int, entry: Any, now: datetime) -> SheetRow:
    if not isinstance(entry, dict):
        raise _RefusedError(422, "object", places=[place])
    if unknown := sorted(entry.keys() - FIELDS):
        raise _RefusedError(422, "field", places=[place], fields=unknown[:10])
    values: Mapping[str, Any] = {
        name: str(value) if isinstance(value, Decimal) else value for name, value in entry.items()
    }
    if any(not isinstance(value, str | int | None) or _is_no_text(value) for value in values.values()):
        raise _RefusedError(422, "text", places=[place])
    try:
        return row_of(values, source="api", at=now)
    except RowError as error:
        raise _RefusedError(422, error.reason, places=[place]) from error


def _is_no_text(value: object) -> bool:
    """What JSON lets pass as text, but no database keeps: NUL, and halves of characters."""
    return isinstance(value, str) and _NO_TEXT.search(value) is not None


def _plain(record: InvoiceRecord) -> dict[str, Any]:
    values = asdict(record)
    for name in ("id", "owner_id", "document", "created_at"):
        del values[name]
    return {name: _value(value) for name, value in values.items()}


def _value(value: Any) -> Any:
    if isinstance(value, Decimal):
        return f"{value:.2f}"
    if isinstance(value, date):
        return value.isoformat()
    if isinstance(value, dict):
        return {name: _value(part) for name, part in value.items()}
    return value
