"""The exceptions of the broker library; each has a code of the table and an English sentence."""


class IbkrError(Exception):
    """Base of everything the library raises about the broker."""

    code = "broker"

    def __init__(self, sentence: str, *, code: str = "") -> None:
        super().__init__(sentence)
        self.sentence = sentence
        if code:
            self.code = code


class NotConnected(IbkrError):
    """There is no usable socket; nothing was sent, or the answer can no longer come."""

    code = "not_connected"


class NotReady(IbkrError):
    """The link is up but not open for orders; nothing was sent."""

    code = "not_ready"


class RequestTimeout(IbkrError):
    """TWS did not answer within the limit of the call."""

    code = "timeout"


class LinkFailure(IbkrError):
    """A connection attempt failed or a connection was given up; `code` says why."""

    code = "link"


class WrongAccount(LinkFailure):
    """The login behind the port is not the one this connection is meant for."""

    code = "identity"


class RequestRefused(IbkrError):
    """TWS, or ibapi before sending, said no. `number` is TWS's code, `text` its own words."""

    def __init__(self, number: int, text: str) -> None:
        super().__init__(f"{text} (TWS code {number})", code=str(number))
        self.number = number
        self.text = text
