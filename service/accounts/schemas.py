"""What crosses HTTP about log-ins and accounts."""

from dataclasses import asdict
from datetime import datetime
from typing import Annotated, Literal
from uuid import UUID

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, StringConstraints, model_validator

from service.accounts import rules
from service.core.text import Code, Text, refuse_unstorable

Username = Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9][A-Za-z0-9_.:@\-]{2,63}$")]
NewPassword = Annotated[str, StringConstraints(min_length=10, max_length=128), AfterValidator(refuse_unstorable)]
TypedSecret = Annotated[str, StringConstraints(min_length=1, max_length=128), AfterValidator(refuse_unstorable)]
TypedName = Annotated[str, StringConstraints(min_length=1, max_length=64), AfterValidator(refuse_unstorable)]
SecondFactorCode = Annotated[
    str,
    StringConstraints(pattern=r"^([0-9]{6}|[A-Za-z2-7]{4}(-[A-Za-z2-7]{4}){3})$", max_length=19),
]
RefreshText = Annotated[str, StringConstraints(min_length=1, max_length=200), AfterValidator(refuse_unstorable)]


class Body(BaseModel):
    """A request's body: a field that the contract does not name is refused."""

    model_config = ConfigDict(extra="forbid")


class PasswordGrant(Body):
    """Log-in of a person with a password, and where a second factor is in use with a code of it."""

    grant_type: Literal["password"]
    region_code: Code = Field(examples=["640200"])
    username: TypedName = Field(examples=["nurse.01"])
    password: TypedSecret = Field(examples=["一二三四五六七八九十"])
    totp_code: SecondFactorCode | None = Field(
        default=None, description="六位动态码，或一个恢复码", examples=["123456"]
    )


class ClientGrant(Body):
    """Log-in of a service client for itself."""

    grant_type: Literal["client_credentials"]
    region_code: Code = Field(examples=["640200"])
    client_id: TypedName = Field(description="服务端账号名", examples=["wechat-app"])
    client_secret: TypedSecret


class RefreshGrant(Body):
    """A new pair of tokens for a refresh token, which is good for one use."""

    grant_type: Literal["refresh_token"]
    refresh_token: RefreshText


class ExchangeGrant(Body):
    """A service client acts for an elder or a family proxy bound to it: name the account by its id or its name."""

    grant_type: Literal["token-exchange"]
    region_code: Code = Field(examples=["640200"])
    client_id: TypedName = Field(description="服务端账号名", examples=["wechat-app"])
    client_secret: TypedSecret
    account_id: UUID | None = None
    account_username: TypedName | None = Field(default=None, examples=["elder-0001"])

    @model_validator(mode="after")
    def _names_one_account(self) -> "ExchangeGrant":
        if (self.account_id is None) == (self.account_username is None):
            raise ValueError("account_id 与 account_username 须填且只填一个")
        return self


Grant = Annotated[PasswordGrant | ClientGrant | RefreshGrant | ExchangeGrant, Field(discriminator="grant_type")]


class TokenRead(BaseModel):
    """An access token, good for `expires_in` seconds, and for people with a password a refresh token.

    While something is `due`, the token is good for nothing but that; a refresh afterwards brings the role's rights.
    """

    access_token: str
    token_type: Literal["Bearer"] = "Bearer"  # noqa: S105 - the scheme's name, not a secret
    expires_in: int
    refresh_token: str | None
    scope: str
    role: rules.Role
    account_id: UUID
    due: list[rules.Due] = Field(description="须先办理：修改密码、绑定动态码")


class Revocation(Body):
    """The refresh token whose session is to end."""

    refresh_token: RefreshText


class AccountCreate(Body):
    """An account of staff, of an administrator or of a service client; a client's secret is made by the server."""

    username: Username = Field(examples=["nurse.01"])
    role: rules.Role
    display_name: Text = Field(examples=["护士甲"])
    institution_ids: list[UUID] = Field(default_factory=list, max_length=50)
    password: NewPassword | None = Field(default=None, examples=["一二三四五六七八九十"])

    @model_validator(mode="after")
    def _logs_in_somehow(self) -> "AccountCreate":
        if (self.role is rules.Role.service_client) == (self.password is not None):
            raise ValueError("服务端账号不填 password（由系统生成密钥），其他账号必填")
        return self


class ResidentAccountCreate(Body):
    """An account of an elder or a family proxy, for whom the service client acts."""

    username: Username = Field(examples=["elder-0001"])
    role: Literal[rules.Role.elder, rules.Role.family_proxy]
    display_name: Text = Field(examples=["居民甲"])


class AccountUpdate(Body):
    """What may change of an account; what is left out stays.

    Disabling, a new password or another service client ends its sessions.
    """

    display_name: Text | None = Field(default=None, examples=["护士甲"])
    status: rules.AccountStatus | None = None
    password: NewPassword | None = None
    bound_client_id: UUID | None = Field(
        default=None, description="居民账号绑定的服务端账号；填 null 即解除绑定，不填则不变"
    )


class PasswordChange(Body):
    """A new password for oneself."""

    old_password: TypedSecret
    new_password: NewPassword


class TotpCode(Body):
    """A code from the telephone, or a recovery code."""

    totp_code: SecondFactorCode = Field(examples=["123456"])


class SecondFactorSecret(BaseModel):
    """A new second factor's secret, shown this once; it counts after its confirmation."""

    secret: str
    otpauth_uri: str = Field(
        description="供身份验证器扫码", examples=["otpauth://totp/巡诊:admin?secret=…&issuer=巡诊"]
    )


class RecoveryCodes(BaseModel):
    """Codes for the day on which the telephone is lost, shown this once; each is good once."""

    recovery_codes: list[str]


class SessionRead(BaseModel):
    """A log-in that goes on; `last_used_at` is when it last got a token."""

    id: UUID
    kind: rules.SessionKind
    client_id: UUID | None = Field(description="代为操作的服务端账号")
    device: str
    address: str
    created_at: datetime
    last_used_at: datetime
    expires_at: datetime
    is_current: bool

    @classmethod
    def of(cls, facts: rules.SessionFacts, current: UUID | None) -> "SessionRead":
        """Return what is shown of a log-in; `current` is the one that asks."""
        return cls(**asdict(facts), is_current=facts.id == current)


class SessionList(BaseModel):
    """Log-ins that go on, the newest first, at most 200."""

    items: list[SessionRead]


class RegionFounding(Body):
    """A further region, and its first administrator, who must change this password and enrol a second factor first."""

    code: Code = Field(examples=["640300"])
    name: Text = Field(examples=["示例统筹区"])
    admin_username: Username = Field(examples=["region.admin"])
    admin_display_name: Text = Field(examples=["区域管理员"])
    admin_password: NewPassword


class RegionRead(BaseModel):
    """A region (统筹区)."""

    id: UUID
    code: str
    name: str


class RegionList(BaseModel):
    """All regions of this installation, by code."""

    items: list[RegionRead]


class AccountRead(BaseModel):
    """An account; `institution_ids` are those that you may see, `bound_client_id` acts for an elder or a proxy."""

    id: UUID
    username: str
    role: rules.Role
    display_name: str
    status: rules.AccountStatus
    institution_ids: list[UUID]
    created_at: datetime
    bound_client_id: UUID | None = Field(default=None, description="居民账号绑定的服务端账号")

    @classmethod
    def of(cls, facts: rules.AccountFacts) -> "AccountRead":
        """Return what is shown of an account."""
        return cls(
            id=facts.id,
            username=facts.username,
            role=facts.role,
            display_name=facts.display_name,
            status=facts.status,
            institution_ids=list(facts.institution_ids),
            created_at=facts.created_at,
            bound_client_id=facts.bound_client_id,
        )


class AccountCreated(AccountRead):
    """A new account. A service client's secret is shown this once; a replayed answer does not hold it."""

    client_secret: str | None = None


class SecretRead(BaseModel):
    """A service client's new secret, shown this once; the old one is void."""

    client_secret: str


class MeRead(AccountRead):
    """Who is logged in, and what the token allows."""

    scopes: list[str]
    client_id: UUID | None = Field(description="代为操作的服务端账号")
    recovery_codes_left: int | None = Field(description="剩余恢复码；未启用动态码时为空")
