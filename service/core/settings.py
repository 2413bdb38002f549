"""What the operator decides: read once from the environment (prefix `XUNZHEN_`), frozen, passed on from there."""

from enum import StrEnum
from functools import lru_cache
from pathlib import Path

from pydantic import Field, SecretStr
from pydantic_settings import BaseSettings, SettingsConfigDict

from service.core.geo import TravelMode
from service.core.keyring import FieldCipherName


class TravelSource(StrEnum):
    """Where travel times come from."""

    great_circle = "great_circle"
    osrm = "osrm"
    osrm_files = "osrm_files"
    valhalla = "valhalla"
    amap = "amap"
    tencent = "tencent"


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
    log_in_attempts_per_account: int = Field(default=5, ge=1, le=100, description="wrong log-ins before a name waits")
    log_in_attempts_per_address: int = Field(default=100, ge=1, description="wrong log-ins before an address waits")
    log_in_lock_seconds: int = Field(default=900, ge=1, le=86400, description="how long it waits")
    passwords_remembered: int = Field(default=5, ge=0, le=50, description="own last passwords not to be used again")
    demo_clock: str = Field(
        default="", description="JSON list of [unix second, RFC 3339 demo time]; embedded server only"
    )
    osrm_url: str = Field(default="", description="base URL of an OSRM server for road travel times")
    valhalla_url: str = Field(default="", description="base URL of a Valhalla server for road travel times")
    osrm_files: tuple[tuple[TravelMode, Path], ...] = Field(
        default=(), description="JSON list of [mode, ….osrm]; needs the osrm extra"
    )
    osrm_max_table_size: int = Field(default=100, ge=2, le=10_000, description="the server's --max-table-size")
    valhalla_max_pairs: int = Field(default=2500, ge=1, description="the server's max_matrix_location_pairs")
    travel_source: TravelSource | None = Field(
        default=None, description="which source to ask; default: the road server that has a URL, never a map provider"
    )
    travel_question_seconds: float = Field(default=10.0, gt=0, le=600, description="how long one question may take")
    travel_seconds: float = Field(default=120.0, gt=0, le=3600, description="how long a whole matrix may take")
    travel_failures: int = Field(default=3, ge=1, description="failures in a row before a source is left alone")
    travel_pause_seconds: float = Field(default=60.0, gt=0, description="how long it is left alone")
    travel_cache_hours: int = Field(default=168, ge=1, description="how long road times are remembered")
    travel_cache_pairs: int = Field(default=500_000, ge=1, description="how many pairs, per process and way of going")
    amap_questions_per_second: int = Field(default=3, ge=1, description="distance questions that the AMap key allows")
    amap_questions_per_day: int = Field(default=5000, ge=0, description="the same per day, per process")
    tencent_pairs_per_second: int = Field(default=100, ge=1, description="pairs of places that the Tencent key allows")
    tencent_pairs_per_day: int = Field(default=5000, ge=0, description="the same per day, per process")
    gazetteer: Path | None = Field(default=None, description="CSV file of the operator's own places")
    amap_key: SecretStr = Field(default=SecretStr(""), description="AMap Web service key; empty: AMap is not asked")
    amap_secret: SecretStr = Field(default=SecretStr(""), description="AMap private key, where requests are signed")
    amap_url: str = "https://restapi.amap.com"
    tencent_key: SecretStr = Field(default=SecretStr(""), description="Tencent WebService key; empty: not asked")
    tencent_secret: SecretStr = Field(default=SecretStr(""), description="Tencent SK, where requests are signed")
    tencent_url: str = "https://apis.map.qq.com"
    baidu_key: SecretStr = Field(default=SecretStr(""), description="Baidu server AK; empty: not asked")
    baidu_secret: SecretStr = Field(default=SecretStr(""), description="Baidu SK, where requests carry an SN")
    baidu_url: str = "https://api.map.baidu.com"
    geocoding_seconds: float = Field(default=3.0, gt=0, le=60, description="how long a map provider may take")
    pool_size: int = Field(default=10, ge=1, le=200)
    rate_account_per_second: int = Field(default=100, ge=0, le=100_000, description="per account and process; 0: off")
    rate_account_burst: int = Field(default=500, ge=1, le=1_000_000)
    rate_client_per_second: int = Field(default=1000, ge=0, le=100_000, description="per service client; 0: off")
    rate_client_burst: int = Field(default=4000, ge=1, le=1_000_000)
    rate_address_per_second: int = Field(
        default=100, ge=0, le=100_000, description="per address that nobody logged in from; 0: off"
    )
    rate_address_burst: int = Field(default=400, ge=1, le=1_000_000)
    trusted_proxies: str = Field(default="127.0.0.1", description="proxies whose X-Forwarded-* holds; comma-separated")
    cors_origins: str = Field(default="", description="web origins that may call the API; comma-separated")
    hsts_seconds: int = Field(default=0, ge=0, description="Strict-Transport-Security on https answers; 0: none")
    metrics_token: SecretStr = Field(default=SecretStr(""), description="bearer of /metrics; empty: loopback only")
    worker_metrics_port: int = Field(default=0, ge=0, le=65535, description="the worker's own /metrics; 0: none")
    solver_warm_seconds: float = Field(
        default=10.0,
        ge=0,
        le=86400,
        description="when a worker has run so long it loads the solvers",
    )
    slow_query_ms: int = Field(default=500, ge=0, description="slower statements are logged; 0: none")
    field_cipher: FieldCipherName = Field(default=FieldCipherName.aes_gcm, description="what new field keys are for")
    files_dir: Path | None = Field(default=None, description="where files are kept; default: data_dir/files")
    files_largest_bytes: int = Field(default=10 << 20, ge=1 << 10, le=20 << 20, description="per uploaded file")
    sms_endpoint: str = Field(default="https://dysmsapi.aliyuncs.com", description="Aliyun's, or a stand-in's")
    sms_access_key_id: str = Field(default="", description="Aliyun access key; empty: no short messages are sent")
    sms_access_key_secret: SecretStr = Field(default=SecretStr(""), description="the secret of the access key")
    sms_sign_name: str = Field(default="", description="the approved signature before each message: 【…】")
    sms_callback_token: SecretStr = Field(
        default=SecretStr(""), description="last part of the address that delivery reports come to; empty: none do"
    )
    graceful_seconds: int = Field(default=20, ge=1, le=600, description="how long SIGTERM waits for requests in hand")

    @property
    def embedded(self) -> bool:
        """Whether this process uses the embedded PostgreSQL."""
        return not self.database_url

    @property
    def files_path(self) -> Path:
        """Where files are."""
        return self.files_dir or self.data_dir / "files"

    @property
    def keyring_path(self) -> Path:
        """Where the keys are."""
        return self.keyring or self.data_dir / "keyring.json"


@lru_cache(maxsize=1)
def get_settings() -> Settings:
    """Return the process's settings, read from the environment at the first call."""
    return Settings()
