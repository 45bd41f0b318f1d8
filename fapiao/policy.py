"""Rules with a date (政策): answered by the invoice's own date, cited by id from the locale texts."""

from dataclasses import dataclass
from datetime import date
from enum import StrEnum


class Certainty(StrEnum):
    """How well a rule is known."""

    VERIFIED = "verified"  # on samples
    DOCUMENTED = "documented"  # read in the document or in a quotation of it
    UNCONFIRMED = "unconfirmed"  # general knowledge: never told as certain


@dataclass(frozen=True, slots=True)
class Rule:
    """A rule in force from `start` to `end`, both inclusive; None means open. The words are the locales'."""

    id: str
    start: date | None
    end: date | None
    source: str
    certainty: Certainty

    def holds_on(self, day: date) -> bool:
        """True if the rule was in force on `day`."""
        return (self.start is None or self.start <= day) and (self.end is None or day <= self.end)


_D, _K = Certainty.DOCUMENTED, Certainty.UNCONFIRMED
_RAIL = "国家税务总局 财政部 中国国家铁路集团公告2024年第8号"
_AIR = "国家税务总局 财政部 中国民用航空局公告2024年第9号"
_DIGITAL = "国家税务总局公告2024年第11号"
_ARCHIVES = "会计档案管理办法（财政部 国家档案局令第79号）"

RULES: tuple[Rule, ...] = (
    Rule("e_ordinary", date(2015, 12, 1), None, "国家税务总局公告2015年第84号", _K),
    Rule("archives_30_years", date(2016, 1, 1), None, _ARCHIVES, _D),
    Rule("register_5_years", date(2016, 1, 1), None, "发票管理办法", _K),
    Rule("lost_special_copy", date(2020, 1, 1), None, "国家税务总局公告2020年第1号", _K),
    Rule("keep_electronic_original", date(2020, 3, 23), None, "财会〔2020〕6号", _D),
    Rule("e_special", date(2020, 12, 21), None, "国家税务总局公告2020年第22号", _K),
    Rule("digital_pilot", date(2021, 12, 1), date(2024, 11, 30), "广东、内蒙古、上海税务局公告", _K),
    Rule("beijing_receives_digital", date(2022, 1, 1), None, "北京市税务局公告", _K),
    Rule("beijing_issues_digital", date(2023, 11, 1), None, "北京市税务局公告", _K),
    Rule("rail_e", date(2024, 11, 1), None, _RAIL, _D),
    Rule("rail_apply_180_days", date(2024, 11, 1), None, _RAIL, _D),
    Rule("rail_paper_in_parallel", date(2024, 11, 1), date(2025, 9, 30), _RAIL, _D),
    Rule("rail_paper_only", None, date(2024, 10, 31), _RAIL, _D),
    Rule("rail_e_only", date(2025, 10, 1), None, _RAIL, _D),
    Rule("air_e", date(2024, 12, 1), None, _AIR, _D),
    Rule("air_apply_180_days", date(2024, 12, 1), None, _AIR, _K),
    Rule("air_paper_in_parallel", date(2024, 12, 1), date(2025, 9, 30), _AIR, _D),
    Rule("air_paper_only", None, date(2024, 11, 30), _AIR, _D),
    Rule("air_e_only", date(2025, 10, 1), None, _AIR, _D),
    Rule("digital_nationwide", date(2024, 12, 1), None, _DIGITAL, _D),
    Rule("digital_needs_no_seal", date(2024, 12, 1), None, _DIGITAL, _D),
    Rule("digital_red_letter", date(2024, 12, 1), None, _DIGITAL, _D),
    Rule("legacy_stays_valid", date(2024, 12, 1), None, _DIGITAL, _D),
    Rule("verify_and_no_double_booking", date(2025, 1, 1), None, "财会〔2024〕11号第25条", _D),
    Rule("printout_with_original", date(2025, 1, 1), None, "财会〔2024〕11号第27条", _D),
    Rule("accounting_software", date(2025, 1, 1), None, "财会〔2024〕12号", _D),
    Rule("voucher_data_standard", date(2025, 5, 9), None, "财会〔2025〕9号", _D),
    Rule("vat_regulation_1993", date(1994, 1, 1), date(2025, 12, 31), "增值税暂行条例", _D),
    Rule("vat_act", date(2026, 1, 1), None, "增值税法、增值税法实施条例（国务院令第826号）", _D),
    Rule("withholding_individuals", date(2026, 11, 1), None, "财政部 税务总局公告2026年第28号", _D),
)

_BY_ID = {known.id: known for known in RULES}
OFFICIAL_HELP = "12366"  # 纳税服务热线


def rules_on(day: date) -> tuple[Rule, ...]:
    """Return the rules in force on `day`, oldest first."""
    return tuple(known for known in RULES if known.holds_on(day))


def rule(rule_id: str) -> Rule:
    """Return one rule; KeyError for an unknown id, which is a mistake in a text."""
    return _BY_ID[rule_id]


def in_force(rule_id: str, day: date) -> bool:
    """True if the rule was in force on `day`; KeyError for an unknown id."""
    return rule(rule_id).holds_on(day)
