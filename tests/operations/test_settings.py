"""Bad set-up stops the start with one clear line that does not show the value."""

import pytest

from bot.settings import SettingsError, load_settings, unknown_names

BAD = {
    "PIAODA_PORT": "eighty",
    "PIAODA_WECHAT_MODE": "half-safe",
    "PIAODA_PUBLIC_URL": "piaoda.example.com",
    "PIAODA_COMPANIES": "not json",
    "PIAODA_OCR_ENGINE": "eyes",
}


@pytest.mark.parametrize("name", BAD)
def test_a_malformed_value_is_named(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(name, BAD[name])
    with pytest.raises(SettingsError) as refused:
        load_settings()
    assert name.removeprefix("PIAODA_").lower() in str(refused.value).lower()
    assert "\n" not in str(refused.value)
    assert BAD[name] not in str(refused.value)


def test_a_slip_of_the_pen_is_noticed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PIAODA_WECHAT_APPID", "wx")
    assert unknown_names() == ["PIAODA_WECHAT_APPID"]


def test_every_setting_stands_in_the_example() -> None:
    from pathlib import Path

    from bot.settings import Settings

    text = (Path(__file__).parents[2] / ".env.example").read_text("utf-8")
    missing = [name for name in Settings.model_fields if f"PIAODA_{name.upper()}=" not in text]
    assert missing == []
