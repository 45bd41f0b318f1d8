"""Bad set-up stops the start with one clear line that does not show the value."""

import asyncio
from pathlib import Path

import pytest

from bot.accounts import accounts
from bot.commands.serve import _cannot_listen
from bot.settings import Settings, SettingsError, load_settings, unknown_names
from storage.database import StoreSetupError
from storage.store import Store

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
    text = (Path(__file__).parents[2] / ".env.example").read_text("utf-8")
    missing = [name for name in Settings.model_fields if f"PIAODA_{name.upper()}=" not in text]
    assert missing == []


SECRET = "s3cret-words"


@pytest.mark.parametrize(
    ("settings", "named"),
    [
        ({"WECHAT_TOKEN": SECRET + "!"}, "PIAODA_WECHAT_TOKEN"),
        ({"WECHAT_AES_KEY": SECRET}, "PIAODA_WECHAT_TOKEN"),
        ({"WECHAT_TOKEN": "abc", "WECHAT_APP_ID": "wx1", "WECHAT_AES_KEY": SECRET}, "PIAODA_WECHAT_AES_KEY"),
        ({"WECHAT_TOKEN": "abc", "WECHAT_MODE": "safe"}, "PIAODA_WECHAT_AES_KEY and PIAODA_WECHAT_APP_ID"),
        ({"WECHAT_TOKEN": "abc", "WECHAT_APP_SECRET": SECRET}, "PIAODA_WECHAT_APP_ID"),
        ({"TELEGRAM_TOKEN": SECRET}, "PIAODA_TELEGRAM_TOKEN"),
        ({"TELEGRAM_TOKEN": "1:a", "TELEGRAM_MODE": "webhook"}, "PIAODA_PUBLIC_URL"),
        ({"COMPANIES": f'[{{"name": "{SECRET}"}}]'}, "PIAODA_COMPANIES"),
        ({"DATABASE_URL": f"mysql://u:{SECRET}@h/d"}, "PIAODA_DATABASE_URL"),
        ({"DATABASE_URL": f"postgresql://u:{SECRET}@127.0.0.1:1/d"}, "PIAODA_DATABASE_URL"),
        ({"DATA_DIR": "/proc/nowhere"}, "PIAODA_DATA_DIR"),
    ],
    ids=lambda value: None if isinstance(value, str) else "+".join(value),
)
def test_what_cannot_work_stops_the_start_with_one_line(
    settings: dict[str, str], named: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PIAODA_DATA_DIR", str(tmp_path))
    for name, value in settings.items():
        monkeypatch.setenv(f"PIAODA_{name}", value)
    with pytest.raises((SettingsError, StoreSetupError)) as refused:
        asyncio.run(_opened(load_settings()))
    assert named in str(refused.value)
    assert "\n" not in str(refused.value)
    assert SECRET not in str(refused.value)


async def _opened(settings: Settings) -> None:
    accounts(settings)
    await Store.open(settings.database)


@pytest.mark.parametrize(("host", "named"), [("203.0.113.1", "PIAODA_HOST"), ("no such host", "PIAODA_HOST")])
def test_an_address_that_is_not_ours_is_not_called_a_busy_port(host: str, named: str) -> None:
    assert named in str(_cannot_listen(Settings(host=host)))
