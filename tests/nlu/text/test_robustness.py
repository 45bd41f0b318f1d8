"""Noise costs little, and no text at all breaks the matcher."""

import time

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from nlu.text.normal import cut
from tests.nlu.text import matching

pytestmark = pytest.mark.slow


# The share of sentences, in points, that a kind of noise may cost: what was reached, and room for one
# sentence more of a small set. The goals are 1.5 for homophones and 2 for typos, on all sentences.
@pytest.mark.parametrize(
    ("language", "noise", "most"),
    [
        ("zh", matching.traditional, 1.0),
        ("zh", matching.full_width, 0.7),
        ("zh", matching.emoji, 0.7),
        ("zh", matching.fillers, 1.5),
        ("zh", matching.two_homophones, 3.0),
        ("en", matching.full_width, 0.8),
        ("en", matching.emoji, 0.8),
        ("en", matching.one_typo, 2.5),
        ("ja", matching.full_width, 0.8),
        ("ja", matching.emoji, 0.8),
    ],
)
def test_noise_costs_little(language: str, noise: matching.Noise, most: float) -> None:
    assert matching.right(language, noise) >= matching.right(language) - most


@settings(max_examples=300, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(st.text(st.characters(), max_size=200))
def test_any_text_is_answered(text: str) -> None:
    found = matching.understand(text)
    assert found.text == text
    assert found.action in ("answer", "clarify", "refuse")
    assert 0 <= found.confidence <= 1
    assert found.alternatives[0].intent == found.intent


@pytest.mark.parametrize(
    "text",
    [
        "",
        " ",
        "\x00",
        "\ud800 lone surrogate",
        "发" * 100_000,
        "发票 " * 30_000,
        "a" * 100_000,
        "1" * 100_000,
        "另外" * 40_000,
        "ﷺ" * 30_000,
        "e\u0301" * 50_000,
        "👨‍👩‍👧‍👦" * 12_000,
        ",.!?" * 25_000,
        "上个月到上个月到" * 12_000,
    ],
    ids=lambda text: f"{text[:6]!r}x{len(text)}",
)
def test_strange_and_very_long_texts_take_bounded_time(text: str) -> None:
    begin = time.process_time()
    found = matching.understand(text)
    # Not a speed test: what is not cut would take minutes here.
    assert time.process_time() - begin < 2
    assert found.action in ("answer", "clarify", "refuse")


def test_a_long_text_keeps_its_beginning_and_end() -> None:
    assert cut("甲" * 5000 + "尾").startswith("甲甲")
    assert cut("甲" * 5000 + "尾").endswith("尾")
