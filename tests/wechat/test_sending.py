"""What we start: each error code has its own consequence, and nobody hears a thing twice."""

import asyncio
from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import UTC, datetime

import pytest
import pytest_asyncio

from bot.channels.wechat.api import Api, Line, open_client
from bot.channels.wechat.incoming import Contact
from bot.channels.wechat.sending import Sender
from bot.channels.wechat.template import Template, field_names
from bot.channels.wechat.window import Windows
from handlers.core import (
    AttachmentError,
    DeliveryError,
    InDoubtError,
    NeedsContactError,
    RecipientGoneError,
    RetryLaterError,
    UndeliverableError,
)
from storage.records import Attachment, ChatId, Choice, Outgoing
from tests.fakes.far_end import BAD_GATEWAY, CUT, PORTAL, RESET, Fault, slow
from tests.fakes.wechat import APP_ID, APP_SECRET, GATEWAY_TIMEOUT, FakeWeChat, refused
from tests.wechat.conftest import KeyWords, open_stage, read_document

HELLO = Outgoing(ChatId("wechat", "oUser"), "你好")
MENU = replace(HELLO, choices=(Choice("查发票", "status"), Choice("转人工", "human")))
NOTICE = replace(HELLO, text="发票 26117000000000000001 已入账\n明天到账", key="notice.changed")
NOW = datetime(2026, 11, 24, 3, 0, 30, tzinfo=UTC)  # 11:00:30 in Beijing


class Bench:
    """A sender before its far end."""

    def __init__(
        self, far_end: FakeWeChat, template: Template | None = None, secret: str = APP_SECRET
    ) -> None:
        self.far_end = far_end
        self.client = open_client()
        self.client.timeout = 0.5
        self.windows = Windows()
        self.api = Api(Line(far_end.base, APP_ID, APP_SECRET), self.client, lambda: NOW)
        self.sender = Sender(self.api, self.windows, KeyWords(), template, read_document, lambda: NOW)

    async def error(self, outgoing: Outgoing = HELLO, key: str = "k") -> DeliveryError:
        with pytest.raises(DeliveryError) as caught:
            await self.sender.send(outgoing, key)
        return caught.value


@pytest_asyncio.fixture
async def bench() -> AsyncIterator[Bench]:
    async with FakeWeChat() as far_end:
        bench = Bench(far_end)
        yield bench
        await bench.client.aclose()


@pytest.fixture(autouse=True)
def no_pauses(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("bot.channels.wechat.api._BUSY_PAUSES", (0.01, 0.01))


async def test_one_token_serves_all(bench: Bench) -> None:
    await asyncio.gather(*(bench.sender.send(HELLO, str(number)) for number in range(20)))
    assert len(bench.far_end.calls("stable_token")) == 1
    assert bench.far_end.texts("oUser") == ["你好"] * 20


async def test_text_goes_out_as_it_is_not_as_escapes(bench: Bench) -> None:
    await bench.sender.send(HELLO, "k")
    assert bench.far_end.calls("custom/send")[0].payload["text"] == {"content": "你好"}


@pytest.mark.parametrize("code", [40001, 40014, 42001])
async def test_a_refused_token_is_replaced_once(bench: Bench, code: int) -> None:
    bench.far_end.fail("custom/send", refused(code))
    await bench.sender.send(HELLO, "k")
    assert bench.far_end.texts("oUser") == ["你好"]
    assert len(bench.far_end.calls("custom/send")) == 2


async def test_an_expired_token_is_replaced_by_one_of_many_callers(bench: Bench) -> None:
    await bench.sender.send(HELLO, "0")
    bench.far_end.expired.add(bench.far_end.tokens[-1])
    await asyncio.gather(*(bench.sender.send(HELLO, str(number)) for number in range(1, 21)))
    assert len(bench.far_end.texts("oUser")) == 21
    assert len(bench.far_end.tokens) == 2
    assert len(bench.far_end.calls("stable_token")) == 2


async def test_a_persistent_40001_ends_after_one_retry(bench: Bench) -> None:
    bench.far_end.rejects_tokens = True
    for number in range(5):
        assert isinstance(await bench.error(key=str(number)), RetryLaterError)
    assert len(bench.far_end.calls("custom/send")) == 2
    assert len(bench.far_end.calls("stable_token")) <= 3


async def test_a_short_lived_token_is_not_fetched_for_every_call(bench: Bench) -> None:
    bench.far_end.token_seconds = 100
    for number in range(5):
        await bench.sender.send(HELLO, str(number))
    assert len(bench.far_end.calls("stable_token")) == 1


@pytest.mark.parametrize("code", [40164, 40013, 40125])
async def test_a_wrong_set_up_stops_all_calls(bench: Bench, code: int) -> None:
    bench.far_end.fail("stable_token", refused(code))
    for number in range(10):
        error = await bench.error(key=str(number))
        assert isinstance(error, RetryLaterError)
        assert error.seconds is not None
        assert 200 < error.seconds <= 300
    assert len(bench.far_end.journal) == 1


async def test_the_quota_of_the_day_waits_until_midnight_in_beijing(bench: Bench) -> None:
    bench.far_end.fail("custom/send", refused(45009))
    for number in range(3):
        error = await bench.error(key=str(number))
        assert isinstance(error, RetryLaterError)
        assert error.seconds == pytest.approx(13 * 3600 - 30, abs=5)
    assert len(bench.far_end.calls("custom/send")) == 1


async def test_the_quota_of_tokens_is_not_burnt(bench: Bench) -> None:
    bench.far_end.fail("stable_token", *[refused(45009)] * 5)
    for number in range(5):
        assert isinstance(await bench.error(key=str(number)), RetryLaterError)
    assert len(bench.far_end.journal) == 1


async def test_the_quota_of_one_call_stops_no_other(bench: Bench) -> None:
    bench.far_end.fail("typing", refused(45009))
    for _ in range(3):
        await bench.sender.show_typing("oUser")
    await bench.sender.send(HELLO, "k")
    assert bench.far_end.texts("oUser") == ["你好"]
    assert len(bench.far_end.calls("typing")) == 1


async def test_the_quota_of_the_minute_waits_for_the_next(bench: Bench) -> None:
    bench.far_end.fail("custom/send", refused(45011))
    error = await bench.error()
    assert isinstance(error, RetryLaterError)
    assert error.seconds == pytest.approx(30, abs=1)


async def test_busy_is_tried_again_a_little(bench: Bench) -> None:
    bench.far_end.fail("custom/send", refused(-1), refused(-1))
    await bench.sender.send(HELLO, "k")
    assert bench.far_end.texts("oUser") == ["你好"]
    bench.far_end.fail("custom/send", *[refused(-1)] * 9)
    assert isinstance(await bench.error(key="l"), RetryLaterError)
    assert len(bench.far_end.calls("custom/send")) == 6


@pytest.mark.parametrize(
    ("code", "kind"),
    [
        *((code, RecipientGoneError) for code in (40003, 43004, 43019)),
        *((code, UndeliverableError) for code in (50002, 44004, 45002, 40008, 47001, 47003)),
        *((code, NeedsContactError) for code in (45015, 45047, 43101, 48001, 48004, 40200)),
        (99999, RetryLaterError),
    ],
)
async def test_a_refusal_is_final_or_waits(bench: Bench, code: int, kind: type[DeliveryError]) -> None:
    bench.far_end.fail("custom/send", refused(code))
    assert type(await bench.error()) is kind
    assert len(bench.far_end.calls("custom/send")) == 1


@pytest.mark.parametrize("code", [48001, 48004])
async def test_a_missing_right_is_not_asked_for_again(bench: Bench, code: int) -> None:
    bench.far_end.fail("custom/send", refused(code))
    for number in range(3):
        assert isinstance(await bench.error(key=str(number)), NeedsContactError)
    await bench.sender.show_typing("oUser")
    assert len(bench.far_end.calls("custom/send")) == 1
    assert not bench.far_end.calls("typing")


@pytest.mark.parametrize("code", [45015, 45047])
async def test_a_closed_window_opens_with_the_next_message(bench: Bench, code: int) -> None:
    bench.far_end.fail("custom/send", refused(code))
    for number in range(3):
        assert isinstance(await bench.error(key=str(number)), NeedsContactError)
    assert len(bench.far_end.calls("custom/send")) == 1
    bench.windows.touch("oUser", Contact.MESSAGE)
    await bench.sender.send(HELLO, "k")
    assert bench.far_end.texts("oUser") == ["你好"]


@pytest.mark.parametrize(("contact", "count"), [(Contact.MESSAGE, 5), (Contact.PRESS, 3)])
async def test_the_count_of_the_window_is_kept(bench: Bench, contact: Contact, count: int) -> None:
    bench.windows.touch("oUser", contact)
    for number in range(count):
        await bench.sender.send(HELLO, str(number))
    assert isinstance(await bench.error(key="more"), NeedsContactError)
    assert len(bench.far_end.calls("custom/send")) == count


async def test_the_window_ends() -> None:
    now = 0.0
    windows = Windows(lambda: now)
    assert windows.is_open("oUser") is None
    windows.touch("oUser", Contact.PRESS)
    assert windows.is_open("oUser") is True
    now = 61
    assert windows.is_open("oUser") is False
    windows.touch("oUser", Contact.MESSAGE)
    now += 47 * 3600
    assert windows.is_open("oUser") is True
    now += 3600
    assert windows.is_open("oUser") is False


async def test_refused_content_is_replaced(bench: Bench) -> None:
    bench.far_end.fail("custom/send", refused(87014))
    await bench.sender.send(HELLO, "k")
    assert bench.far_end.texts("oUser") == ["[channel.content_refused zh]"]
    bench.far_end.fail("custom/send", refused(87014), refused(87014))
    assert isinstance(await bench.error(key="l"), UndeliverableError)


@pytest.mark.parametrize(
    "fault", [BAD_GATEWAY, PORTAL, Fault(500), Fault(503), Fault(302), Fault(body=b"[]")]
)
async def test_a_gateways_page_is_no_delivery(bench: Bench, fault: Fault) -> None:
    bench.far_end.fail("custom/send", fault)
    assert isinstance(await bench.error(), RetryLaterError)
    await bench.sender.send(HELLO, "k")
    assert bench.far_end.texts("oUser") == ["你好"]


@pytest.mark.parametrize("fault", [slow(1.5), RESET, CUT, GATEWAY_TIMEOUT])
async def test_a_call_that_broke_off_is_in_doubt(bench: Bench, fault: Fault) -> None:
    bench.far_end.fail("custom/send", fault)
    assert isinstance(await bench.error(), InDoubtError)
    assert len(bench.far_end.calls("custom/send")) <= 1


@pytest.mark.parametrize("fault", [slow(1.5), RESET, CUT, BAD_GATEWAY, PORTAL, GATEWAY_TIMEOUT, refused(-1)])
async def test_a_token_that_does_not_come_delays_only(bench: Bench, fault: Fault) -> None:
    bench.far_end.fail("stable_token", *[fault] * 3)
    assert isinstance(await bench.error(), RetryLaterError)
    assert not bench.far_end.calls("custom/send")


async def test_no_connection_is_no_delivery(bench: Bench) -> None:
    await bench.sender.send(HELLO, "k")
    await bench.far_end.__aexit__()
    error = await bench.error(key="l")
    assert isinstance(error, RetryLaterError | InDoubtError)
    assert isinstance(await bench.error(key="m"), RetryLaterError)
    await bench.far_end.__aenter__()


async def test_parts_that_went_out_are_not_said_again(bench: Bench) -> None:
    long = replace(HELLO, text="这是一句话。" * 300)
    bench.far_end.fail("custom/send", slow(0), BAD_GATEWAY)
    assert isinstance(await bench.error(long), RetryLaterError)
    await bench.sender.send(long, "k")
    texts = bench.far_end.texts("oUser")
    assert "".join(texts) == "这是一句话。" * 300
    assert len(texts) == 3
    assert all(text.endswith("。") for text in texts)


async def test_buttons_are_a_menu_where_the_account_may(bench: Bench) -> None:
    await bench.sender.send(MENU, "k")
    menu = bench.far_end.calls("custom/send")[0].payload["msgmenu"]
    assert menu["head_content"] == "你好"
    assert menu["list"] == [{"id": "status", "content": "查发票"}, {"id": "human", "content": "转人工"}]


@pytest.mark.parametrize("code", [40200, 48001])
async def test_buttons_are_links_where_it_may_not(bench: Bench, code: int) -> None:
    bench.far_end.fail("custom/send", refused(code))
    for key in "ab":
        await bench.sender.send(MENU, key)
    calls = bench.far_end.calls("custom/send")
    assert [call.payload["msgtype"] for call in calls] == ["msgmenu", "text", "text"]
    assert "weixin://bizmsgmenu?msgmenucontent=查发票&msgmenuid=status" in bench.far_end.texts("oUser")[0]


async def test_a_picture_goes_along_and_other_files_are_pointed_to(bench: Bench) -> None:
    await bench.sender.send(replace(HELLO, file="picture", file_name="发票.png"), "a")
    await bench.sender.send(replace(HELLO, file="table", file_name="发票.xlsx"), "b")
    kinds = [payload["msgtype"] for payload in bench.far_end.delivered("oUser")]
    assert kinds == ["text", "image", "text"]
    assert bench.far_end.texts("oUser")[2] == "你好\n\n[channel.file_elsewhere zh]"


TEMPLATE = Template("tpl", field_names("thing1=summary, thing2=detail, character_string3=number, time4=time"))


@pytest_asyncio.fixture
async def notices() -> AsyncIterator[Bench]:
    async with FakeWeChat() as far_end:
        bench = Bench(far_end, TEMPLATE)
        yield bench
        await bench.client.aclose()


async def test_a_notice_goes_by_template_outside_the_window(notices: Bench) -> None:
    await notices.sender.send(NOTICE, "notice:1")
    (call,) = notices.far_end.calls("template/send")
    assert {name: field["value"] for name, field in call.payload["data"].items()} == {
        "thing1": "发票 2611700000000000…",
        "thing2": "明天到账",
        "character_string3": "26117000000000000001",
        "time4": "2026-11-24 11:00",
    }
    assert len(call.payload["client_msg_id"]) == 32
    assert not notices.far_end.calls("custom/send")


async def test_a_notice_goes_as_customer_service_message_inside_the_window(notices: Bench) -> None:
    notices.windows.touch("oUser", Contact.MESSAGE)
    await notices.sender.send(NOTICE, "notice:1")
    assert notices.far_end.texts("oUser") == [NOTICE.text]
    assert not notices.far_end.calls("template/send")


@pytest.mark.parametrize("fault", [slow(1.5), CUT, RESET, BAD_GATEWAY])
async def test_a_broken_template_call_is_repeated_and_arrives_once(notices: Bench, fault: Fault) -> None:
    notices.far_end.fail("template/send", fault)
    assert isinstance(await notices.error(NOTICE, "notice:1"), RetryLaterError)
    await notices.sender.send(NOTICE, "notice:1")
    assert len(notices.far_end.delivered("oUser")) == 1


@pytest.mark.parametrize("code", [48001, 40037, 47003])
async def test_without_the_right_to_templates_a_notice_takes_the_other_way(notices: Bench, code: int) -> None:
    notices.far_end.fail("template/send", refused(code))
    for number in range(2):
        await notices.sender.send(NOTICE, f"notice:{number}")
    assert notices.far_end.texts("oUser") == [NOTICE.text] * 2
    assert len(notices.far_end.calls("template/send")) == 1


@pytest.mark.parametrize("code", [40003, 43004])
async def test_a_notice_to_who_has_left_is_dropped(notices: Bench, code: int) -> None:
    notices.far_end.fail("template/send", refused(code))
    assert isinstance(await notices.error(NOTICE, "notice:1"), UndeliverableError)


async def test_an_answer_never_goes_by_template(notices: Bench) -> None:
    await notices.sender.send(HELLO, "k")
    assert not notices.far_end.calls("template/send")


@pytest.mark.parametrize("code", [45072, 45080, 45081, -1, 99999])
async def test_typing_never_fails(bench: Bench, code: int) -> None:
    bench.far_end.fail("typing", *[refused(code)] * 3)
    await bench.sender.show_typing("oUser")
    await bench.sender.send(HELLO, "k")


async def test_without_a_secret_nothing_is_started() -> None:
    async with open_stage("plain", app_secret=None) as stage:
        with pytest.raises(NeedsContactError):
            await stage.channel.send(HELLO, "k")
        with pytest.raises(AttachmentError):
            await stage.channel.fetch(Attachment("media-1", kind="photo"), 1)
        assert stage.far_end.journal == []


async def test_no_secret_gets_into_the_logs(bench: Bench, capfd: pytest.CaptureFixture[str]) -> None:
    bench.far_end.fail("custom/send", refused(45009), refused(48001), BAD_GATEWAY)
    for key in "abc":
        await bench.error(MENU, key)
    output = "".join(capfd.readouterr())
    for planted in (APP_SECRET, "oUser", "你好", bench.far_end.tokens[-1]):
        assert planted not in output
