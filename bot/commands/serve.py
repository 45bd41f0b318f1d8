"""`piaoda serve`: everything in one process."""

import argparse
import asyncio
import contextlib
import errno
import gc
import signal
import socket
import sys
from collections.abc import Iterator
from typing import TYPE_CHECKING

import uvicorn
import uvloop

from bot import log, metrics
from bot.app import application
from bot.build import build, running
from bot.connections import Bounded, allow_connections
from bot.demo import load_demo
from bot.live import Live
from bot.settings import Settings, SettingsError, load_settings, unknown_names
from locales.strict_yaml import LocaleError
from storage.database import StoreSetupError

if TYPE_CHECKING:
    from argparse import _SubParsersAction

    Subparsers = _SubParsersAction[argparse.ArgumentParser]

_STOP_SECONDS = 10
_SWITCH_SECONDS = 0.001  # the database's threads wait that long for the loop, not the usual 5 ms
# What a message makes is gone with it: by the usual 700 objects the collector looks before that, for a tenth of the
# time that a message costs.
_COLLECT = (20_000, 20, 20)
_PLACEHOLDER_HOSTS = frozenset({"0.0.0.0", "::", "127.0.0.1"})  # noqa: S104 -- compared, not bound


def add_parser(subparsers: "Subparsers") -> None:
    """Add `serve`."""
    parser = subparsers.add_parser("serve", help="serve chat page, WeChat, Telegram, REST and jobs")
    parser.set_defaults(run=run)


def run(args: argparse.Namespace) -> int:
    """Serve until SIGTERM or SIGINT; 1 with one line of reason when it cannot start."""
    gc.disable()  # a start makes much and throws little away
    try:
        settings = load_settings()
        log.configure(settings.log_level, settings.log_format, metrics.count_error)
        for name in unknown_names():
            sys.stderr.write(f"piaoda: {name} is no setting of Piaoda; see .env.example\n")
        return uvloop.run(_serve(settings))
    except (SettingsError, StoreSetupError, LocaleError) as error:
        sys.stderr.write(f"piaoda: {error}\n")
        return 1


async def _serve(settings: Settings) -> int:
    sys.setswitchinterval(_SWITCH_SECONDS)
    allow_connections()
    program = await build(settings)
    if settings.demo:
        program.demo_employee = await load_demo(program.store)
    config = uvicorn.Config(
        application(program),
        host=settings.host,
        port=settings.port,
        loop="none",
        http=Bounded,
        ws="none",
        lifespan="on",
        log_config=None,
        access_log=False,
        server_header=False,
        timeout_keep_alive=75,
        timeout_graceful_shutdown=_STOP_SECONDS,
        forwarded_allow_ips=list(settings.trusted_proxies),
    )
    server = _Server(config, program.live)
    if (why := _cannot_listen(settings)) is not None:
        await program.store.close()
        raise SettingsError(why)
    listener = config.bind_socket()
    listener.set_inheritable(False)  # uvicorn hands it on; a reader that outlives us would keep the address
    async with running(program):
        gc.freeze()  # what is there now stays: no collection need look at it again
        gc.set_threshold(*_COLLECT)
        gc.enable()
        _greet(settings)
        await server.serve([listener])
    return 0


class _Server(uvicorn.Server):
    """Lets open pages go first: they would hold the stop up."""

    def __init__(self, config: uvicorn.Config, live: Live) -> None:
        super().__init__(config)
        self._live = live

    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        """SIGTERM and SIGINT end the serving, not the process: channels and outbox have to end after it."""
        loop = asyncio.get_running_loop()
        for number in (signal.SIGTERM, signal.SIGINT):
            loop.add_signal_handler(number, self.handle_exit, number, None)
        yield

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        """Stop."""
        self._live.close()
        await super().shutdown(sockets)


def _cannot_listen(settings: Settings) -> str | None:
    """Why nobody could reach us, or None."""
    with socket.socket(socket.AF_INET6 if ":" in settings.host else socket.AF_INET) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((settings.host, settings.port))
        except OSError as error:
            if error.errno == errno.EADDRINUSE:
                return f"PIAODA_PORT: {settings.port} is in use; stop the other program or set another"
            if error.errno == errno.EACCES:
                return f"PIAODA_PORT: {settings.port} may not be used without more rights; set one above 1023"
            return f"PIAODA_HOST: {settings.host} is no address of this machine; 0.0.0.0 means all of them"
    return None


def _greet(settings: Settings) -> None:
    host = "localhost" if settings.host in _PLACEHOLDER_HOSTS else settings.host
    lines = [f"Piaoda 票答 is ready: http://{host}:{settings.port}/"]
    if settings.demo:
        lines += [
            "All invoices are made up (演示数据). Try in the chat:",
            "  上个月的发票        what is there of last month",
            "  why is my invoice not in the Beijing system",
            "  領収書を失くしました   or drop a photo, PDF, OFD or XML of an invoice",
        ]
    sys.stdout.write("\n".join(lines) + "\n")
    sys.stdout.flush()
