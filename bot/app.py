"""The ASGI application: every address that Piaoda serves."""

from starlette.applications import Starlette
from starlette.routing import Route
from starlette.types import ASGIApp, Receive, Scope, Send

from bot.build import Program
from bot.channels.wechat.adapter import PATH as WECHAT_PATH
from bot.web import chat, health, rest


def application(program: Program) -> ASGIApp:
    """All routes over one program."""
    routes = [*health.routes(program), *rest.routes(program), *chat.routes(program)]
    if program.telegram is not None:
        from bot.channels.telegram.adapter import PATH as TELEGRAM_PATH  # see build

        routes.append(Route(TELEGRAM_PATH, program.telegram.webhook, methods=["POST"]))
    served = Starlette(routes=routes)
    # A redirect to the address with one slash less would lead to whatever host the request names.
    served.router.redirect_slashes = False
    return Front(program, served)


class Front:
    """Hands WeChat's pushes on before any routing: each costs it users when it is late."""

    def __init__(self, program: Program, rest_of_it: ASGIApp) -> None:
        self._wechat = program.wechat
        self._rest = rest_of_it

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "http" and scope["path"] == WECHAT_PATH and self._wechat is not None:
            await self._wechat.handle(scope, receive, send)
        elif scope["type"] == "lifespan":
            await _lifespan(receive, send)
        else:
            await self._rest(scope, receive, send)


async def _lifespan(receive: Receive, send: Send) -> None:
    """The program is started around the server, not by it."""
    await receive()
    await send({"type": "lifespan.startup.complete"})
    await receive()
    await send({"type": "lifespan.shutdown.complete"})
