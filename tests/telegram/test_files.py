"""T20-T27: files come by reference, capped, and each failure has a reason a user can be told."""

import pytest

from handlers.core import AttachmentError
from storage.records import Attachment
from tests.fakes.far_end import BAD_GATEWAY, RESET, Fault
from tests.fakes.telegram import flood, refused
from tests.telegram.conftest import Stage


async def test_a_file_is_fetched(stage: Stage) -> None:
    stage.far_end.files["photo"] = b"\xff\xd8 picture"
    assert await stage.channel.fetch(Attachment("photo"), 1000) == b"\xff\xd8 picture"


@pytest.mark.parametrize("told", [None, 5, 3000])
async def test_a_file_over_the_limit_is_refused_whatever_its_size_is_said_to_be(
    stage: Stage, told: int | None
) -> None:
    stage.far_end.files["big"] = b"x" * 3000
    stage.far_end.file_sizes["big"] = told
    with pytest.raises(AttachmentError) as caught:
        await stage.channel.fetch(Attachment("big"), 1000)
    assert caught.value.reason == "too_large"


async def test_more_than_20_mb_is_not_even_asked_for(stage: Stage) -> None:
    with pytest.raises(AttachmentError) as caught:
        await stage.channel.fetch(Attachment("big", size=25_000_000), 50_000_000)
    assert caught.value.reason == "too_large"
    assert stage.far_end.calls("getFile") == []


@pytest.mark.parametrize(
    ("faults", "reason"),
    [
        ([refused(400, "Bad Request: file is too big")], "too_large"),
        ([refused(400, "Bad Request: wrong file_id or the file is temporarily unavailable")], "gone"),
        ([refused(401, "Unauthorized")], "unavailable"),
        ([BAD_GATEWAY] * 3, "unavailable"),
    ],
)
async def test_failures_have_a_reason(stage: Stage, faults: list[Fault], reason: str) -> None:
    stage.far_end.files["photo"] = b"x"
    stage.far_end.fail("getFile", *faults)
    with pytest.raises(AttachmentError) as caught:
        await stage.channel.fetch(Attachment("photo"), 1000)
    assert caught.value.reason == reason


@pytest.mark.parametrize("fault", [BAD_GATEWAY, RESET, flood(1)])
async def test_a_passing_fault_is_outlived(stage: Stage, fault: Fault) -> None:
    stage.far_end.files["photo"] = b"x"
    stage.far_end.fail("getFile", fault)
    assert await stage.channel.fetch(Attachment("photo"), 1000) == b"x"


async def test_a_link_that_leads_nowhere_is_gone(stage: Stage) -> None:
    stage.far_end.files["photo"] = b"x"
    stage.far_end.fail("file", Fault(404))
    with pytest.raises(AttachmentError) as caught:
        await stage.channel.fetch(Attachment("photo"), 1000)
    assert caught.value.reason == "gone"
