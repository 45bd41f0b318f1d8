"""Codes of the platform that stop more than one message, and template messages, over the running program.

Each scene has a program of its own: what such a code closes stays closed for minutes or until midnight.
"""

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime

import pytest
import pytest_asyncio

from storage import invoices, notices, people
from storage.invoices import InvoiceDraft
from storage.notices import Watch
from storage.people import Attach, NewEmployee
from storage.records import ChatId, Role
from storage.store import Store
from tests.fakes.far_end import CUT
from tests.fakes.wechat import FakeWeChat, refused
from tests.rows.conftest import number_of
from tests.rows.running import Running, prepare, running
from tests.rows.wechat_rows import LEFT
from tests.rows.wechat_scenes import Desk
from tests.waiting import until

USERS = ("oCircuitA", "oCircuitB")
TEMPLATE = "template-of-the-account"
_STATES = ("paid", "booked", "archived")

AT_ONCE = 4

pytestmark = [pytest.mark.slow, pytest.mark.asyncio(loop_scope="module")]


async def fill(store: Store) -> None:
    """Each user follows an invoice of their own."""
    now = datetime.now(UTC)
    clerk = await store.write(people.add, NewEmployee("1001", "员工一", Role.FINANCE, now))
    for place, user in enumerate(USERS):
        draft = InvoiceDraft(number_of(place), kind="digital_ordinary", at=now)
        stored = await store.write(invoices.store, draft)
        await store.write(people.attach, Attach(ChatId("wechat", user), clerk, now))
        await store.write(notices.follow, Watch(ChatId("wechat", user), stored.id, now))


@dataclass
class Scene:
    """A program, and what its users follow."""

    program: Running
    told: int = 0

    @property
    def far(self) -> FakeWeChat:
        return self.program.wechat

    async def change(self, user: str) -> None:
        """Let the user's invoice change."""
        self.told += 1
        row = {"number": number_of(USERS.index(user)), "reimbursement_state": _STATES[self.told % 3]}
        answer = await self.program.http.post(
            "/api/v1/invoices",
            json={"invoices": [row]},
            headers={"authorization": f"Bearer {self.program.key}"},
        )
        assert answer.json() == {"invoices": [{"created": False, "changed": True}]}

    async def measured(self, line: str) -> bool:
        return line in (await self.program.http.get("/metrics")).text

    async def waits(self, count: int, until_calls: int = 1_000, state: str = "queued") -> None:
        """Wait until so many messages wait for their turn and none is in the air, or so many have been sent."""
        async with asyncio.timeout(30):
            while len(self.far.calls("/custom/send")) < until_calls and not (  # noqa: ASYNC110 -- the program is asked
                await self.measured(f'piaoda_outbox{{state="{state}"}} {count}.0')
                and not await self.measured('state="sending"')
            ):
                await asyncio.sleep(0.1)

    async def hears(self, user: str) -> None:
        """Wait until the user is told something by customer-service message."""
        await until(lambda: self.far.texts(user))

    async def answers(self, user: str) -> str:
        """Whoever writes is answered all the same."""
        return await Desk(self.program, user).say("谢谢")


Play = Callable[[Scene], Awaitable[None]]


async def quota_of_the_day(here: Scene) -> None:
    """45009 stops the path until midnight, and nothing else; who writes before is told in the answer."""
    here.far.fail("/custom/send", refused(45009))
    await here.change(USERS[0])
    await here.waits(1, state="held")
    await here.change(USERS[1])
    await here.waits(2, state="held")
    assert len(here.far.calls("/custom/send")) == 1
    assert "有变化" in await here.answers(USERS[1])
    await here.waits(1, state="held")
    assert "45009" in here.program.server.log


async def quota_of_the_minute(here: Scene) -> None:
    """45011 stops the path until the next minute."""
    here.far.fail("/custom/send", refused(45011))
    await here.change(USERS[0])
    await until(lambda: here.far.calls("/custom/send"))
    minute = datetime.now(UTC).minute
    await here.change(USERS[1])
    await here.waits(2, until_calls=2)
    assert len(here.far.calls("/custom/send")) == 1 or datetime.now(UTC).minute != minute
    assert await here.answers(USERS[1])


def wrong_set_up(code: int) -> Play:
    """AppID, secret or IP whitelist are wrong: not tried again and again."""

    async def play(here: Scene) -> None:
        here.far.fail("/stable_token", *[refused(code)] * 10)
        for place, user in enumerate(USERS, start=1):
            await here.change(user)
            await here.waits(place)
        assert len(here.far.calls("/stable_token")) == 1
        assert here.far.calls("/custom/send") == []
        assert await here.answers(USERS[0])
        assert str(code) in here.program.server.log

    return play


async def token_refused_for_ever(here: Scene) -> None:
    """A persistent 40001 ends after one retry."""
    here.far.rejects_tokens = True
    await here.change(USERS[0])
    await here.waits(1)
    await here.change(USERS[1])
    await here.waits(2)
    assert len(here.far.calls("/custom/send")) == 2
    assert len(here.far.calls("/stable_token")) <= 3  # the first, the next, and one that is forced
    assert await here.answers(USERS[0])


async def template_message(here: Scene) -> None:
    """Outside the window a notice goes as template message, once, whatever happens to the call."""
    here.far.fail("/template/send", refused(-1), CUT)
    await here.change(USERS[0])
    await until(lambda: here.far.delivered(USERS[0]) and len(here.far.calls("/template/send")) == 3)
    (message,) = here.far.delivered(USERS[0])
    assert message["template_id"] == TEMPLATE
    assert message["data"]["thing1"]["value"]
    assert len({call.payload["client_msg_id"] for call in here.far.calls("/template/send")}) == 1
    await here.answers(USERS[0])  # now the window is open
    await here.change(USERS[0])
    await here.hears(USERS[0])
    assert number_of(0) in here.far.texts(USERS[0])[0]
    assert len(here.far.delivered(USERS[0])) == 2


def no_template(deny: Callable[[FakeWeChat], None]) -> Play:
    """Without a right or a template that fits a notice goes as usual."""

    async def play(here: Scene) -> None:
        deny(here.far)
        for user in USERS:
            await here.change(user)
            await here.hears(user)
        assert len(here.far.calls("/template/send")) == 1  # not asked again for hours

    return play


async def gone_by_template(here: Scene) -> None:
    """Who has left is found by template message too."""
    here.far.fail("/template/send", refused(43004), about=USERS[0])
    await here.change(USERS[0])
    await until(lambda: here.far.calls("/template/send"))
    await here.change(USERS[1])
    await until(lambda: here.far.delivered(USERS[1]))
    assert LEFT in await here.answers(USERS[0])
    await here.change(USERS[0])
    await here.change(USERS[1])
    await until(lambda: len(here.far.delivered(USERS[1])) == 2)
    assert here.far.delivered(USERS[0]) == []


SCENES: Mapping[str, Play] = {
    "45009": quota_of_the_day,
    "45011": quota_of_the_minute,
    "40013": wrong_set_up(40013),
    "40125": wrong_set_up(40125),
    "40164": wrong_set_up(40164),
    "40001 for ever": token_refused_for_ever,
    "template": template_message,
    "template 48001": no_template(lambda far: far.rights.discard("template")),
    "template 40037": no_template(lambda far: far.fail("/template/send", refused(40037))),
    "template 43004": gone_by_template,
}


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def outcomes(tmp_path_factory: pytest.TempPathFactory) -> Mapping[str, BaseException | None]:
    """How every scene came out; some of them play at a time."""
    homes = {name: tmp_path_factory.mktemp("scene") for name in SCENES}
    places = {name: await prepare(home, fill=fill) for name, home in homes.items()}
    free = asyncio.Semaphore(AT_ONCE)

    async def play(name: str) -> None:
        settings = {"wechat_template_id": TEMPLATE} if "template" in name else {}
        async with (
            free,
            running(places[name], mode="plain", telegram_mode="polling", **settings) as program,
        ):
            await SCENES[name](Scene(program))

    ends = await asyncio.gather(*map(play, SCENES), return_exceptions=True)
    return dict(zip(SCENES, ends, strict=True))


@pytest.mark.parametrize("name", SCENES)
async def test_scene(outcomes: Mapping[str, BaseException | None], name: str) -> None:
    if (error := outcomes[name]) is not None:
        raise error
