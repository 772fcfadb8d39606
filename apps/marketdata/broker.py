"""What the broker library raises, said to people in their language."""

from collections.abc import Iterator
from contextlib import contextmanager

from django.utils import translation

from apps.lib.errors import PortalError
from ibkr.errors import IbkrError, NotConnected, NotReady, RequestTimeout, explain


class BrokerSays(PortalError):
    """`code` is TWS's number or the broker library's own name of the trouble."""

    def __init__(self, error: IbkrError) -> None:
        text = explain(error.code, error.sentence).explanation(translation.get_language() or "en")
        super().__init__(text.meaning, remedy=text.remedy)
        self.code = error.code
        if isinstance(error, NotConnected | NotReady):
            self.status = 503
        elif isinstance(error, RequestTimeout):
            self.status = 504


@contextmanager
def broker_errors() -> Iterator[None]:
    """Turns every IbkrError of its block into a BrokerSays."""
    try:
        yield
    except IbkrError as error:
        raise BrokerSays(error) from error
