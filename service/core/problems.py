"""Refusals: every way the house says no, as RFC 9457 problem+json.

One class per refusal in a room's `errors.py`: `status`, a Chinese and an English sentence with the facts filled in
(each says the next step); the kebab-case class name is the problem's `type`, the docstring's first line its `title`.
"""

import re
from typing import Any, ClassVar

PROBLEM_JSON = "application/problem+json"


def language_of(accepted: str) -> str:
    """Return the language in which to refuse, by an Accept-Language: `zh` unless English comes first."""
    return "en" if accepted.lower().startswith("en") else "zh"


class Refusal(Exception):
    """The request cannot be done as things stand."""

    status: ClassVar[int] = 409
    zh: ClassVar[str] = "现在不能这样做。"
    en: ClassVar[str] = "This cannot be done as things stand."
    headers: ClassVar[dict[str, str]] = {}

    def __init__(self, **facts: Any) -> None:
        self.facts = facts
        super().__init__(self.sentence("zh"))

    @classmethod
    def code(cls) -> str:
        """Return the kebab-case name, the last part of the problem's `type`."""
        return re.sub(r"(?<!^)(?=[A-Z])", "-", cls.__name__).lower()

    @classmethod
    def title(cls) -> str:
        """Return the first line of the docstring."""
        return (cls.__doc__ or "").strip().splitlines()[0]

    def sentence(self, language: str) -> str:
        """Return the sentence for people in `zh` or `en`, with the facts filled in."""
        template = self.en if language == "en" else self.zh
        return template.format_map(_Facts(self.facts))

    def problem(self, language: str = "zh", instance: str | None = None) -> dict[str, Any]:
        """Return the problem document; facts travel as extension members, the code of an item as `item_code`."""
        body: dict[str, Any] = {
            "type": f"/problems/{self.code()}",
            "title": self.title(),
            "status": self.status,
            "code": self.code(),
            "detail": self.sentence(language),
        }
        if instance is not None:
            body["instance"] = instance
        # `code` is the refusal's own; a fact of that name is the code of a published list
        facts = {("item_code" if name == "code" else name): _plain(value) for name, value in self.facts.items()}
        return facts | body


class _Facts(dict[str, Any]):
    """Facts for a sentence: one that is missing shows as “…”, a sentence never fails."""

    def __missing__(self, key: str) -> str:
        return "…"


def _plain(value: Any) -> Any:
    """Return a JSON value for a fact."""
    if value is None or isinstance(value, bool | int | float | str):
        return value
    if isinstance(value, dict):
        return {str(name): _plain(inner) for name, inner in value.items()}
    if isinstance(value, list | tuple | set | frozenset):
        return [_plain(inner) for inner in value]
    return value.isoformat() if hasattr(value, "isoformat") else str(value)


class NotFound(Refusal):
    """There is no such thing, or it is not yours to see."""

    status = 404
    zh = "没有找到{what}，请核对后再试。"
    en = "No such {what}."


class Unauthenticated(Refusal):
    """Log in first."""

    status = 401
    zh = "请先登录。"
    en = "Log in first."
    headers: ClassVar[dict[str, str]] = {"WWW-Authenticate": "Bearer"}


class Forbidden(Refusal):
    """Your role may not do this."""

    status = 403
    zh = "您的账号没有“{scope}”权限，请联系机构管理员。"
    en = "Your account lacks the scope {scope}."


class Malformed(Refusal):
    """The request is not what the contract says."""

    status = 422
    zh = "提交的内容有误，请按提示修改：{summary}"
    en = "The request does not fit the contract: {summary}"


class KeyInFlight(Refusal):
    """A request with the same Idempotency-Key is being carried out."""

    status = 409
    zh = "相同的请求正在处理，请稍候再试。"
    en = "A request with this Idempotency-Key is in flight; retry in a moment."
    headers: ClassVar[dict[str, str]] = {"Retry-After": "1"}


class Collision(Refusal):
    """Somebody did the opposite at the same moment; neither was done."""

    status = 409
    zh = "刚好有人在办理同一件事，请稍候重试。"
    en = "Somebody was changing the same thing at this moment; retry."
    headers: ClassVar[dict[str, str]] = {"Retry-After": "1"}


class KeyReused(Refusal):
    """The Idempotency-Key was used for another request."""

    status = 422
    zh = "这个 Idempotency-Key 已用于另一个请求，请换一个新的。"
    en = "This Idempotency-Key was used for another request; choose a new one."


class CursorInvalid(Refusal):
    """The cursor is not one of ours, or belongs to another list."""

    status = 422
    zh = "翻页位置无效，请从第一页重新开始。"
    en = "The cursor is not valid; start from the first page."
