"""The common questions (常见问题) as a table: a new one is a row here and its words in every language."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date
from enum import StrEnum
from typing import Any

from fapiao.kinds import Kind, kind_from_code, user_kinds
from fapiao.policy import Certainty, Rule
from fapiao.verification import CHECKS_A_DAY, YEARS_BACK
from handlers.core import Turn
from locales.catalog import BEIJING, Phrase


class Family(StrEnum):
    """Kinds that share an answer; the value ends the key of that answer."""

    DIGITAL = "digital"
    ELECTRONIC = "electronic"  # 旧版电子发票, with code and 8 digits
    PAPER_SPECIAL = "paper_special"
    PAPER_ORDINARY = "paper_ordinary"
    LOCAL = "local"
    TICKET = "ticket"  # rail and air


@dataclass(frozen=True, slots=True)
class Topic:
    """One question: its words are `faq.<name>` and `faq.<name>.title`.

    `related` are actions or names of topics offered below; `rules` the ids of the rules it cites; `families`
    the kinds that get an answer of their own, `faq.<name>.<family>`, with the rules that one cites.
    """

    name: str
    related: tuple[str, ...]
    rules: tuple[str, ...] = ()
    families: Mapping[Family, tuple[str, ...]] = field(default_factory=dict)
    listed: bool = True


_LOST: Mapping[Family, tuple[str, ...]] = {
    Family.DIGITAL: (),
    Family.ELECTRONIC: (),
    Family.PAPER_SPECIAL: ("lost_special_copy",),
    Family.PAPER_ORDINARY: (),
    Family.LOCAL: (),
    Family.TICKET: ("rail_apply_180_days",),
}
_GUIDES = ("guide_ios", "guide_android", "guide_wechat", "guide_pc")

_ROWS: tuple[Topic, ...] = (
    Topic("beijing", ("status", "verify", "ticket"), ("digital_nationwide",)),
    Topic("lost", ("download", "ticket", "deadline"), families=_LOST),
    Topic("wrong", ("void", "apply", "contact"), ("digital_red_letter",)),
    Topic("verify", ("beijing", "duplicate")),
    Topic("electronic", ("archive", "special", "verify"), ("digital_needs_no_seal", "legacy_stays_valid")),
    Topic("special", ("apply", "electronic", "wrong"), listed=False),
    Topic(
        "archive",
        ("electronic", "download"),
        ("keep_electronic_original", "printout_with_original", "archives_30_years"),
    ),
    Topic("submit", ("duplicate", "archive", "deadline")),
    Topic("apply", ("wrong", "ticket", "contact")),
    Topic("download", ("lost", "archive", "ticket"), ("voucher_data_standard",)),
    Topic("deadline", ("remind", "ticket", "void"), ("rail_apply_180_days", "archives_30_years")),
    Topic("ticket", ("download", "lost", "submit"), ("rail_e", "air_e")),
    Topic("duplicate", ("submit", "status"), ("verify_and_no_double_booking",)),
    Topic("void", ("void_red", "wrong"), ("digital_red_letter",)),
    Topic("register", ("account", "guide")),
    Topic("guide", _GUIDES),
    *(Topic(name, tuple(other for other in _GUIDES if other != name), listed=False) for name in _GUIDES),
    Topic("contact", ("register", "guide")),
)
TOPICS: Mapping[str, Topic] = {row.name: row for row in _ROWS}
LISTED: tuple[str, ...] = tuple(row.name for row in _ROWS if row.listed)
# Offered beside topics: the action and what its button says.
ACTIONS: Mapping[str, str] = {
    "status": "choice.invoice.status",
    "remind": "choice.notify.subscribe",
    "account": "account.bind_button",
    "void_red": "void.start",
}


def button_of(related: str) -> tuple[str, str]:
    """The key and the action of a button for an entry of `Topic.related`."""
    if related in ACTIONS:
        return ACTIONS[related], related
    return f"faq.{related}.title", f"faq:{related}"


def cited(rule: Rule, turn: Turn) -> Phrase:
    """A rule as its source and dates (依据); what is not confirmed is never said to be the basis."""
    if rule.certainty is Certainty.UNCONFIRMED:
        return Phrase("faq.source_unconfirmed", {"source": rule.source})
    if rule.end is not None and rule.end < today(turn):
        return Phrase("faq.source_ended", {"source": rule.source, "start": rule.start, "end": rule.end})
    return Phrase("faq.source", {"source": rule.source, "start": rule.start})


def figures() -> Mapping[str, Any]:
    """Numbers that several answers name, from the rules themselves."""
    return {"checks": str(CHECKS_A_DAY), "years": str(YEARS_BACK)}


def today(turn: Turn) -> date:
    """The date in Beijing."""
    return turn.now.astimezone(BEIJING).date()


def family_of(kind: Kind | None) -> Family | None:
    """The family of one kind; None for what has no answer of its own."""
    if kind is None or kind in (Kind.VEHICLE, Kind.USED_CAR):
        return None
    if kind in (Kind.RAIL_E, Kind.AIR_E, Kind.RAIL_PAPER, Kind.AIR_PAPER):
        return Family.TICKET
    if kind.is_digital:
        return Family.DIGITAL
    if kind.is_local:
        return Family.LOCAL
    if kind.is_paper:
        return Family.PAPER_SPECIAL if kind.is_special else Family.PAPER_ORDINARY
    return Family.ELECTRONIC if kind.is_legacy_vat else None


def family_of_words(words: Iterable[str]) -> Family | None:
    """The family that a user's words for a kind (专票, 纸质 …) leave no doubt about, else None."""
    said = frozenset(words)
    if not said:
        return None
    fits = {kind for kind in Kind if said <= user_kinds(kind)}
    if "paper" not in said:  # 数电票 without "paper" means the file, not its rare paper form
        fits -= {kind for kind in fits if kind.is_digital_paper}
    families = {family_of(kind) for kind in fits}
    if "digital" in said and not said & {"train", "flight"}:
        families.discard(Family.TICKET)
    return families.pop() if len(families) == 1 else None


def family_of_number(number: str | None, code: str | None) -> Family | None:
    """The family that code and number leave no doubt about, else None."""
    if code:
        return family_of(kind_from_code(code))
    # 20 digits may be a rail or air ticket as well; for the answers here both are files to fetch again.
    return Family.DIGITAL if number and len(number) == 20 else None
