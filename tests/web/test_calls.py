"""What the chat page calls: kept once, bounded, and for its own browser only."""

import re
from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, cast

import httpx
import pytest
import pytest_asyncio

from bot.app import application
from bot.build import Program
from bot.settings import Settings
from bot.web.chat import HOME
from bot.web.incoming import LARGEST_FILE, LARGEST_MESSAGE
from bot.web.limits import Allowance
from handlers.core import Reply
from locales.catalog import Catalog
from locales.strict_yaml import load
from storage import people
from storage.database import StoreUnavailableError
from storage.people import NewEmployee
from storage.records import Role
from storage.store import Store
from tests.web.stage import Talk, program_on, quiet

BASE = "http://piaoda.test"
PNG = b"\x89PNG\r\n\x1a\n" + b"\0" * 64


def browser_of(program: Program) -> httpx.AsyncClient:
    """A new browser without a chat."""
    return httpx.AsyncClient(transport=httpx.ASGITransport(application(program)), base_url=BASE)


@pytest_asyncio.fixture
async def browser(program: Program) -> AsyncIterator[httpx.AsyncClient]:
    async with browser_of(program) as client:
        await client.get("/")
        yield client


async def say(browser: httpx.AsyncClient, text: str, id_: str, **more: Any) -> httpx.Response:
    headers = more.pop("headers", {})
    body = {"id": id_, "text": text, "language": "zh", **more}
    return await browser.post("/chat/messages", json=body, headers=headers)


async def send(
    browser: httpx.AsyncClient, content: bytes, id_: str, mime: str, **query: str
) -> httpx.Response:
    headers = {"content-type": mime}
    return await browser.post("/chat/files", params={"id": id_, **query}, content=content, headers=headers)


async def messages(browser: httpx.AsyncClient) -> list[dict[str, Any]]:
    answer = await browser.get("/chat/messages")
    found: list[dict[str, Any]] = answer.json()["messages"]
    return found


async def texts(browser: httpx.AsyncClient, program: Program) -> list[str]:
    await quiet(program)
    return [entry["text"] for entry in await messages(browser)]


async def test_a_new_browser_gets_its_chat_with_the_page(program: Program) -> None:
    async with browser_of(program) as browser:
        looked = await browser.head("/")
        assert looked.status_code == 200
        assert "set-cookie" not in looked.headers
        page = await browser.get("/")
        cookie = page.headers["set-cookie"].lower()
        assert "httponly" in cookie
        assert "samesite=lax" in cookie
        assert "default-src 'none'" in page.headers["content-security-policy"]
        assert "unsafe" not in page.headers["content-security-policy"]
        again = await browser.get("/")
        assert again.headers["set-cookie"].split(";")[0] == page.headers["set-cookie"].split(";")[0]
        assert await messages(browser) == []


async def test_a_message_is_kept_once_and_answered_once(
    program: Program, browser: httpx.AsyncClient, talk: Talk
) -> None:
    for _ in range(3):
        answer = await say(browser, "在吗\n还在吗", "message-1")
        assert (answer.status_code, answer.json()) == (202, {"taken": "message-1"})
    await quiet(program)
    mine, reply = await messages(browser)
    assert (mine["from"], mine["id"], mine["text"]) == ("me", "message-1", "在吗\n还在吗")
    assert reply["from"] == "bot"
    assert mine["seq"] < reply["seq"]
    assert len(talk.heard) == 1


async def test_a_button_comes_with_its_action(
    program: Program, browser: httpx.AsyncClient, talk: Talk
) -> None:
    await say(browser, "buttons", "message-1")
    await quiet(program)
    choices = (await messages(browser))[1]["choices"]
    assert [choice["action"] for choice in choices] == ["menu", "faq:lost"]
    await say(browser, choices[1]["label"], "message-2", action=choices[1]["action"])
    await quiet(program)
    assert talk.heard[-1].message.action == "faq:lost"


@pytest.mark.parametrize("body", load(Path(__file__).with_name("hostile.yaml")))
async def test_what_is_no_message_is_refused(browser: httpx.AsyncClient, body: str) -> None:
    answer = await browser.post("/chat/messages", content=body.encode())
    assert (answer.status_code, answer.json()) == (400, {"error": "malformed"})
    assert await messages(browser) == []


@pytest.mark.parametrize("body", [b"\xff\xfe\x00", b"[" * 60_000, b'{"id":' * 9_000])
async def test_what_is_no_json_is_refused(browser: httpx.AsyncClient, body: bytes) -> None:
    assert (await browser.post("/chat/messages", content=body)).status_code == 400


async def test_broken_characters_are_kept_as_text(program: Program, browser: httpx.AsyncClient) -> None:
    body = r'{"id": "message-1", "text": "a\u0000b\ud800c\u001b[1m", "language": "zh"}'
    assert (await browser.post("/chat/messages", content=body)).status_code == 202
    assert (await texts(browser, program))[0] == "ab?c[1m"


async def test_too_much_is_refused(browser: httpx.AsyncClient) -> None:
    async def endless() -> AsyncIterator[bytes]:
        for _ in range(LARGEST_MESSAGE // 1000 + 2):
            yield b"x" * 1000

    told = await browser.post("/chat/messages", content=b"x" * (LARGEST_MESSAGE + 1))
    untold = await browser.post("/chat/messages", content=endless())
    file = await send(browser, b"x" * (LARGEST_FILE + 1), "message-1", "image/png")
    assert [answer.status_code for answer in (told, untold, file)] == [413, 413, 413]
    assert await messages(browser) == []


@pytest.mark.parametrize(
    "headers",
    [
        {"origin": "https://elsewhere.test"},
        {"origin": "null"},
        {"origin": "http://piaoda.test.elsewhere.test"},
        {"origin": "http://[broken"},
        {"sec-fetch-site": "cross-site"},
        {"sec-fetch-site": "same-site"},
    ],
)
async def test_other_pages_may_not_speak(browser: httpx.AsyncClient, headers: dict[str, str]) -> None:
    answer = await say(browser, "hello", "message-1", headers=headers)
    assert (answer.status_code, answer.json()) == (403, {"error": "foreign"})
    file = await browser.post("/chat/files?id=message-1", content=PNG, headers=headers)
    assert file.status_code == 403
    assert await messages(browser) == []


@pytest.mark.parametrize("origin", [BASE, "https://bills.example"])
async def test_our_own_page_may_speak(store: Store, words: Catalog, talk: Talk, origin: str) -> None:
    settings = Settings(_env_file=None, public_url="https://bills.example")  # type: ignore[call-arg]
    program = program_on(store, words, talk, settings=settings)
    async with browser_of(program) as browser:
        await browser.get("/")
        answer = await say(browser, "hello", "message-1", headers={"origin": origin})
        assert answer.status_code == 202
    await quiet(program)


async def test_without_a_chat_there_is_nothing(program: Program) -> None:
    async with browser_of(program) as browser:
        answers = [
            await browser.get("/chat/messages"),
            await browser.get("/chat/events"),
            await say(browser, "hello", "message-1"),
            await send(browser, PNG, "message-1", "image/png"),
        ]
        assert [answer.status_code for answer in answers] == [401] * 4
        assert all(answer.json() == {"error": "session"} for answer in answers)
        browser.cookies.set("piaoda_chat", "x" * 42 + "*")
        assert (await browser.get("/chat/messages")).status_code == 401


async def test_a_file_is_given_to_its_own_chat_alone(program: Program, browser: httpx.AsyncClient) -> None:
    await send(browser, PNG, "message-1", "image/png", name="my invoice.png")
    await quiet(program)
    file = (await messages(browser))[0]["files"][0]
    assert (file["name"], file["size"]) == ("my invoice.png", len(PNG))
    mine = await browser.get(f"/chat/files/{file['digest']}")
    assert (mine.status_code, mine.content, mine.headers["content-type"]) == (200, PNG, "image/png")
    async with browser_of(program) as other:
        assert (await other.get(f"/chat/files/{file['digest']}")).status_code == 404
        await other.get("/")
        assert (await other.get(f"/chat/files/{file['digest']}")).status_code == 404
        await say(other, f'"ref": "{file["digest"]}"', "message-1")
        assert (await other.get(f"/chat/files/{file['digest']}")).status_code == 404
        # Who sends the same bytes has them, but not the name that another gave them.
        await send(other, PNG, "message-2", "text/html", name="")
        given = await other.get(f"/chat/files/{file['digest']}")
        assert given.content == PNG
        assert "invoice" not in given.headers["content-disposition"]
    await quiet(program)


@pytest.mark.parametrize("mime", ["text/html", "image/svg+xml", "image/png", "\t; charset"])
async def test_a_file_never_runs(program: Program, browser: httpx.AsyncClient, mime: str) -> None:
    content = b"<svg xmlns='http://www.w3.org/2000/svg'><script>alert(1)</script></svg>"
    await send(browser, content, "message-1", mime, name='..\\../x"\r\nset-cookie: a=b\u202egnp.html')
    await quiet(program)
    file = (await messages(browser))[0]["files"][0]
    given = await browser.get(f"/chat/files/{file['digest']}", params={"name": file["name"]})
    assert given.headers["content-type"] == "application/octet-stream"
    assert given.headers["content-disposition"].startswith("attachment;")
    assert "sandbox" in given.headers["content-security-policy"]
    assert given.headers["x-content-type-options"] == "nosniff"
    assert not set(file["name"]) & set("/\\\r\n\u202e")


async def test_an_album_is_answered_as_one(program: Program, browser: httpx.AsyncClient, talk: Talk) -> None:
    for number in (1, 2):
        await send(
            browser,
            PNG + bytes([number]),
            f"message-{number}",
            "image/png",
            name=f"{number}.png",
            album="album-01",
        )
    await say(browser, "our trip", "message-3", album="album-01")
    await quiet(program)
    (turn,) = talk.heard
    assert [part.name for part in turn.message.attachments] == ["1.png", "2.png"]
    assert turn.message.text == "our trip"


@pytest.mark.parametrize("query", ["", "id=short", "id=message-1&album=x", "id=message%2F1"])
async def test_a_file_without_a_good_id_is_refused(browser: httpx.AsyncClient, query: str) -> None:
    assert (await browser.post(f"/chat/files?{query}", content=PNG)).status_code == 400


async def test_an_empty_file_is_refused(browser: httpx.AsyncClient) -> None:
    answer = await send(browser, b"", "message-1", "image/png")
    assert (answer.status_code, answer.json()) == (400, {"error": "empty"})


async def test_one_chat_cannot_wear_out_the_others(
    program: Program, browser: httpx.AsyncClient, talk: Talk
) -> None:
    statuses = [(await say(browser, "wait", f"message-{number}")).status_code for number in range(25)]
    assert statuses == [202] * 20 + [429] * 5
    async with browser_of(program) as other:
        await other.get("/")
        assert (await say(other, "hello", "message-1")).status_code == 202
    talk.go_on.set()
    await quiet(program)
    late = await say(browser, "hello", "message-24")
    assert late.status_code == 202


def test_an_allowance_grows_back() -> None:
    now = 0.0
    allowance = Allowance(3, 0.5, clock=lambda: now)
    assert [allowance.take("a") for _ in range(4)] == [True, True, True, False]
    assert allowance.take("b", 3)
    now = 1.9
    assert not allowance.take("a")
    now = 2.0
    assert allowance.take("a")
    now = 1000.0
    assert not allowance.take("a", 4)


async def test_assets_are_asked_for_again_and_sent_when_changed(browser: httpx.AsyncClient) -> None:
    first = await browser.get("/assets/chat.js")
    assert first.headers["content-type"].startswith("text/javascript")
    assert first.headers["cache-control"] == "no-cache"
    again = await browser.get("/assets/chat.js", headers={"if-none-match": first.headers["etag"]})
    assert (again.status_code, again.content) == (304, b"")
    head = await browser.head("/assets/chat.css")
    assert (head.status_code, head.content) == (200, b"")


@pytest.mark.parametrize(
    "path", ["/assets/none.js", "/assets/", "/assets/../chat.py", "/assets/%2e%2e/chat.py", "/chat/words/xx",
             "/chat/words/..", "/chat/files/..", "/chat/files/" + "0" * 64, "/chat", "/index.html"],
)  # fmt: skip
async def test_what_is_not_there_is_not_found(browser: httpx.AsyncClient, path: str) -> None:
    assert (await browser.get(path)).status_code == 404


async def test_nothing_comes_from_elsewhere_and_nothing_is_inline() -> None:
    page = (HOME / "index.html").read_text(encoding="utf-8")
    assert not re.search(r"<script(?![^>]*\bsrc=)|<style|\sstyle=|\son[a-z]+=", page)
    for path in HOME.iterdir():
        text = path.read_text(encoding="utf-8")
        outside = set(re.findall(r"https?://[a-z0-9.-]+", text)) - {"http://www.w3.org"}
        assert not outside, path.name
        if path.suffix == ".js":
            assert not re.search(r"innerHTML|outerHTML|insertAdjacentHTML|document\.write|\beval\b", text)
    for address in re.findall(r'(?:src|href)="/assets/([^"]+)"', page):
        assert (HOME / address).is_file()


@pytest.mark.parametrize("language", ["zh", "en", "ja"])
async def test_the_page_has_all_its_words(browser: httpx.AsyncClient, language: str) -> None:
    words = (await browser.get(f"/chat/words/{language}")).json()
    assert words["demo"] is True
    assert set(words["languages"]) == {"zh", "en", "ja"}
    scripts = "\n".join(path.read_text(encoding="utf-8") for path in HOME.glob("*.js"))
    used = set(re.findall(r'\bsay\(\s*"([a-z_.]+)"', scripts))
    assert len(used) > 20
    assert used <= set(words)


async def test_while_the_database_is_away(program: Program, browser: httpx.AsyncClient) -> None:
    class Away:
        shared = False

        async def read(self, *args: Any, **more: Any) -> Any:
            raise StoreUnavailableError

        write = transcript = read

    away = cast(Store, Away())
    program.assistant._store = away
    broken = replace(program, store=away, demo_employee=1)
    async with browser_of(broken) as other:
        assert (await other.get("/")).status_code == 200  # the page comes, and asks for its chat again
        assert "piaoda_chat" not in other.cookies
        other.cookies.update(browser.cookies)
        answers = [
            await other.get("/chat/messages"),
            await say(other, "hello", "message-1"),
            await send(other, PNG, "message-2", "image/png"),
            await other.get("/chat/files/" + "0" * 64),
        ]
    assert [(answer.status_code, answer.json()) for answer in answers] == [
        (503, {"error": "unavailable"})
    ] * 4


async def test_with_demo_data_a_browser_speaks_for_the_demo_employee(
    store: Store, words: Catalog, talk: Talk
) -> None:
    new = NewEmployee("D1", "演示员工", Role.EMPLOYEE, datetime(2026, 1, 1, tzinfo=UTC), demo=True)
    employee = await store.write(people.add, new)
    program = program_on(store, words, talk, employee=employee)
    async with browser_of(program) as browser:
        await browser.get("/")
        await say(browser, "hello", "message-1")
        await quiet(program)
    assert talk.heard[0].viewer.employee_id == employee


async def test_a_browser_that_unbound_itself_stays_so(store: Store, words: Catalog, talk: Talk) -> None:
    new = NewEmployee("DEMO001", "演示员工甲", Role.EMPLOYEE, datetime.now(UTC), demo=True)
    employee = await store.write(people.add, new)
    program = program_on(store, words, talk, employee=employee)
    async with browser_of(program) as browser:
        await browser.get("/")
        await say(browser, "hello", "message-1")
        await quiet(program)
        await store.write(people.unbind, talk.heard[0].message.chat)
        await browser.get("/")
        await say(browser, "again", "message-2")
        await quiet(program)
    assert [turn.viewer.employee_id for turn in talk.heard] == [employee, None]


async def test_older_messages_are_given_page_by_page(
    browser: httpx.AsyncClient, program: Program, talk: Talk
) -> None:
    await say(browser, "hello", "message-1")
    await quiet(program)
    for number in range(150):
        reply = Reply("voice.heard", {"text": str(number)})
        await program.assistant.tell(talk.heard[0].message.chat, reply, "zh", f"notice-{number}")
    last = (await browser.get("/chat/messages")).json()
    first = (await browser.get("/chat/messages", params={"before": last["messages"][0]["seq"]})).json()
    assert (len(last["messages"]), last["more"]) == (100, True)
    assert (len(first["messages"]), first["more"]) == (52, False)
    numbers = [entry["seq"] for entry in (*first["messages"], *last["messages"])]
    assert numbers == sorted(set(numbers))
    odd = await browser.get("/chat/messages", params={"before": "9" * 40})
    assert odd.json() == last
