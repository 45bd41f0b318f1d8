"""`piaoda intents`: how well the language files teach, and why a sentence is understood as it is."""

import argparse
import sys
from collections.abc import Sequence
from dataclasses import astuple
from datetime import date, datetime
from pathlib import Path
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

import numpy as np
from rich.console import Console
from rich.table import Table

from bot.commands.intents_picture import draw
from locales.catalog import HOME
from locales.strict_yaml import LocaleError, load
from nlu.text.classifier import fit
from nlu.text.confidence import calibrated, write_confidence
from nlu.text.evaluation import Figures, Judged, confusions, figures
from nlu.text.explain import explain
from nlu.text.features import Seen
from nlu.text.learning import Row, observed
from nlu.text.lexicon import load_examples, load_lexicon
from nlu.text.lint import lint
from nlu.text.matcher import Match, Reader
from nlu.text.understanding import Understander

if TYPE_CHECKING:
    from argparse import _SubParsersAction

    Subparsers = _SubParsersAction[argparse.ArgumentParser]

_SHANGHAI = ZoneInfo("Asia/Shanghai")
_SENTENCES = Path(__file__).parents[2] / "tests" / "sentences"
_SENTENCES_DAY = date(2026, 11, 25)  # the day on which the development sentences are said
_OTHER_TASK = "YAML or JSON mapping of intent to sentences, instead of ours"
_FOLDS = 5
_WIDE = 160
_HEADS = (
    "rows", "top-1", "top-3", "AUROC", "right@80", "right@90", "answered", "one click",
    "wrong", "OOS answered", "OOS refused", "ECE",
)  # fmt: skip


def add_parser(subparsers: "Subparsers") -> None:
    """Add `intents` with its own commands."""
    parser = subparsers.add_parser("intents", help="check the language files, or explain a match")
    commands = parser.add_subparsers(dest="intents_command", required=True)
    check = commands.add_parser("check", help="lint the language files, cross-validate, print figures")
    check.add_argument("--home", type=Path, default=HOME, help="folder of the language folders")
    check.add_argument("--examples", type=Path, metavar="FILE", help=_OTHER_TASK)
    check.add_argument(
        "--sentences",
        type=Path,
        default=_SENTENCES,
        help="folder of development sentences, one file a language",
    )
    check.add_argument("--half", choices=("dev", "test"), default="dev", help="of the development sentences")
    check.add_argument("--picture", type=Path, metavar="FILE", help="draw the curves into a PNG")
    check.add_argument("--calibrate", action="store_true", help="set confidence and borders on the dev half")
    check.add_argument("--quick", action="store_true", help="only lint: no cross-validation, no sentences")
    attempt = commands.add_parser("try", help="explain what a sentence means to the matcher")
    attempt.add_argument("text", nargs="+", help="the sentence")
    attempt.add_argument("--examples", type=Path, metavar="FILE", help=_OTHER_TASK)
    attempt.add_argument("--language", help="of the sentence (default: found)")
    attempt.add_argument("--home", type=Path, default=HOME, help="folder of the language folders")
    attempt.add_argument("--today", type=date.fromisoformat, help="YYYY-MM-DD")
    parser.set_defaults(run=run)


def run(args: argparse.Namespace) -> int:
    """Check or explain; 0, or 1 if a language file has an error."""
    console = Console(file=sys.stdout, soft_wrap=True)
    if not console.is_terminal:
        console.width = _WIDE  # a file or a pipe: nothing is cut off
    try:
        return _try(args, console) if args.intents_command == "try" else _check(args, console)
    except (LocaleError, OSError) as error:
        sys.stderr.write(f"piaoda: {error}\n")
        return 1


def _check(args: argparse.Namespace, console: Console) -> int:
    lexicon = load_lexicon(args.home) if args.examples is None else load_examples(args.examples)
    reader = Reader(lexicon)
    rows, seen = observed(lexicon, reader)
    findings = lint(lexicon, rows, reader)
    for finding in findings:
        console.print(
            f"{'error' if finding.error else 'look'}: {finding.text}", markup=False, highlight=False
        )
    errors = sum(finding.error for finding in findings)
    console.print(
        f"{len(rows)} examples, {len(lexicon.intents)} intents, {errors} errors, {len(findings)} findings"
    )
    # The data of another task may be as it is for good: its figures are told beside its errors.
    if args.quick or (errors and args.examples is None):
        return 1 if errors else 0
    understander = _understander(args)
    if args.calibrate and args.examples is None:
        understander = _calibrate(understander, args.sentences)
    judged = _cross_validated(understander, rows, seen)
    console.print(_table("cross-validation of the examples", judged))
    console.print(_mistakes(judged))
    sentences = _sentences(understander, args.sentences, args.half) if args.examples is None else []
    if sentences:
        console.print(_table(f"development sentences, {args.half} half", sentences))
        console.print(_mistakes(sentences))
    if args.picture is not None:
        draw(
            args.picture, {"examples": judged, "sentences": sentences} if sentences else {"examples": judged}
        )
    return 1 if errors else 0


def _understander(args: argparse.Namespace) -> Understander:
    return Understander.load(args.home) if args.examples is None else Understander.of_examples(args.examples)


def _cross_validated(understander: Understander, rows: Sequence[Row], seen: Sequence[Seen]) -> list[Judged]:
    judged: list[Judged] = []
    # The names of intents teach another task too, but nobody says them.
    normal = understander.matcher.reader.normal
    said = {normal(text, None, one.name) for one in understander.lexicon.languages for text in one.said()}
    own = understander.lexicon.ours
    asked = [at for at, (*_, text) in enumerate(rows) if own or text in said]
    for fold in range(_FOLDS):
        # Each example is judged by a classifier that has not seen it.
        left_out = asked[fold::_FOLDS]
        kept = sorted(set(range(len(rows))).difference(left_out))
        labels, languages = [rows[at][1] for at in kept], [rows[at][0] for at in kept]
        classifier = fit([seen[at] for at in kept], labels, languages, few=not own)
        for at in left_out:
            language, intent, text = rows[at]
            match = Match(language, text, classifier.scores(seen[at], language))
            judged.append(Judged(text, language, intent, *understander.judge(match, classifier.intents)))
    return judged


def _sentences(understander: Understander, folder: Path, half: str) -> list[Judged]:
    judged: list[Judged] = []
    for language, say, intent in _rows(folder, understander.lexicon.names, half):
        found = understander.understand(say, today=_SENTENCES_DAY)
        judged.append(Judged(say, language, intent, found.alternatives, found.action))
    return judged


def _rows(folder: Path, languages: Sequence[str], half: str) -> list[tuple[str, str, str]]:
    return [
        (language, row["say"], row["intent"])
        for language in languages
        if (folder / f"{language}.yaml").exists()
        for row in load(folder / f"{language}.yaml")
        if row["half"] == half
    ]


def _calibrate(understander: Understander, folder: Path) -> Understander:
    matches: list[tuple[Match, str]] = []
    for _, say, intent in _rows(folder, understander.lexicon.names, "dev"):
        match = understander.match(say, today=_SENTENCES_DAY)
        if match.sure is None:
            matches.append((match, intent))
    if not matches:
        raise LocaleError(f"{folder}: no development sentences to calibrate on")
    confidence = calibrated(
        understander.matcher.classifier.intents,
        np.array([match.scores for match, _ in matches]),
        [intent for _, intent in matches],
    )
    write_confidence(confidence)
    return Understander(understander.matcher, confidence)


def _table(title: str, judged: Sequence[Judged]) -> Table:
    table = Table("language", *_HEADS, title=title)
    for language in dict.fromkeys(row.language for row in judged):
        table.add_row(language, *_cells(figures([row for row in judged if row.language == language])))
    table.add_row("all", *_cells(figures(judged)))
    return table


def _cells(found: Figures) -> list[str]:
    return [str(value) if isinstance(value, int) else f"{value:.1f}" for value in astuple(found)]


def _mistakes(judged: Sequence[Judged]) -> Table:
    table = Table("is", "taken for", "times", title="commonest mistakes")
    for real, taken, count in confusions(judged):
        table.add_row(real, taken, str(count))
    return table


def _try(args: argparse.Namespace, console: Console) -> int:
    today = args.today or datetime.now(_SHANGHAI).date()
    why = explain(_understander(args), " ".join(args.text), today=today, language=args.language)
    found = why.understanding
    console.print(f"{found.intent} {found.confidence:.2f} → {found.action}")
    console.print(f"language: {found.language}, decided by {why.why}, {found.ms} ms")
    console.print(f"compared as: {why.normal}", markup=False)
    concepts = ", ".join(
        name if weight == 1 else f"{name} (by sound)" for name, weight in why.concepts.items()
    )
    console.print(f"concepts: {concepts or '-'}", markup=False)
    slots = ", ".join(f"{name} = {value}" for name, value in why.slots.items())
    console.print(f"slots: {slots or '-'}", markup=False)
    if found.second:
        console.print(f"second wish: {found.second}")
    scores = Table("intent", "score", "chance", title="best intents")
    chances = {guess.intent: guess.confidence for guess in found.alternatives}
    for name, score in why.scores:
        scores.add_row(name, f"{score:+.3f}", f"{chances.get(name, 0):.3f}")
    nearest = Table("example", "intent", "likeness", title="nearest examples")
    for example, intent, likeness in why.nearest:
        nearest.add_row(example, intent, f"{likeness:.2f}")
    console.print(scores)
    console.print(nearest)
    return 0
