"""The commands for what waits for a person, through the real entry point."""

import asyncio
import json
import zipfile
from datetime import UTC, datetime
from pathlib import Path

import pytest

from bot.cli import main
from handlers.feedback import reference_of
from storage import invoices, messages, notices, outbox, people
from storage.invoices import InvoiceDraft
from storage.messages import Arrival
from storage.notices import Fact
from storage.outbox import Push
from storage.people import NewEmployee
from storage.records import ChatId, Message, OutboxState, Outgoing, Role
from storage.store import Store

KINDS = Path(__file__).parent / "sheets" / "kinds.csv"
NOW = datetime(2026, 8, 19, 2, 0, tzinfo=UTC)
CHAT = ChatId("telegram", "42")
_S = OutboxState


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("PIAODA_DATA_DIR", str(tmp_path))
    monkeypatch.chdir(tmp_path)
    return tmp_path


async def _filled(home: Path, states: tuple[OutboxState, ...]) -> None:
    store = await Store.open(f"sqlite:///{home}/piaoda.db")
    for place, state in enumerate(states):
        outgoing = Outgoing(CHAT, "秘密的话", key="notice.changed")
        await store.write(outbox.push, Push(f"k{place}", outgoing, state, NOW))
    await store.close()


async def _left(home: Path) -> None:
    store = await Store.open(f"sqlite:///{home}/piaoda.db")
    employee = await store.write(people.add, NewEmployee("1001", "员工一", Role.EMPLOYEE, NOW))
    about = {"language": "zh", "chat": str(CHAT)}
    complaint = {"kind": "complaint", "reference": "AAAA1111", "text": "第一行\n第二行", **about}
    await store.write(notices.keep_fact, Fact("feedback:telegram:42:7", complaint, NOW))
    rated = {"kind": "rate", "reference": "BBBB2222", "text": "", "rating": 5, **about}
    await store.write(notices.keep_fact, Fact("feedback:telegram:42:8", rated, NOW.replace(month=9)))
    for kind in ("export", "delete"):
        key = f"privacy:{kind}:telegram:42:2026-08-19"
        value = {"kind": kind, "reference": reference_of(key), "chat": str(CHAT), "employee": employee}
        await store.write(notices.keep_fact, Fact(key, value, NOW))
    await store.close()


def lines(capsys: pytest.CaptureFixture[str]) -> list[str]:
    return capsys.readouterr().out.splitlines()


def test_the_outbox_shows_states_and_never_words(home: Path, capsys: pytest.CaptureFixture[str]) -> None:
    asyncio.run(_filled(home, (_S.IN_DOUBT, _S.SENT, _S.DEAD, _S.HELD, _S.QUEUED)))
    capsys.readouterr()  # the log of this process, which no command has configured yet
    assert main(["outbox", "list"]) == 0
    shown = lines(capsys)
    assert [line.split("\t")[1] for line in shown] == ["in_doubt", "dead", "held", "queued"]
    assert "秘密" not in "".join(shown)
    assert main(["outbox", "list", "--state", "in_doubt", "--state", "dead", "--json"]) == 0
    entries = [json.loads(line) for line in lines(capsys)]
    assert [entry["state"] for entry in entries] == ["in_doubt", "dead"]
    assert entries[0]["chat"] == str(CHAT)
    assert entries[0]["reply"] == "notice.changed"
    assert main(["outbox", "list", "--most", "1"]) == 0
    assert len(lines(capsys)) == 1


def test_messages_are_sent_again_or_given_up_by_their_ids(
    home: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    asyncio.run(_filled(home, (_S.IN_DOUBT, _S.DEAD, _S.SENDING, _S.HELD)))
    assert main(["outbox", "resend", "1", "2", "3", "99"]) == 2  # not what is in the air, or not there
    told = capsys.readouterr()
    assert [line.partition(":")[0] for line in told.out.splitlines()] == ["1", "2"]
    assert [line.partition(":")[0] for line in told.err.splitlines()] == ["3", "99"]
    assert main(["outbox", "drop", "1", "4"]) == 0
    lines(capsys)
    assert main(["outbox", "list"]) == 0
    assert [line.split("\t")[1] for line in lines(capsys)] == ["dead", "queued", "sending", "dead"]


def test_feedback_is_listed_a_line_an_entry(home: Path, capsys: pytest.CaptureFixture[str]) -> None:
    asyncio.run(_left(home))
    assert main(["feedback"]) == 0
    first, second = lines(capsys)
    assert first.split("\t")[1:] == ["AAAA1111", "complaint", "", "zh", "第一行 第二行"]
    assert second.split("\t")[1:4] == ["BBBB2222", "rate", "5"]
    assert main(["feedback", "--since", "2026-09-01", "--json"]) == 0
    (entry,) = lines(capsys)
    assert json.loads(entry)["chat"] == str(CHAT)


def test_a_request_is_open_until_it_is_done(home: Path, capsys: pytest.CaptureFixture[str]) -> None:
    asyncio.run(_left(home))
    assert main(["requests", "list", "--json"]) == 0
    entries = [json.loads(line) for line in lines(capsys)]
    assert [(entry["kind"], entry["number"]) for entry in entries] == [("export", "1001"), ("delete", "1001")]
    assert main(["requests", "done", entries[0]["reference"].lower()]) == 0
    lines(capsys)
    assert main(["requests", "list"]) == 0
    (left,) = lines(capsys)
    assert left.split("\t")[2] == "delete"
    assert main(["requests", "list", "--all"]) == 0
    assert len(lines(capsys)) == 2
    assert main(["requests", "done", "NOSUCH00"]) == 1
    assert "NOSUCH00" in capsys.readouterr().err


def test_an_import_tells_each_row_it_leaves_out_and_takes_the_rest(
    home: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["import", str(KINDS)]) == 2
    told = capsys.readouterr()
    assert "16 invoices read, 16 new" in told.out
    assert [line.split(":")[0] for line in told.err.splitlines()] == [
        f"  row {row}" for row in (6, 19, 20, 21, 22, 23, 24, 25)
    ]
    assert main(["import", "--dry-run", str(KINDS)]) == 2
    assert "8 rows left out" in capsys.readouterr().out


async def _talked(home: Path) -> None:
    store = await Store.open(f"sqlite:///{home}/piaoda.db")
    await store.write(messages.claim, Arrival(Message("m1", CHAT, "我的票呢"), NOW))
    (person,) = await store.read(people.everyone)
    made = InvoiceDraft("26112000000000000007", owner_id=person.id, source="import", at=NOW)
    await store.write(invoices.store, made)
    await store.close()


def test_a_copy_and_an_erasure_are_carried_out_by_the_reference(
    home: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    asyncio.run(_left(home))
    asyncio.run(_talked(home))
    assert main(["requests", "list", "--json"]) == 0
    export, erasure = (json.loads(line)["reference"] for line in lines(capsys))
    place = home / "copy.zip"
    assert main(["requests", "copy", export, str(place)]) == 0
    assert place.stat().st_mode & 0o077 == 0
    with zipfile.ZipFile(place) as archive:
        found = json.loads(archive.read("data.json"))
    assert [each["text"] for each in found["messages"]] == ["我的票呢"]
    assert [each["number"] for each in found["invoices"]] == ["26112000000000000007"]
    assert main(["requests", "copy", export, str(place)]) == 1  # never over another file
    assert main(["requests", "erase", erasure]) == 1  # not without a yes
    assert main(["requests", "erase", export, "--yes"]) == 1  # a copy is no erasure
    assert main(["requests", "copy", "NOSUCH00", str(home / "none.zip")]) == 1
    assert not (home / "none.zip").exists()
    capsys.readouterr()
    assert main(["requests", "erase", erasure.lower(), "--yes"]) == 0
    assert "1 messages" in capsys.readouterr().out
    assert main(["requests", "erase", erasure, "--yes"]) == 1
    assert erasure in capsys.readouterr().err
    assert main(["requests", "list", "--all", "--json"]) == 0
    (entry,) = [json.loads(line) for line in lines(capsys)]
    assert entry["chat"] == ""
    assert entry["erased"]["messages"] == 1
