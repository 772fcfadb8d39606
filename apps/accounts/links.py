"""The state of a connection as people should see it, from three sources; pure."""

from dataclasses import dataclass, replace
from datetime import datetime

from ibkr.errors import explain
from ibkr.types import LinkState


def gettext_noop(text: str) -> str:
    """Marks a text for translators; the framework's own marker has no place in a pure module."""
    return text


WORKER_GONE = "worker_gone"
WORKER_GONE_SENTENCE = gettext_noop("The gateway worker of this connection is not running.")
WORKER_GONE_REMEDY = gettext_noop(
    "Start the gateway worker of this connection, or look at its log to see why it stopped."
)
REDIS_DOWN = "redis_down"
WORKER_DIED = "worker_died"
STARTING = "starting"
STARTING_SENTENCE = gettext_noop("The gateway worker is starting.")


def sentence_in(language: str, *, state: str, code: str, sentence: str) -> str:
    """A link's sentence for people: English names hosts and ports, others come from the table."""
    if language.startswith("en"):
        return sentence
    info = explain(code or state, sentence)
    if not info.known:
        return sentence
    told = info.explanation(language)
    return f"{told.meaning}{told.remedy}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Link:
    """`worker` says whether a gateway worker holds the connection; since_at None is unknown."""

    state: LinkState
    since_at: datetime | None
    code: str
    sentence: str
    worker: bool

    @property
    def alive(self) -> bool:
        """Whether account data flows: ready, or degraded with the socket up."""
        return self.worker and self.state in {LinkState.READY, LinkState.DEGRADED}


def effective_link(*, row: Link, held: bool, told: Link | None) -> Link:
    """`row` is the stored state, `held` whether the lease exists, `told` the worker's own word.

    Without a lease nobody keeps `told` true, so the connection is down whatever it says.
    """
    if not held and told is not None and told.code == WORKER_DIED:
        # Said by its successor, which waits for the lease; it says so for half a minute at most.
        return replace(told, worker=False)
    if not held:
        return Link(
            state=LinkState.DISCONNECTED,
            since_at=row.since_at if row.code == WORKER_GONE else None,
            code=WORKER_GONE,
            sentence=f"{WORKER_GONE_SENTENCE} {WORKER_GONE_REMEDY}",
            worker=False,
        )
    if told is not None:
        return replace(told, worker=True)
    if row.code == WORKER_GONE or row.since_at is None:
        return Link(
            state=LinkState.CONNECTING,
            since_at=row.since_at,
            code=STARTING,
            sentence=STARTING_SENTENCE,
            worker=True,
        )
    return replace(row, worker=True)
