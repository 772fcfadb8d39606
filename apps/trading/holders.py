"""What this process knows of the connections it holds: how the tasks find port, id and lease."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from ibkr.errors import NotConnected
from ibkr.port import BrokerPort, port_of


@dataclass(frozen=True, slots=True, kw_only=True)
class Holder:
    """One held connection. `leases` gives the fencing token for orders of each of its accounts.

    An account is missing as soon as its or the connection's lease cannot be known to be held.
    """

    slug: str
    connection_id: int
    client_id: Callable[[], int]
    leases: Callable[[], Mapping[str, str]]

    def lease(self, account: str) -> str:
        """ "" where it is not known to be held."""
        return self.leases().get(account, "")

    @property
    def port(self) -> BrokerPort:
        """Raises NotConnected when the process has given the connection up."""
        return port_of(self.slug)


_HOLDERS: dict[str, Holder] = {}


def register(slug: str, holder: Holder | None) -> None:
    """The gateway worker makes itself known; None withdraws it."""
    if holder is None:
        _HOLDERS.pop(slug, None)
    else:
        _HOLDERS[slug] = holder


def holder_of(slug: str) -> Holder:
    """Raises NotConnected in every process but the connection's own gateway worker."""
    try:
        return _HOLDERS[slug]
    except KeyError:
        raise NotConnected(f"This process does not hold the connection {slug}.") from None


def holder_only() -> Holder | None:
    """The one connection of this process, which saves asking whose order it is; None for several
    or none."""
    return next(iter(_HOLDERS.values())) if len(_HOLDERS) == 1 else None
