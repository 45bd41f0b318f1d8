"""Codes of the platform that stop more than one message, and template messages, over the running program.

Each scene has a program of its own: what such a code closes stays closed for minutes or until midnight.
"""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import pytest

from storage import invoices, notices, people
from storage.invoices import InvoiceDraft
from storage.notices import Watch
from storage.people import Attach, NewEmployee
from storage.records import ChatId, Role
from storage.store import Store
from tests.fakes.wechat import CUT, FakeWeChat, refused
from tests.rows.conftest import number_of, until
from tests.rows.running import Running, prepare, running
from tests.rows.wechat_rows import LEFT
from tests.rows.wechat_scenes import Desk

USERS = ("oCircuitA", "oCircuitB")
TEMPLATE = "template-of-the-account"
_STATES = ("paid", "booked", "archived")

pytestmark = pytest.mark.slow


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

    async def waits(self, count: int, until_calls: int = 1_000) -> None:
        """Wait until so many messages wait for their turn and none is in the air, or so many have been sent."""
        async with asyncio.timeout(30):
            while len(self.far.calls("/custom/send")) < until_calls and not (  # noqa: ASYNC110 -- the program is asked
                await self.measured(f'piaoda_outbox{{state="queued"}} {count}.0')
                and not await self.measured('state="sending"')
            ):
                await asyncio.sleep(0.1)

    async def hears(self, user: str) -> None:
        """Wait until the user is told something by customer-service message."""
        await until(lambda: self.far.texts(user))

    async def answers(self, user: str) -> str:
        """Whoever writes is answered all the same."""
        return await Desk(self.program, user).say("谢谢")


@asynccontextmanager
async def scene(home: Path, **settings: str) -> AsyncIterator[Scene]:
    place = await prepare(home, fill=fill)
    async with running(place, mode="plain", telegram_mode="polling", **settings) as program:
        yield Scene(program)


async def test_a_quota_of_the_day_stops_the_path_and_nothing_else(tmp_path: Path) -> None:
    async with scene(tmp_path) as here:
        here.far.fail("/custom/send", refused(45009))
        await here.change(USERS[0])
        await here.waits(1)
        await here.change(USERS[1])
        await here.waits(2)
        assert len(here.far.calls("/custom/send")) == 1
        assert await here.answers(USERS[1])
        assert "45009" in here.program.server.log


async def test_a_quota_of_the_minute_stops_the_path_until_the_next(tmp_path: Path) -> None:
    async with scene(tmp_path) as here:
        here.far.fail("/custom/send", refused(45011))
        await here.change(USERS[0])
        await until(lambda: here.far.calls("/custom/send"))
        minute = datetime.now(UTC).minute
        await here.change(USERS[1])
        await here.waits(2, until_calls=2)
        assert len(here.far.calls("/custom/send")) == 1 or datetime.now(UTC).minute != minute
        assert await here.answers(USERS[1])


@pytest.mark.parametrize("code", [40013, 40125, 40164])
async def test_a_wrong_set_up_is_not_tried_again_and_again(tmp_path: Path, code: int) -> None:
    async with scene(tmp_path) as here:
        here.far.fail("/stable_token", *[refused(code)] * 10)
        for place, user in enumerate(USERS, start=1):
            await here.change(user)
            await here.waits(place)
        assert len(here.far.calls("/stable_token")) == 1
        assert here.far.calls("/custom/send") == []
        assert await here.answers(USERS[0])
        assert str(code) in here.program.server.log


async def test_a_token_that_is_refused_for_ever_ends_after_one_retry(tmp_path: Path) -> None:
    async with scene(tmp_path) as here:
        here.far.rejects_tokens = True
        await here.change(USERS[0])
        await here.waits(1)
        await here.change(USERS[1])
        await here.waits(2)
        assert len(here.far.calls("/custom/send")) == 2
        assert len(here.far.calls("/stable_token")) <= 3  # the first, the next, and one that is forced
        assert await here.answers(USERS[0])


async def test_a_notice_outside_the_window_goes_as_template_message(tmp_path: Path) -> None:
    async with scene(tmp_path, wechat_template_id=TEMPLATE) as here:
        here.far.fail("/template/send", refused(-1), CUT)
        await here.change(USERS[0])
        await until(lambda: here.far.delivered(USERS[0]) and len(here.far.calls("/template/send")) == 3)
        (message,) = here.far.delivered(USERS[0])
        assert message["template_id"] == TEMPLATE
        assert message["data"]["thing1"]["value"]
        assert len({call.payload["client_msg_id"] for call in here.far.calls("/template/send")}) == 1
        await here.answers(USERS[0])  # now the window is open
        await here.change(USERS[0])
        await until(lambda: here.far.texts(USERS[0]))
        assert number_of(0) in here.far.texts(USERS[0])[0]
        assert len(here.far.delivered(USERS[0])) == 2


@pytest.mark.parametrize(
    "deny",
    [lambda far: far.rights.discard("template"), lambda far: far.fail("/template/send", refused(40037))],
)
async def test_without_a_template_that_fits_a_notice_goes_as_usual(
    tmp_path: Path, deny: Callable[[FakeWeChat], None]
) -> None:
    async with scene(tmp_path, wechat_template_id=TEMPLATE) as here:
        deny(here.far)
        for user in USERS:
            await here.change(user)
            await here.hears(user)
        assert len(here.far.calls("/template/send")) == 1  # not asked again for hours


async def test_who_has_left_is_found_by_template_message_too(tmp_path: Path) -> None:
    async with scene(tmp_path, wechat_template_id=TEMPLATE) as here:
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
