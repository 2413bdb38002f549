"""Every way the room of accounts says no. A log-in is refused without a hint at what was wrong."""

from typing import ClassVar

from service.core.problems import Refusal


class LogInFailed(Refusal):
    """Region, name and password do not belong together, or the account is disabled."""

    status = 401
    zh = "账号或密码不正确，请核对后重试，或联系机构管理员。"
    en = "Account or password is wrong; check them, or ask your administrator."
    headers: ClassVar[dict[str, str]] = {"WWW-Authenticate": "Bearer"}


class LogInAgain(Refusal):
    """The refresh token is used, revoked or expired."""

    status = 401
    zh = "登录已失效，请重新登录。"
    en = "The session is over; log in again."
    headers: ClassVar[dict[str, str]] = {"WWW-Authenticate": "Bearer"}


class NotToActFor(Refusal):
    """A service client acts only for elders and family proxies of its region."""

    status = 403
    zh = "该账号不存在、已停用，或不是可由服务端代为操作的居民账号。"
    en = "There is no active elder or family-proxy account of this region to act for."


class UsernameTaken(Refusal):
    """The region has an account with this name already."""

    zh = "该账号名已被使用，请换一个。"
    en = "This user name is taken; choose another."


class RoleBeyondYours(Refusal):
    """An account of this role is not yours to make."""

    status = 403
    zh = "您不能开设角色为 {role} 的账号，请联系上级管理员。"
    en = "You may not make an account of the role {role}; ask an administrator above you."


class InstitutionsDoNotFit(Refusal):
    """Staff work for an institution; roles of the whole region for none."""

    status = 422
    zh = "角色 {role} 与所填机构不符：机构人员须填写所属机构，区域管理员和服务端不填。"
    en = "Institutions do not fit the role {role}: staff need one, roles of the whole region have none."


class PasswordNotUsed(Refusal):
    """The account does not log in with a password."""

    zh = "该账号不使用密码登录：服务端请更换密钥，居民账号由服务端代为操作。"
    en = "This account has no password: renew a service client's secret; residents are acted for."


class PasswordWrong(Refusal):
    """The old password is wrong."""

    zh = "原密码不正确，请重新输入。"
    en = "The old password is wrong; type it again."


class NotYourself(Refusal):
    """Nobody disables his own account."""

    zh = "不能停用自己的账号，请由另一位管理员操作。"
    en = "You cannot disable your own account; another administrator must."
