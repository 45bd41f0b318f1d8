"""Every captured update, in both modes: it reaches the assistant as it should, or is let pass."""

from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.telegram.conftest import Stage
from tests.telegram.doubles import UPDATES, text_update, update
from tests.waiting import until

ROWS: list[dict[str, Any]] = yaml.safe_load((Path(__file__).parent / "rows.yaml").read_text("utf-8"))
_ATTACHMENT = {"ref": "ref", "name": "name", "mime": "mime", "file_kind": "kind", "size": "size"}


@pytest.mark.parametrize("row", ROWS, ids=lambda row: f"{row['row']}-{row['update']}")
async def test_row(stage: Stage, row: dict[str, Any]) -> None:
    captured = update(row["update"])
    await stage.far_end.push(captured)
    await stage.far_end.push(text_update(7999, 1, "after"))
    await until(lambda: "回 after" in stage.far_end.texts(7999))

    if press := row.get("press"):
        await until(lambda: stage.far_end.calls("answerCallbackQuery"))
        (answer,) = stage.far_end.calls("answerCallbackQuery")
        assert answer.params["callback_query_id"] == press
        assert answer.status == (400 if row["update"] in ("press_too_old",) else 200)
    reached = [each for each in stage.assistant.messages if each.text != "after"]
    if row.get("silent"):
        assert reached == []
        assert len(stage.far_end.calls("sendMessage")) == 1
        return
    (message,) = reached
    for name in {"text", "action", "kind", "language", "album"} & row.keys():
        assert getattr(message, name) == row[name], name
    for name in _ATTACHMENT.keys() & row.keys():
        assert getattr(message.attachments[0], _ATTACHMENT[name]) == row[name], name
    assert message.chat.channel == "telegram"
    assert message.chat.user == row.get("chat", "7001")
    await _answered_there(stage, row)


async def _answered_there(stage: Stage, row: dict[str, Any]) -> None:
    """The answer goes to the chat and topic that the message came from, once."""
    place = row.get("chat", "7001").partition("@")[0]
    chat, _, topic = place.partition("/")
    await until(lambda: stage.far_end.calls("sendMessage", int(chat)))
    parts = stage.far_end.calls("sendMessage", int(chat))
    assert len(parts) == (2 if row["update"] == "long" else 1)
    assert parts[0].params.get("message_thread_id", "") == topic
    assert "parse_mode" not in parts[0].params


def test_every_update_has_a_row() -> None:
    used = {row["update"] for row in ROWS}
    assert {path.stem for path in UPDATES.glob("*.json")} == used | {"album_3", "blocked"}
