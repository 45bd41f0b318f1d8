"""The accounts of the channels (公众号、机器人) as the settings name them; what does not fit is said before a start."""

from typing import TYPE_CHECKING

from bot.channels.wechat.account import Account as WeChatAccount
from bot.channels.wechat.template import DEFAULT_FIELDS
from bot.settings import Settings, SettingsError, in_settings, secret

if TYPE_CHECKING:
    from bot.channels.telegram.adapter import Account as TelegramAccount


def accounts(settings: Settings) -> "tuple[WeChatAccount | None, TelegramAccount | None]":
    """The account of each channel that is set up; raises SettingsError with the setting's name, never its value."""
    try:
        return _wechat(settings), _telegram(settings)
    except ValueError as error:
        raise SettingsError(in_settings(str(error))) from error


def _wechat(settings: Settings) -> WeChatAccount | None:
    token = secret(settings.wechat_token)
    if token is None:
        if settings.wechat_app_id or settings.wechat_app_secret or settings.wechat_aes_key:
            raise ValueError("wechat_token is missing; the other WeChat settings need it")
        return None
    return WeChatAccount(
        token=token,
        app_id=settings.wechat_app_id,
        app_secret=secret(settings.wechat_app_secret),
        aes_key=secret(settings.wechat_aes_key),
        mode=settings.wechat_mode,
        api_base=settings.wechat_api_base,
        template_id=settings.wechat_template_id,
        template_fields=settings.wechat_template_fields or DEFAULT_FIELDS,
        public_url=settings.public_url,
    )


def _telegram(settings: Settings) -> "TelegramAccount | None":
    token = secret(settings.telegram_token)
    if token is None:
        return None
    # Its library is large: who does not use Telegram need not wait for it.
    from bot.channels.telegram.adapter import Account

    return Account(
        token=token,
        mode=settings.telegram_mode,
        secret=secret(settings.telegram_secret),
        public_url=settings.public_url,
        api_base=settings.telegram_api_base,
    )
