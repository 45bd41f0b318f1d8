"""/healthz, /readyz and /metrics: for the load balancer and the operator, without detail for strangers."""

import hmac

from prometheus_client import CONTENT_TYPE_LATEST, generate_latest
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import Route

from bot import metrics
from bot.build import Program
from bot.settings import secret
from storage import notices, outbox
from storage.database import StoreUnavailableError

_HERE = frozenset({"127.0.0.1", "::1"})


def routes(program: Program) -> list[Route]:
    """The three addresses."""
    token = secret(program.settings.metrics_token)

    async def healthz(request: Request) -> Response:
        return PlainTextResponse("ok")

    async def readyz(request: Request) -> Response:
        if await program.store.ready():
            return PlainTextResponse("ready")
        return PlainTextResponse("not ready", 503)

    async def measured(request: Request) -> Response:
        if not _may_measure(request, token):
            return Response(status_code=404)
        await _look(program)
        return Response(generate_latest(), media_type=CONTENT_TYPE_LATEST)

    return [Route("/healthz", healthz), Route("/readyz", readyz), Route("/metrics", measured)]


async def _look(program: Program) -> None:
    """Bring the gauges up to date; what the database cannot tell now stays as it was."""
    metrics.DOCUMENTS.set(program.reader.waiting)
    for channel in (program.wechat, program.telegram):
        if channel is not None:
            metrics.CHANNEL_UP.labels(channel.name).set(channel.ready)
    try:
        found = await program.store.read(outbox.backlog)
        imported = await program.store.read(notices.fact, "last_import")
    except StoreUnavailableError:
        metrics.DATABASE_UP.set(0)
        return
    metrics.DATABASE_UP.set(1)
    metrics.show_backlog(found, program.services.now())
    metrics.LAST_IMPORT.set(imported.at.timestamp() if imported is not None else 0)


def _may_measure(request: Request, token: str | None) -> bool:
    """With a token, who shows it; without one, only this machine (and no proxy that speaks for others)."""
    if token is not None:
        shown = request.headers.get("authorization", "").removeprefix("Bearer ")
        return hmac.compare_digest(shown.encode(), token.encode())
    forwarded = "x-forwarded-for" in request.headers or "forwarded" in request.headers
    return request.client is not None and request.client.host in _HERE and not forwarded
