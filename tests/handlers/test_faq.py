"""Common questions in three languages, fitted to the invoice, and authenticity by local rules."""

from dataclasses import replace
from datetime import UTC, date, datetime
from decimal import Decimal

import pytest

from bot.channels.wechat import wording as wechat
from fapiao.policy import rule
from handlers import contact, faq, topics, verify
from handlers.core import Outcome, Services
from handlers.topics import LISTED, TOPICS, Family, family_of_words
from handlers.wording import render
from locales.catalog import Catalog
from storage.records import Role, Viewer
from tests.handlers.conftest import CHAT, Stage

LONGEST = 1_900  # bytes with buttons, so that the narrowest channel needs one message
NEXT = {"zh": "下一步：", "en": "Next: ", "ja": "次の手順："}
LANGUAGES = ("zh", "en", "ja")
ANSWERS = [(name, None) for name in TOPICS] + [
    (name, family) for name, topic in TOPICS.items() for family in topic.families
]
WORDS: dict[Family, list[str]] = {
    Family.DIGITAL: ["digital"],
    Family.PAPER_SPECIAL: ["special", "paper"],
    Family.PAPER_ORDINARY: ["general", "paper"],
    Family.LOCAL: ["taxi"],
    Family.TICKET: ["train"],
}
FULL = {
    "person": "财务共享中心 报销组",
    "phone": "010-5555 0100 转 8001",
    "email": "invoices-helpdesk@example.com",
    "wechat": "finance-helpdesk",
    "hours": "工作日 9:00-18:00",
}


def full(services: Services) -> Services:
    """A company that has set all there is."""
    name = "松果软件技术服务（北京）有限公司"
    return replace(
        services, contact=FULL, companies=((name, "91110108MA01ABCD3X"), (name, "91110108MA01ABCE1T"))
    )


def words(outcome: Outcome, language: str, catalog: Catalog) -> str:
    """What a user of WeChat gets; all buttons must fit into the one message."""
    (reply,) = outcome.replies
    shown = render(reply, CHAT, language, catalog)
    (text,) = wechat.with_links(shown.text, shown.choices)
    assert text.count("<a ") == len(reply.buttons)
    return text


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize(("name", "family"), ANSWERS)
async def test_every_answer_is_short_and_has_a_next_step(
    stage: Stage, name: str, family: Family | None, language: str
) -> None:
    services = full(stage.services)
    turn = stage.turn(action=f"faq:{name}")
    if family in WORDS:
        turn = stage.turn("丢了", intent="invoice.lost", kind=WORDS[family])
    elif family is Family.ELECTRONIC:
        turn = stage.turn(
            "丢了", intent="invoice.lost", invoice_number="00012345", invoice_code="011002300111"
        )
    outcome = await (faq.lost if family else faq.faq)(turn, services)
    expected = f"faq.{name}.{family}" if family else f"faq.{name}"
    assert stage.follow(outcome) == [expected]
    text = words(outcome, language, services.catalog)
    assert len(text.encode()) <= LONGEST
    lines = render(outcome.replies[0], CHAT, language, services.catalog).text.splitlines()
    assert 3 <= len(lines) <= 11
    assert all(line.strip() for line in lines)
    assert lines[-1].startswith(NEXT[language])
    assert outcome.replies[0].buttons


def test_all_rules_that_are_cited_have_a_beginning() -> None:
    ids = {id_ for topic in TOPICS.values() for id_ in topic.rules}
    ids |= {id_ for topic in TOPICS.values() for rules in topic.families.values() for id_ in rules}
    assert all(rule(id_).start is not None for id_ in ids)


def test_related_questions_exist_and_point_elsewhere() -> None:
    for topic in TOPICS.values():
        assert len(topic.related) <= 6
        assert topic.name not in topic.related
        assert all(name in TOPICS or name in topics.ACTIONS for name in topic.related)


@pytest.mark.parametrize("language", LANGUAGES)
async def test_every_question_stands_on_one_of_the_pages(stage: Stage, language: str) -> None:
    shown: list[str] = []
    for page in ("faq", "faq:2"):
        outcome = await faq.faq(stage.turn(action=page), stage.services)
        assert stage.follow(outcome) == ["faq.list"]
        assert len(words(outcome, language, stage.services.catalog).encode()) <= LONGEST
        shown += [button.action for button in outcome.replies[0].buttons]
    assert {f"faq:{name}" for name in LISTED} <= set(shown)
    assert {"faq:1", "faq:2"} <= set(shown)


@pytest.mark.parametrize("action", ["faq:0", "faq:99", "faq:999999999999999999999"])
async def test_a_page_that_does_not_exist_gives_the_nearest(stage: Stage, action: str) -> None:
    assert stage.follow(await faq.faq(stage.turn(action=action), stage.services)) == ["faq.list"]


async def test_an_unknown_topic_is_said_so(stage: Stage) -> None:
    assert stage.follow(await faq.faq(stage.turn(action="faq:gone"), stage.services)) == ["faq.unknown"]


@pytest.mark.parametrize(
    ("said", "family"),
    [
        (["special"], None),
        (["electronic"], None),
        (["paper", "special"], Family.PAPER_SPECIAL),
        (["digital", "special"], Family.DIGITAL),
        (["flight"], Family.TICKET),
        (["quota"], Family.LOCAL),
        (["roll"], Family.PAPER_ORDINARY),
        (["unheard"], None),
        ([], None),
    ],
)
def test_a_kind_is_taken_only_where_it_leaves_no_doubt(said: list[str], family: Family | None) -> None:
    assert family_of_words(said) == family


async def test_a_lost_invoice_is_answered_by_its_number(stage: Stage) -> None:
    turn = stage.turn(
        "26112000000012345678 丢了", intent="invoice.lost", invoice_number="26112000000012345678"
    )
    assert stage.follow(await faq.lost(turn, stage.services)) == ["faq.lost.digital"]


async def test_a_kind_sent_afterwards_makes_the_answer_precise(stage: Stage) -> None:
    outcome = await faq.lost(stage.turn("发票丢了", intent="invoice.lost"), stage.services)
    assert stage.follow(outcome) == ["faq.lost"]
    assert stage.conversation.awaiting == "lost_kind"
    assert await faq.lost_kind(stage.turn("谢谢", intent="smalltalk.thanks"), stage.services) is None
    answered = await faq.lost_kind(stage.turn("出租车票", kind=["taxi"]), stage.services)
    assert answered is not None
    assert stage.follow(answered) == ["faq.lost.local"]
    for said, kind, key in (
        ("电子的", ["electronic"], "faq.lost.digital"),
        ("纸质的", ["paper"], "faq.lost.paper"),
        ("专票", ["special"], "faq.lost.paper_special"),
        ("那普票呢", ["ordinary"], "faq.lost.paper_ordinary"),
        ("火车票呢", ["train"], "faq.lost.ticket"),
    ):
        answered = await faq.lost_kind(stage.turn(said, kind=kind), stage.services)
        assert answered is not None
        assert stage.follow(answered) == [key]
    looked_for = stage.turn("8月的专票", kind=["special"], date={"from": "2026-08-01", "to": "2026-08-31"})
    assert await faq.lost_kind(looked_for, stage.services) is None


async def test_a_lost_invoice_is_the_one_shown_last(stage: Stage) -> None:
    record = await stage.invoice("00123456", code="1100222130", kind="vat_special")
    stage.conversation = replace(stage.conversation, slots={"invoice": record.id})
    turn = stage.turn("这张丢了", intent="invoice.lost")
    assert stage.follow(await faq.lost(turn, stage.services)) == ["faq.about", "faq.lost.paper_special"]


async def test_nobody_learns_the_kind_of_another_persons_invoice(stage: Stage) -> None:
    other = await stage.employee("1002")
    record = await stage.invoice("00123456", code="1100222130", kind="vat_special", owner_id=other)
    stage.conversation = replace(stage.conversation, slots={"invoice": record.id})
    turn = stage.turn("这张丢了", intent="invoice.lost")
    assert stage.follow(await faq.lost(turn, stage.services)) == ["faq.lost"]


async def test_an_unconfirmed_rule_is_not_given_as_the_basis(stage: Stage) -> None:
    turn = stage.turn("丢了", intent="invoice.lost", kind=["paper", "special"])
    outcome = await faq.lost(turn, stage.services)
    keys = [phrase.key for phrase in outcome.replies[0].values["sources"]]
    assert keys == ["faq.source_unconfirmed"]


def test_a_rule_that_has_ended_says_so(stage: Stage) -> None:
    turn = stage.turn("x")
    parallel = rule("rail_paper_in_parallel")
    assert topics.cited(parallel, turn).key == "faq.source_ended"
    before = replace(turn, now=datetime(2025, 9, 30, 15, 59, tzinfo=UTC))  # 23:59 in Beijing
    assert topics.cited(parallel, before).key == "faq.source"
    after = replace(turn, now=datetime(2025, 9, 30, 16, 0, tzinfo=UTC))
    assert topics.cited(parallel, after).key == "faq.source_ended"


async def test_our_own_title_is_named(stage: Stage) -> None:
    outcome = await faq.correct(stage.turn("抬头错了", intent="invoice.correct"), stage.services)
    assert "91110108MA01ABCD3X" in words(outcome, "zh", stage.services.catalog)
    nobody = replace(stage.services, companies=())
    outcome = await faq.apply(stage.turn("开票", intent="invoice.apply"), nobody)
    assert [phrase.key for phrase in outcome.replies[0].values["titles"]] == ["faq.titles_unknown"]


@pytest.mark.parametrize(
    ("handler", "key"),
    [
        (faq.submit, "faq.submit"),
        (faq.apply, "faq.apply"),
        (faq.download, "faq.download"),
        (faq.correct, "faq.wrong"),
        (faq.electronic_vs_paper, "faq.electronic"),
        (faq.manual, "faq.guide"),
        (faq.register_login, "faq.register"),
        (faq.deadline, "faq.deadline"),
    ],
)
async def test_wishes_reach_their_answer(stage: Stage, handler: object, key: str) -> None:
    assert callable(handler)
    assert stage.follow(await handler(stage.turn("问一下"), stage.services)) == [key]


async def test_reversing_is_explained_before_it_is_passed_on(stage: Stage) -> None:
    turn = stage.turn("红冲这张", intent="invoice.void_red", invoice_number="26112000000012345678")
    outcome = await faq.void_red(turn, stage.services)
    assert stage.follow(outcome) == ["void.ask"]
    assert outcome.replies[0].values["about"].values == {"tail": "5678"}
    assert await faq.confirm_void_red(stage.turn("等一下", intent="faq.deadline"), stage.services) is None
    passed = await faq.confirm_void_red(stage.turn("是的", intent="confirm.yes"), stage.services)
    assert passed is not None
    assert stage.follow(passed) == ["void.person"]


async def test_reversing_can_be_declined(stage: Stage) -> None:
    stage.follow(await faq.void_red(stage.turn("红冲", intent="invoice.void_red"), stage.services))
    kept = await faq.confirm_void_red(stage.turn("算了", intent="confirm.no"), stage.services)
    assert kept is not None
    assert stage.follow(kept) == ["void.kept"]
    assert stage.conversation.awaiting is None


async def test_an_old_yes_button_asks_again(stage: Stage) -> None:
    outcome = await faq.void_red(stage.turn(action="void_red:yes"), stage.services)
    assert stage.follow(outcome) == ["void.ask"]
    outcome = await faq.void_red(stage.turn(action="void_red:yes"), stage.services)
    assert stage.follow(outcome) == ["void.person"]


def lines(outcome: Outcome) -> list[str]:
    return [phrase.key for phrase in outcome.replies[0].values["lines"]]


def named(outcome: Outcome, language: str, catalog: Catalog) -> str:
    text = words(outcome, language, catalog)
    assert len(text.encode()) <= LONGEST
    return text


async def test_verifying_without_a_number_explains_and_asks(stage: Stage) -> None:
    outcome = await verify.verify(stage.turn("怎么查真伪", intent="invoice.verify"), stage.services)
    assert stage.follow(outcome) == ["faq.verify"]
    assert stage.conversation.awaiting == "verify_number"
    answered = await verify.number(stage.turn("２６１１２００００００００１２３４５６"), stage.services)
    assert answered is not None
    assert stage.follow(answered) == ["verify.length"]
    answered = await verify.number(stage.turn("2611 2000 0000 1234 5678"), stage.services)
    assert answered is not None
    assert stage.follow(answered) == ["verify.report"]
    assert await verify.number(stage.turn("谢谢", intent="smalltalk.thanks"), stage.services) is None


@pytest.mark.parametrize("language", LANGUAGES)
async def test_a_digital_number_is_asked_for_its_total(stage: Stage, language: str) -> None:
    turn = stage.turn("真的吗", intent="invoice.verify", invoice_number="26112000000012345678")
    outcome = await verify.verify(turn, stage.services)
    stage.follow(outcome)
    assert lines(outcome)[1:] == [
        "verify.number_digital",
        "verify.limits",
        "verify.site",
        "verify.rules",
        "verify.next",
    ]
    text = named(outcome, language, stage.services.catalog)
    assert stage.services.catalog.text("Need.total", language) in text
    assert stage.services.catalog.text("Need.code", language) not in text


async def test_an_old_number_without_code_says_what_is_missing(stage: Stage) -> None:
    turn = stage.turn("00123456 真吗", intent="invoice.verify", invoice_number="00123456")
    outcome = await verify.verify(turn, stage.services)
    assert {"verify.number_old", "verify.code_missing", "verify.site_code"} <= set(lines(outcome))


async def test_an_impossible_number_is_doubted(stage: Stage) -> None:
    turn = stage.turn("真吗", intent="invoice.verify", invoice_number="26992000000012345678")
    outcome = await verify.verify(turn, stage.services)
    assert "verify.number_odd" in lines(outcome)


async def test_a_local_invoice_of_beijing_is_sent_to_the_local_page(stage: Stage) -> None:
    slots = {"invoice_number": "00123456", "invoice_code": "111002300110"}
    turn = stage.turn("这张出租车票真吗", intent="invoice.verify", **slots)
    outcome = await verify.verify(turn, stage.services)
    assert "verify.site_local" in lines(outcome)
    assert "verify.rules" not in lines(outcome)


async def test_our_record_is_checked_on_its_face(stage: Stage) -> None:
    record = await stage.invoice("26112000000012345678", total=Decimal("999.00"))
    turn = stage.turn("真吗", intent="invoice.verify", invoice_number=record.number)
    outcome = await verify.verify(turn, stage.services)
    stage.follow(outcome)
    assert {"verify.failed", "verify.known"} <= set(lines(outcome))
    assert outcome.replies[0].buttons[0].action == f"status:{record.id}"
    for language in LANGUAGES:
        named(outcome, language, stage.services.catalog)


async def test_an_old_invoice_is_not_sent_to_the_site(stage: Stage) -> None:
    record = await stage.invoice(
        "00123456", code="1100202130", kind="vat_special", issue_date=date(2021, 8, 18)
    )
    stage.conversation = replace(stage.conversation, slots={"invoice": record.id})
    outcome = await verify.verify(stage.turn("这张真吗", intent="invoice.verify"), stage.services)
    assert "verify.too_old" in lines(outcome)


async def test_another_persons_record_is_as_unknown(stage: Stage) -> None:
    other = await stage.employee("1002")
    record = await stage.invoice("26112000000012345678", owner_id=other)
    turn = stage.turn("真吗", intent="invoice.verify", invoice_number=record.number)
    assert "verify.known" not in lines(await verify.verify(turn, stage.services))
    stage.speak_as(Viewer(None, Role.FINANCE))
    turn = stage.turn("真吗", intent="invoice.verify", invoice_number=record.number)
    assert "verify.known" in lines(await verify.verify(turn, stage.services))


@pytest.mark.parametrize(
    ("said", "length"),
    [("2611200000001234567 真吗", 19), ("26112000000012345678 9", 21), ("13800138000", None), ("", None)],
)
async def test_a_wrong_length_is_named(stage: Stage, said: str, length: int | None) -> None:
    outcome = await verify.verify(stage.turn(said, intent="invoice.verify"), stage.services)
    assert outcome.replies[0].values.get("length") == (None if length is None else str(length))


async def test_contacts_without_any_set_still_help(stage: Stage) -> None:
    services = replace(stage.services, contact={})
    outcome = await contact.info(stage.turn("电话", intent="contact.info"), services)
    assert "12366" in words(outcome, "zh", services.catalog)
