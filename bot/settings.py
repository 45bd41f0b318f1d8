"""Settings from the environment and `.env`, prefix PIAODA_; each is listed in `.env.example`."""

import os
import re
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import BaseModel, Field, SecretStr, ValidationError, field_validator
from pydantic_settings import BaseSettings, NoDecode, SettingsConfigDict

PREFIX = "PIAODA_"


_FIELD = re.compile(r"\b(?:(?:wechat|telegram)_[a-z_]+|public_url)\b")
_COMPANIES = '[{"name": "…", "tax_id": "…"}]'


class SettingsError(Exception):
    """A setting is missing or malformed; the message is one clear line."""


class Company(BaseModel):
    """One of our own companies (本公司): the buyer on invoices that are ours."""

    name: str
    tax_id: str


class Settings(BaseSettings):
    """What an administrator can set."""

    model_config = SettingsConfigDict(
        env_prefix=PREFIX, env_file=".env", env_ignore_empty=True, extra="ignore", frozen=True
    )

    database_url: str | None = None
    data_dir: Path = Path("data")
    host: str = "127.0.0.1"
    port: int = Field(default=8080, ge=1, le=65535)
    public_url: str | None = None
    demo: bool = False
    log_level: Literal["debug", "info", "warning", "error"] = "info"
    log_format: Literal["text", "json"] = "json"

    wechat_token: SecretStr | None = None
    wechat_app_id: str | None = None
    wechat_app_secret: SecretStr | None = None
    wechat_aes_key: SecretStr | None = None
    wechat_mode: Literal["safe", "compatible", "plain"] | None = None
    wechat_api_base: str = "https://api.weixin.qq.com"
    wechat_template_id: str | None = None
    wechat_template_fields: str | None = None

    telegram_token: SecretStr | None = None
    telegram_mode: Literal["polling", "webhook"] = "polling"
    telegram_secret: SecretStr | None = None
    telegram_api_base: str = "https://api.telegram.org"

    ocr_engine: Literal["rapidocr", "tesseract", "both"] = "rapidocr"
    ocr_workers: int = Field(default=1, ge=1, le=64)

    speech_url: str | None = None
    speech_key: SecretStr | None = None
    speech_model: str = "whisper-1"

    companies: tuple[Company, ...] = ()
    contact_person: str | None = None
    contact_phone: str | None = None
    contact_email: str | None = None
    contact_wechat: str | None = None
    contact_hours: str | None = None

    metrics_token: SecretStr | None = None
    trusted_proxies: Annotated[tuple[str, ...], NoDecode] = ("127.0.0.1",)

    @field_validator("trusted_proxies", mode="before")
    @classmethod
    def _split(cls, value: Any) -> Any:
        return tuple(part.strip() for part in value.split(",")) if isinstance(value, str) else value

    @field_validator("public_url", "wechat_api_base", "telegram_api_base", "speech_url")
    @classmethod
    def _address(cls, value: str | None) -> str | None:
        if value is not None and not value.startswith(("http://", "https://")):
            raise ValueError("must begin with http:// or https://")
        return value.rstrip("/") if value else value

    @property
    def database(self) -> str:
        """The address of the database: SQLite under the data directory unless one is set."""
        return self.database_url or f"sqlite:///{(self.data_dir / 'piaoda.db').resolve()}"

    @property
    def contact(self) -> dict[str, str]:
        """The company's own contact ways that are set."""
        ways = {
            name: getattr(self, f"contact_{name}") for name in ("person", "phone", "email", "wechat", "hours")
        }
        return {name: value for name, value in ways.items() if value}


def load_settings() -> Settings:
    """Read the settings; raises SettingsError with the name of what is wrong, never its value."""
    try:
        return Settings()
    except ValidationError as error:
        first = error.errors(include_input=False, include_url=False)[0]
        name, *inside = first["loc"]
        message = first["msg"].removeprefix("Value error, ")
        if inside:
            message = f"{message} ({'.'.join(str(part) for part in inside)}); write it as {_COMPANIES}"
        raise SettingsError(f"{PREFIX}{str(name).upper()}: {message}") from None
    except ValueError:  # the only list that has to be JSON
        raise SettingsError(f"{PREFIX}COMPANIES is no JSON; write it as {_COMPANIES}") from None


def in_settings(message: str) -> str:
    """A channel's complaint, with the names of its fields as the administrator writes them."""
    return _FIELD.sub(lambda match: PREFIX + match.group().upper(), message)


def unknown_names() -> list[str]:
    """Variables with our prefix that are no setting: most likely a slip of the pen."""
    known = {PREFIX + name.upper() for name in Settings.model_fields}
    return sorted(name for name in os.environ if name.startswith(PREFIX) and name not in known)


def secret(value: SecretStr | None) -> str | None:
    """The secret in words, or None."""
    return None if value is None else value.get_secret_value()
