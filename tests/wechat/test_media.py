"""Pictures and voice are fetched by their id, or there is a reason to tell."""

import pytest

from handlers.core import AttachmentError
from storage.records import Attachment
from tests.fakes.far_end import BAD_GATEWAY, PORTAL, RESET, Fault
from tests.fakes.wechat import refused
from tests.wechat.conftest import Stage

PHOTO = Attachment("media-1", kind="photo")


async def test_media_is_fetched_by_id(safe: Stage) -> None:
    safe.far_end.media["media-1"] = ("image/jpeg", b"\xff\xd8" * 500)
    assert await safe.channel.fetch(PHOTO, 10_000) == b"\xff\xd8" * 500
    safe.far_end.expired.add(safe.far_end.tokens[-1])
    assert await safe.channel.fetch(PHOTO, 1000) == b"\xff\xd8" * 500


@pytest.mark.parametrize(
    ("fault", "reason"),
    [
        (None, "too_large"),
        (refused(40007), "gone"),
        (refused(48001), "unavailable"),
        (Fault(body=b'{"video_url": "http://127.0.0.1:1/v.mp4"}'), "unavailable"),
        (BAD_GATEWAY, "unavailable"),
        (PORTAL, "unavailable"),
        (RESET, "unavailable"),
        (Fault(302), "unavailable"),
    ],
)
async def test_media_that_does_not_come_has_a_reason(safe: Stage, fault: Fault | None, reason: str) -> None:
    safe.far_end.media["media-1"] = ("image/jpeg", b"\xff\xd8" * 500)
    if fault is not None:
        safe.far_end.fail("media/get", fault, fault)
    with pytest.raises(AttachmentError) as caught:
        await safe.channel.fetch(PHOTO, 999)
    assert caught.value.reason == reason


async def test_media_cut_off_once_is_fetched_again(safe: Stage) -> None:
    safe.far_end.media["media-1"] = ("image/jpeg", b"\xff\xd8" * 500)
    safe.far_end.fail("media/get", RESET)
    assert await safe.channel.fetch(PHOTO, 1000) == b"\xff\xd8" * 500
