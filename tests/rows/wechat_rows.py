"""How a row of wechat.yaml is played and judged."""

import re
from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

import httpx
import yaml

from storage import invoices, notices, people
from storage.invoices import InvoiceDraft
from storage.notices import Watch
from storage.people import Attach, NewEmployee
from storage.records import ChatId, Role
from storage.store import Store
from tests.fakes.far_end import BAD_GATEWAY, CUT, PORTAL, RESET, slow
from tests.fakes.wechat import GATEWAY_TIMEOUT, refused
from tests.rows import wechat_scenes
from tests.rows.conftest import number_of
from tests.rows.running import Running
from tests.rows.wechat_scenes import Desk
from tests.wechat.doubles import HERE, payload

ROWS: dict[str, dict[str, Any]] = yaml.safe_load((Path(__file__).parent / "wechat.yaml").read_text("utf-8"))
NOTICES = {name: row for name, row in ROWS.items() if "fault" in row}
_FAULTS = {
    "BAD_GATEWAY": BAD_GATEWAY,
    "CUT": CUT,
    "GATEWAY_TIMEOUT": GATEWAY_TIMEOUT,
    "LATE": slow(6.0),  # past our patience
    "PORTAL": PORTAL,
    "RESET": RESET,
}
WARNING = "可能已经"
LEFT = "所以您关注的发票和设的提醒都停了"
_MANY = re.compile(r"\{([^{}]+?) × (\d+)\}")


def text(written: str) -> str:
    """What a row writes: `{票 × 3}` is 票票票."""
    return _MANY.sub(lambda found: found[1] * int(found[2]), written)


def user_of(name: str) -> str:
    """The user of a row."""
    return "o" + "".join(re.findall(r"[A-Za-z0-9]+", name.replace("-", "minus")))


def number_for(name: str) -> str:
    """The invoice that the user of a row follows."""
    return number_of(500 + list(NOTICES).index(name))


async def fill(store: Store) -> None:
    """A follower and an invoice for each row about notices."""
    now = datetime.now(UTC)
    clerk = await store.write(people.add, NewEmployee("1001", "员工一", Role.FINANCE, now))
    for name in NOTICES:
        chat = ChatId("wechat", user_of(name))
        draft = InvoiceDraft(
            number_for(name), kind="digital_ordinary", at=now, states={"reimbursement": ("submitted", None)}
        )
        stored = await store.write(invoices.store, draft)
        await store.write(people.attach, Attach(chat, clerk, now))
        await store.write(notices.follow, Watch(chat, stored.id, now))


async def cause_notices(program: Running) -> None:
    """Let each follower's notice meet its fault."""
    for name, row in NOTICES.items():
        fault = row["fault"]
        met = refused(fault) if isinstance(fault, int) else _FAULTS[fault]
        program.wechat.fail("/custom/send", *[met] * row.get("times", 1), about=user_of(name))
    changed = [{"number": number_for(name), "reimbursement_state": "paid"} for name in NOTICES]
    answer = await program.http.post(
        "/api/v1/invoices", json={"invoices": changed}, headers={"authorization": f"Bearer {program.key}"}
    )
    assert answer.status_code == 200, answer.text


async def play(program: Running, name: str) -> None:
    """Play one row; raises where it comes out otherwise than written."""
    row = ROWS[name]
    desk = Desk(program, user_of(name))
    if "run" in row:
        await getattr(wechat_scenes, row["run"])(desk)
    elif "fault" in row:
        await _judge_notice(desk, name, row)
    elif "echo" in row:
        await _check_address(desk, row)
    else:
        _judge(desk, row, await _push(desk, row))


async def _check_address(desk: Desk, row: Mapping[str, Any]) -> None:
    query = desk.platform.query(echostr=row["echo"], **row.get("query", {}))
    response = await desk.platform.http.get("/wechat", params=query)
    if row.get("refused"):
        assert 400 <= response.status_code < 500
        assert response.content == b""
        return
    assert (response.status_code, response.text) == (200, row["echo"])
    assert response.headers["content-type"].startswith("text/plain")


async def _push(desk: Desk, row: Mapping[str, Any]) -> httpx.Response:
    changes = dict(row.get("query", {}))
    if "sign" in changes:
        changes[desk.signature] = changes.pop("sign")
    if "clear" in row:
        clear = payload("text") if row["clear"] == "text" else row["clear"]
        return await desk.post(desk.platform.query(**changes), clear.encode())
    if "hostile" in row:
        xml: str | bytes = (HERE / "hostile" / f"{row['hostile']}.xml").read_bytes()
    else:
        xml = desk.file(row["push"]) if "push" in row else desk.xml(text(row["text"]))
    query, body = desk.platform.envelope(xml, **changes)
    for left_out in [key for key, value in changes.items() if value is None]:
        query.pop(left_out, None)
    return await desk.platform.http.post(f"/wechat?{urlencode(query)}", content=body)


def _judge(desk: Desk, row: Mapping[str, Any], response: httpx.Response) -> None:
    if row.get("refused"):
        assert 400 <= response.status_code < 500
        assert response.content == b""
        return
    reply = desk.platform.read(response)
    if row.get("silent"):
        assert reply is None
    elif reply is None:
        assert row.get("any")
    else:
        assert reply["ToUserName"] == desk.user
        assert re.search(row.get("says", "."), reply["Content"]), reply["Content"]
        assert not re.search(row.get("never", r"\{\{|Traceback"), reply["Content"])


async def _judge_notice(desk: Desk, name: str, row: Mapping[str, Any]) -> None:
    number, far = number_for(name), desk.program.wechat
    calls = [call for call in far.calls("/custom/send") if call.payload["touser"] == desk.user]
    told = far.texts(desk.user)
    said, again = await desk.say("谢谢"), await desk.say("谢谢")
    assert len(calls) == row["calls"]
    assert number not in again
    match row["then"]:
        case "delivered":
            assert len(told) == 1
            assert number in told[0]
            assert number not in said
        case "replaced":
            assert len(told) == 1
            assert number not in told[0] + said
        case "never":
            assert told == []
            assert number not in said
        case "left":
            assert told == []
            assert number not in said
            assert LEFT in said
            assert LEFT not in again
        case "contact":
            assert told == []
            assert number in said
            assert WARNING not in said
        case "warned":
            assert number in said
            assert WARNING in said
