"""Structured logs (结构化日志) without anything personal: what looks like it is blotted out."""

import logging
import re
import sys
from collections.abc import Callable, MutableMapping
from typing import Any, TextIO, cast

import structlog

# Phone numbers, identity cards, bank cards, invoice numbers and tax ids; mail addresses; bot tokens.
_PERSONAL = re.compile(
    r"(?<![0-9A-Za-z])(?:\d{8,}[0-9Xx]?|[0-9A-Z]{15,20})(?![0-9A-Za-z])|[\w.+-]+@[\w-]+\.[\w.]+|\d+:[\w-]{30,}"
)
_OWN = frozenset({"event", "level", "timestamp", "logger"})


class _StandardError:
    """Standard error as it is when something is written: whoever exchanges it meanwhile is followed."""

    def write(self, text: str) -> int:
        """Write to it."""
        return sys.stderr.write(text)

    def flush(self) -> None:
        """Flush it."""
        sys.stderr.flush()


def blot(logger: object, method: str, entry: MutableMapping[str, Any]) -> MutableMapping[str, Any]:
    """Blot out what must not stand in a log, in every value of an entry."""
    for name, value in entry.items():
        if name not in _OWN and isinstance(value, str):
            entry[name] = _PERSONAL.sub("•••", value)
    return entry


def configure(level: str, style: str, on_error: Callable[[str], None] | None = None) -> None:
    """Send the program's own log and the libraries' to standard error, one line an entry.

    `on_error` is told the event of each error of ours, which is a fixed name, and "library" for those of others.
    """

    def notice(logger: object, method: str, entry: MutableMapping[str, Any]) -> MutableMapping[str, Any]:
        if on_error is not None and entry["level"] in ("error", "critical"):
            on_error("library" if "logger" in entry else str(entry["event"]))
        return entry

    shared: list[Any] = [
        structlog.processors.add_log_level,
        notice,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
        structlog.processors.format_exc_info,
        blot,
    ]
    renderer: Any = (
        structlog.processors.JSONRenderer(ensure_ascii=False)
        if style == "json"
        else structlog.dev.ConsoleRenderer(colors=sys.stderr.isatty())
    )
    number = logging.getLevelNamesMapping()[level.upper()]
    structlog.configure(
        processors=[*shared, renderer],
        wrapper_class=structlog.make_filtering_bound_logger(number),
        logger_factory=structlog.WriteLoggerFactory(file=cast(TextIO, _StandardError())),
        cache_logger_on_first_use=True,
    )
    handler = logging.StreamHandler(_StandardError())
    handler.setFormatter(
        structlog.stdlib.ProcessorFormatter(
            processors=[structlog.stdlib.ProcessorFormatter.remove_processors_meta, renderer],
            foreign_pre_chain=[structlog.stdlib.add_logger_name, *shared],
        )
    )
    logging.basicConfig(handlers=[handler], level=logging.WARNING, force=True)
