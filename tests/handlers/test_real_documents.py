"""From the bytes of a drawn file to the filed invoice, with the real reader."""

from collections.abc import AsyncIterator
from dataclasses import replace

import cv2
import pytest
import pytest_asyncio

from handlers import filing, intake
from nlu.document.pool import Reader
from storage import invoices
from storage.records import Attachment, Message
from tests.drawing.draw import Drawn, draw
from tests.handlers.conftest import Stage
from tests.handlers.documents import Desk, opened


@pytest_asyncio.fixture
async def reader() -> AsyncIterator[Reader]:
    started = Reader(workers=1)
    await started.start()
    yield started
    await started.stop()


@pytest.fixture
def desk(stage: Stage, reader: Reader) -> Desk:
    desk = opened(stage)
    stage.services = replace(stage.services, reader=reader)
    return desk


async def sent(desk: Desk, files: dict[str, bytes]) -> list[str]:
    async def fetch(message: Message, attachment: Attachment) -> bytes:
        return files[attachment.name]

    services = replace(desk.stage.services, fetch=fetch)
    return desk.follow(await intake.take(desk.message(*files), services))


def drawn() -> Drawn:
    return draw("digital_ordinary", 4711, "A")


@pytest.mark.slow
async def test_a_pdf_is_read_told_and_filed(desk: Desk) -> None:
    invoice = drawn()
    assert await sent(desk, {"发票.pdf": invoice.pdf()}) == ["verdict.show"]
    number, seller = invoice.truth["number"], invoice.truth["seller_name"]
    assert number is not None
    assert seller is not None
    assert number in desk.text()
    assert seller in desk.text()
    assert "二维码与票面" in desk.text()
    turn = desk.stage.turn(action=desk.button("file:"))
    assert desk.follow(await filing.file(turn, desk.stage.services)) == ["filing.done"]
    (record,) = await desk.stage.store.ask(invoices.by_number, invoices.Named(desk.stage.viewer, number))
    assert str(record.total) == invoice.truth["total"]


@pytest.mark.slow
async def test_picture_ofd_and_pdf_of_one_invoice_are_one(desk: Desk) -> None:
    invoice = drawn()
    photo = cv2.imencode(".jpg", invoice.picture(150))[1].tobytes()
    files = {"a.jpg": photo, "a.ofd": invoice.ofd(), "a.pdf": invoice.pdf()}
    assert await sent(desk, files) == ["verdict.show"]
    assert "2 个副本" in desk.text()
    assert "原文件" not in desk.text()


@pytest.mark.slow
@pytest.mark.parametrize("content", [b"", b"%PDF-1.7 nothing", b"PK\x03\x04", b"hello"])
async def test_bad_files_get_a_short_reason(desk: Desk, content: bytes) -> None:
    (key,) = await sent(desk, {"x.pdf": content})
    assert key.startswith("Refusal.")
