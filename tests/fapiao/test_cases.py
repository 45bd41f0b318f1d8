"""The rows of cases.yaml, each through the rule it is about."""

from datetime import date
from pathlib import Path
from typing import Any

import pytest

from fapiao.dates import parse_date
from fapiao.kinds import Kind, kind_from_code, kind_from_title, user_kinds
from fapiao.money import MoneyError, money_text, parse_capitals, parse_money
from fapiao.numbers import NumberError, code_anatomy, parse_check_code, parse_number
from fapiao.policy import RULES, in_force
from fapiao.qr import Crc, crc_text, parse_qr
from fapiao.status import parse_tax_state
from fapiao.tax_id import parse_tax_id
from locales.strict_yaml import load

CASES: dict[str, list[dict[str, Any]]] = load(Path(__file__).with_name("cases.yaml"))


def rows(name: str) -> pytest.MarkDecorator:
    return pytest.mark.parametrize("row", CASES[name], ids=lambda row: str(next(iter(row.values())))[:30])


def shown(value: object) -> str:
    return "none" if value is None else str(value)


@rows("numbers")
def test_a_number_is_read(row: dict[str, str]) -> None:
    found = parse_number(row["text"])
    assert (found.number, found.code) == (row["number"], row.get("code"))


@rows("refused_numbers")
def test_a_wrong_number_is_refused_with_its_length(row: dict[str, str]) -> None:
    with pytest.raises(NumberError) as caught:
        parse_number(row["text"])
    error = caught.value
    assert (error.reason, error.suggestion) == (row["reason"], row.get("suggestion"))
    assert row["reason"] == "float" or error.length == int(row["length"])


@rows("check_codes")
def test_a_check_code_is_read(row: dict[str, str]) -> None:
    try:
        found = parse_check_code(row["text"], Kind(row["kind"]))
    except NumberError:
        found = "refused"
    assert found == row["code"]


@rows("money")
def test_money_is_read_or_refused(row: dict[str, str]) -> None:
    try:
        found = money_text(parse_money(row["text"]))
    except MoneyError as error:
        found = error.reason.value
    assert found == row["is"]


@rows("capitals")
def test_capitals_are_read_or_refused(row: dict[str, str]) -> None:
    try:
        found = money_text(parse_capitals(row["text"]))
    except MoneyError as error:
        found = error.reason.value
    assert found == row["is"]


@rows("dates")
def test_a_date_is_read(row: dict[str, str]) -> None:
    assert shown(parse_date(row["text"])) == row["is"]


@rows("titles")
def test_a_title_names_the_kind(row: dict[str, str]) -> None:
    assert shown(kind_from_title(row["text"])) == row["kind"]


@rows("codes")
def test_a_code_is_taken_apart(row: dict[str, str]) -> None:
    anatomy = code_anatomy(row["code"])
    assert anatomy is not None
    assert anatomy.region is not None
    assert (anatomy.kind, anatomy.region.zh, anatomy.year) == (row["kind"], row["region"], int(row["year"]))
    assert kind_from_code(row["code"]) == row["kind"]


@rows("tax_ids")
def test_a_tax_id_gets_its_state(row: dict[str, str]) -> None:
    assert parse_tax_id(row["text"]).state == row["state"]


@rows("qr")
@pytest.mark.parametrize("variant", list(Crc))
@pytest.mark.parametrize("end", ["", ","])
def test_a_qr_text_is_read_with_its_crc(row: dict[str, str], variant: Crc, end: str) -> None:
    found = parse_qr(f"{row['head']},{crc_text(row['head'], variant).lower()}{end}")
    assert found is not None
    assert found.crc is variant
    assert (shown(found.kind), found.number) == (row["kind"], row["number"])
    assert (str(found.amount), shown(found.amount_means)) == (row["amount"], row["means"])
    assert str(found.issue_date) == row["date"]


@rows("qr_whole")
def test_an_odd_qr_text_is_named(row: dict[str, str]) -> None:
    found = parse_qr(row["text"])
    assert found is not None
    assert (found.layout, shown(found.kind), shown(found.issue_date)) == (
        row["layout"],
        row["kind"],
        row["date"],
    )
    assert found.crc is None


def test_an_encrypted_train_ticket_is_named() -> None:
    found = parse_qr("7" * 144)
    assert found is not None
    assert (found.kind, found.is_invoice) == (Kind.RAIL_PAPER, False)


@rows("policy")
def test_rules_hold_by_date(row: dict[str, Any]) -> None:
    day = date.fromisoformat(row["day"])
    assert all(in_force(rule, day) for rule in row["holds"])
    assert not any(in_force(rule, day) for rule in row["fails"])


def test_rule_ids_are_unique() -> None:
    assert len({rule.id for rule in RULES}) == len(RULES)


@rows("tax_states")
def test_a_tax_state_is_mapped(row: dict[str, str]) -> None:
    assert parse_tax_state(row["raw"]) == row["state"]


def test_every_invoice_kind_has_words_of_the_user() -> None:
    words = {
        "special",
        "general",
        "digital",
        "electronic",
        "paper",
        "train",
        "flight",
        "taxi",
        "toll",
        "roll",
        "quota",
    }
    for kind in Kind:
        assert user_kinds(kind) <= words
        assert bool(user_kinds(kind)) == (kind.is_invoice and kind is not Kind.FISCAL)
