"""How the embedded server says no."""


class EmbeddedUnavailable(RuntimeError):
    """The embedded PostgreSQL cannot be had here; the message is one sentence that says what to do instead."""

    def __init__(self, reason: str) -> None:
        super().__init__(
            f"{reason}；或者设置 XUNZHEN_DATABASE_URL 与 XUNZHEN_OWNER_URL，改用现有的 PostgreSQL 15 以上服务器。"
        )
        self.reason = reason


class StatementRefused(RuntimeError):
    """PostgreSQL refused an administrative statement; the message is PostgreSQL's own."""
