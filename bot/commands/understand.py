"""`piaoda understand`: understands sentences; one JSON object a line."""

import argparse
import json
import sys
from collections.abc import Iterable
from datetime import date, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any
from zoneinfo import ZoneInfo

from locales.strict_yaml import LocaleError
from nlu.text.sellers import SellerIndex
from nlu.text.understanding import Understander, Understanding

if TYPE_CHECKING:
    from argparse import _SubParsersAction

    Subparsers = _SubParsersAction[argparse.ArgumentParser]

_SHANGHAI = ZoneInfo("Asia/Shanghai")


def add_parser(subparsers: "Subparsers") -> None:
    """Add `understand`."""
    parser = subparsers.add_parser("understand", help="understand sentences; one JSON object a line")
    parser.add_argument("text", nargs="*", help="sentences; without any, one a line on standard input")
    parser.add_argument("--language", help="of the sentences (default: found for each)")
    parser.add_argument("--today", type=date.fromisoformat, help="YYYY-MM-DD, for words such as 上个月")
    parser.add_argument("--sellers", type=Path, metavar="FILE", help="JSON list of known sellers")
    parser.add_argument(
        "--examples",
        type=Path,
        metavar="FILE",
        help="YAML or JSON mapping of intent to sentences, instead of ours",
    )
    parser.set_defaults(run=run)


def run(args: argparse.Namespace) -> int:
    """Print what each sentence means; 0, or 1 with one line of reason if a file is wrong."""
    try:
        understander = (
            Understander.load() if args.examples is None else Understander.of_examples(args.examples)
        )
        if args.sellers is not None:
            understander = understander.with_sellers(SellerIndex.build(_names(args.sellers)))
    except (LocaleError, OSError) as error:
        sys.stderr.write(f"piaoda: {error}\n")
        return 1
    today = args.today or datetime.now(_SHANGHAI).date()
    for text in map(_clean, args.text) if args.text else _lines():
        found = understander.understand(text, today=today, language=args.language)
        sys.stdout.write(json.dumps(as_json(found), ensure_ascii=False) + "\n")
        sys.stdout.flush()
    return 0


def as_json(found: Understanding) -> dict[str, Any]:
    """Return an understanding as the fields that are printed."""
    return {
        "text": found.text,
        "language": found.language,
        "intent": found.intent,
        "confidence": found.confidence,
        "action": found.action,
        "alternatives": [
            {"intent": guess.intent, "confidence": guess.confidence} for guess in found.alternatives
        ],
        "slots": dict(found.slots),
        "second": found.second,
        "ms": found.ms,
    }


def _clean(argument: str) -> str:
    return argument.encode("utf-8", errors="replace").decode("utf-8")


def _lines() -> Iterable[str]:
    # Bytes that are no text are replaced: one bad line must not end the whole run.
    for line in sys.stdin.buffer:
        yield line.decode("utf-8", errors="replace").rstrip("\r\n")


def _names(path: Path) -> list[str]:
    try:
        content = json.loads(path.read_text(encoding="utf-8"))
    except ValueError as error:
        raise LocaleError(f"{path}: {error}") from error
    if not isinstance(content, list) or not all(isinstance(name, str) for name in content):
        raise LocaleError(f"{path}: give a JSON list of names")
    return content
