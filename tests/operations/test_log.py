"""The log shows nothing personal, and goes on when standard error is exchanged."""

import io
import logging
import sys
from collections.abc import Iterator

import pytest
import structlog

from bot import log


@pytest.fixture(autouse=True)
def unconfigured() -> Iterator[None]:
    yield
    structlog.reset_defaults()


def test_what_looks_personal_is_blotted_out(monkeypatch: pytest.MonkeyPatch) -> None:
    written = io.StringIO()
    monkeypatch.setattr(sys, "stderr", written)
    log.configure("info", "json")
    structlog.get_logger().info("turn", note="电话 13800138000 邮箱 a.b@example.com 税号 91110108MA01ABCD3X")
    assert "138" not in written.getvalue()
    assert "example.com" not in written.getvalue()
    assert "91110108" not in written.getvalue()


def test_a_closed_standard_error_of_before_is_not_written_to(monkeypatch: pytest.MonkeyPatch) -> None:
    before, after = io.StringIO(), io.StringIO()
    monkeypatch.setattr(sys, "stderr", before)
    log.configure("info", "json")
    logger = structlog.get_logger()
    logger.info("one")
    monkeypatch.setattr(sys, "stderr", after)
    before.close()
    logger.info("two")
    assert "two" in after.getvalue()


def test_errors_are_told_by_their_event_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "stderr", io.StringIO())
    told: list[str] = []
    log.configure("info", "json", told.append)
    structlog.get_logger().error("turn_failed", reference="ABCDEF")
    structlog.get_logger().warning("in_doubt", count=1)
    logging.getLogger("some.library").error("of user 13800138000")
    assert told == ["turn_failed", "library"]
