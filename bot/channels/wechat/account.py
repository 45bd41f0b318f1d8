"""The settings of one official account."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field

from bot.channels.wechat.api import Line
from bot.channels.wechat.codec import Cryptor
from bot.channels.wechat.gate import Mode
from bot.channels.wechat.template import DEFAULT_FIELDS, Template, field_names

_TOKEN = re.compile(r"[A-Za-z0-9]{3,32}")


@dataclass(frozen=True, slots=True)
class Account:
    """How to reach the account; the fields follow the settings of the same names. Raises ValueError.

    Without `app_secret` the account can only answer, never write first.
    """

    token: str = field(repr=False)
    app_id: str | None = None
    app_secret: str | None = field(default=None, repr=False)
    aes_key: str | None = field(default=None, repr=False)
    mode: Mode | None = None  # safe where there is a key, else plain
    api_base: str = "https://api.weixin.qq.com"
    template_id: str | None = None
    template_fields: str = DEFAULT_FIELDS
    public_url: str | None = None  # where a tap on a template message leads

    def __post_init__(self) -> None:
        if not _TOKEN.fullmatch(self.token):
            raise ValueError("wechat_token must be 3 to 32 letters and digits")
        if self.encrypted and not (self.aes_key and self.app_id):
            raise ValueError(f"wechat_mode={self.effective_mode} needs wechat_aes_key and wechat_app_id")
        if self.aes_key and self.app_id:
            Cryptor(self.token, self.app_id, self.aes_key)
        if self.app_secret and not self.app_id:
            raise ValueError("wechat_app_secret needs wechat_app_id")
        if self.template_id:
            field_names(self.template_fields)

    @property
    def effective_mode(self) -> Mode:
        """The mode of the callback (消息加解密方式)."""
        return self.mode or ("safe" if self.aes_key else "plain")

    @property
    def encrypted(self) -> bool:
        """Whether nothing but encrypted messages is taken."""
        return self.effective_mode != "plain"

    @property
    def cryptor(self) -> Cryptor | None:
        """What opens and seals messages, in the encrypted modes."""
        if not (self.encrypted and self.app_id and self.aes_key):
            return None
        return Cryptor(self.token, self.app_id, self.aes_key)

    @property
    def line(self) -> Line | None:
        """How to call the platform, where we have the means."""
        if not (self.app_id and self.app_secret):
            return None
        return Line(self.api_base.rstrip("/"), self.app_id, self.app_secret)

    @property
    def notice(self) -> Template | None:
        """The template for notices, where one is set."""
        if not self.template_id:
            return None
        fields: Mapping[str, str] = field_names(self.template_fields)
        return Template(self.template_id, fields, self.public_url)
