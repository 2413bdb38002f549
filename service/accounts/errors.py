"""Every way the room of accounts says no. A log-in is refused without a hint at what was wrong."""

from typing import ClassVar, Final

from service.core.problems import Refusal


class LogInFailed(Refusal):
    """Region, name and password do not belong together, or the account is disabled."""

    status = 401
    zh = "账号或密码不正确，请核对后重试，或联系机构管理员。"
    en = "Account or password is wrong; check them, or ask your administrator."
    headers: ClassVar[dict[str, str]] = {"WWW-Authenticate": "Bearer"}


class SecondFactorRequired(Refusal):
    """The password is right; the code of the second factor is missing."""

    status = 401
    zh = "该账号已启用动态码：请填写手机上的六位动态码，或一个恢复码。"
    en = "This account has a second factor: add its six-digit code, or a recovery code."
    headers: ClassVar[dict[str, str]] = {"WWW-Authenticate": "Bearer"}


class SecondFactorWrong(Refusal):
    """The code of the second factor is wrong, or was used before."""

    status = 401
    zh = "动态码不正确或已用过，请等下一个动态码再试。"
    en = "The code is wrong or was used before; wait for the next one."
    headers: ClassVar[dict[str, str]] = {"WWW-Authenticate": "Bearer"}


class TooManyLogIns(Refusal):
    """Too many attempts in vain, with this name or from this address."""

    status = 429
    zh = "尝试次数过多，请在 {retry_after_seconds} 秒后再试，或联系管理员重置密码。"
    en = "Too many attempts; try again in {retry_after_seconds} seconds, or ask your administrator."


class LogInAgain(Refusal):
    """The refresh token is used, revoked or expired."""

    status = 401
    zh = "登录已失效，请重新登录。"
    en = "The session is over; log in again."
    headers: ClassVar[dict[str, str]] = {"WWW-Authenticate": "Bearer"}


class NotToActFor(Refusal):
    """A service client acts only for the elders and family proxies of its region who are bound to it."""

    # one sentence for every reason: it must not say whether another client has such a user
    status = 403
    zh = "没有绑定到本服务端、可由其代为操作的有效居民账号，请核对账号，或请区域管理员绑定。"
    en = "No active elder or family-proxy account of this kind is bound to you; check it, or ask the administration."


class NotBoundToClients(Refusal):
    """Only the accounts of elders and family proxies are bound to a service client."""

    zh = "只有居民和家属代办人的账号才绑定服务端，该账号用密码登录。"
    en = "Only the accounts of elders and family proxies are bound to a service client."


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


class PasswordTooWeak(Refusal):
    """Anybody could guess this password."""

    status = 422
    zh = "密码过于简单：{why}。请换一个至少 10 位、不易猜到的密码。"
    en = "This password is easy to guess ({reason}); choose another of at least 10 characters."


class PasswordUsedBefore(Refusal):
    """The password was one's own before."""

    zh = "不能使用最近用过的密码，请换一个新密码。"
    en = "You have used this password recently; choose a new one."


class SecondFactorEnrolled(Refusal):
    """A second factor is in use already."""

    zh = "动态码已启用；如需更换手机，请先用动态码停用后重新绑定。"
    en = "A second factor is in use; remove it with a code before you enrol another."


class SecondFactorMissing(Refusal):
    """No second factor has been enrolled."""

    zh = "尚未绑定动态码，请先绑定。"
    en = "There is no second factor; enrol one first."


class NotYourself(Refusal):
    """Nobody disables his own account, or takes his own second factor away without a code."""

    zh = "不能对自己的账号这样做，请由另一位管理员操作。"
    en = "You cannot do this to your own account; another administrator must."


WRONG: Final = (LogInFailed, SecondFactorWrong, PasswordWrong)
"""Refusals that say that somebody guessed: each costs an attempt."""
