"""The two ways a message can fail: for good, or for now; pure."""


class DeliveryError(Exception):
    """`sentence` may be shown to people and never holds a secret."""

    def __init__(self, sentence: str) -> None:
        super().__init__(sentence)
        self.sentence = sentence


class Permanent(DeliveryError):
    """Trying again cannot help: the token, the address or the server's verdict is wrong."""


class Passing(DeliveryError):
    """Trying later may help; `retry_after` in seconds where the server named it."""

    def __init__(self, sentence: str, *, retry_after: float | None = None) -> None:
        super().__init__(sentence)
        self.retry_after = retry_after
