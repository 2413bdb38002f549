"""What the operator decides: read once from the environment (prefix `XUNZHEN_`), frozen, passed on from there."""

from functools import lru_cache
from pathlib import Path

from pydantic import Field
from pydantic_settings import BaseSettings, SettingsConfigDict


class Settings(BaseSettings):
    """The process's settings. An empty `database_url` means the embedded PostgreSQL under `data_dir`."""

    model_config = SettingsConfigDict(env_prefix="XUNZHEN_", frozen=True, extra="ignore")

    database_url: str = Field(default="", description="SQLAlchemy URL of the application's ordinary role")
    owner_url: str = Field(
        default="", description="SQLAlchemy URL of the schema's owner; only `migrate` and `init` use it"
    )
    data_dir: Path = Field(default=Path("var"), description="embedded PostgreSQL, keys")
    keyring: Path | None = Field(default=None, description="JSON file of keys; default: data_dir/keyring.json")
    host: str = "127.0.0.1"
    port: int = Field(default=8600, ge=0, le=65535)
    log_level: str = "INFO"
    access_token_seconds: int = Field(default=900, ge=60, le=3600)
    refresh_token_seconds: int = Field(default=30 * 86400, ge=3600)
    demo_clock: str = Field(
        default="", description="JSON list of [unix second, RFC 3339 demo time]; embedded server only"
    )
    osrm_url: str = Field(default="", description="base URL of an OSRM server for road travel times")
    valhalla_url: str = Field(default="", description="base URL of a Valhalla server for road travel times")
    pool_size: int = Field(default=10, ge=1, le=200)

    @property
    def embedded(self) -> bool:
        """Whether this process uses the embedded PostgreSQL."""
        return not self.database_url

    @property
    def keyring_path(self) -> Path:
        """Where the keys are."""
        return self.keyring or self.data_dir / "keyring.json"


@lru_cache(maxsize=1)
def get_settings() -> Settings:
    """Return the process's settings, read from the environment at the first call."""
    return Settings()
