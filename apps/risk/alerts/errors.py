"""The two ways a message can fail: for good, or for now; pure."""

from apps.risk.alerts.said import Said, as_said


class DeliveryError(Exception):
    """`said` may be shown to people and never holds a secret."""

    def __init__(self, told: Said | str) -> None:
        self.said = as_said(told)
        super().__init__(self.said.english)

    @property
    def sentence(self) -> str:
        """In English, for logs and rows."""
        return self.said.english


class Permanent(DeliveryError):
    """Trying again cannot help: the token, the address or the server's verdict is wrong."""


class Passing(DeliveryError):
    """Trying later may help; `retry_after` in seconds where the server named it."""

    def __init__(self, told: Said | str, *, retry_after: float | None = None) -> None:
        super().__init__(told)
        self.retry_after = retry_after
