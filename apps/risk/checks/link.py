"""Whether the way to the broker is open, and to the right account."""

from decimal import Decimal

from apps.risk.case import Case
from apps.risk.checks.base import check, gettext_noop, number, passed, refused, word
from apps.risk.types import Verdict
from ibkr.types import LinkState

RESTING = frozenset({"GTC", "GTD"})
POLICIES = ("keep", "cancel", "day_only")


@check(
    "link",
    scope="connection",
    meaning=gettext_noop(
        "Disconnected, reconciling, in a restart or re-login window, or the lease is lost."
    ),
)
def link(case: Case) -> Verdict:
    """Also for what lowers risk: nothing can be sent."""
    code, found = "link", case.snapshot.link
    if not found.worker:
        return refused(code, gettext_noop("No gateway worker holds the connection."))
    if found.state is not LinkState.READY:
        return refused(
            code,
            gettext_noop("The link is not ready (%(state)s). %(sentence)s"),
            state=found.state.value.replace("_", " "),
            sentence=found.sentence,
        )
    if found.closed_until_at is not None:
        return refused(
            code,
            gettext_noop("The gateway restarts: no orders until %(until)s UTC."),
            until=f"{found.closed_until_at:%H:%M}",
        )
    return passed(code)


@check(
    "disconnect_policy",
    scope="account, strategy, instrument",
    meaning=gettext_noop(
        "Per order: keep, cancel at reconnect, or DAY only. IB keeps working orders when the "
        "client is gone."
    ),
    parameters=(
        word("policy", gettext_noop("keep, cancel or day_only"), "keep", choices=POLICIES),
        number(
            "seconds",
            "seconds",
            gettext_noop("With cancel: a link lost for so long ends the order at reconnect."),
            "60",
        ),
    ),
)
def disconnect_policy(case: Case) -> Verdict:
    code, policy = "disconnect_policy", case.limits.word("disconnect_policy", "policy")
    if policy not in POLICIES:
        return refused(code, gettext_noop("The policy %(policy)s is not known."), policy=policy)
    if policy == "day_only" and case.intent.tif in RESTING:
        return refused(
            code,
            gettext_noop("DAY only: an order of %(tif)s would outlive a lost connection."),
            tif=case.intent.tif,
        )
    return passed(code)


@check(
    "identity",
    scope="connection",
    meaning=gettext_noop(
        "The connected account is not the pinned one, or mode and account prefix disagree."
    ),
)
def identity(case: Case) -> Verdict:
    code, account = "identity", case.snapshot.account
    if account.code.startswith("D") != (account.mode == "paper"):
        return refused(
            code,
            gettext_noop("A %(mode)s connection and this account do not belong together."),
            mode=account.mode,
        )
    absent = [pinned for pinned in account.pinned if pinned not in account.connected]
    if absent or (account.pinned and account.code not in account.pinned):
        return refused(
            code,
            gettext_noop("The connected login is not the pinned one."),
            limit=Decimal(len(account.pinned)),
            value=Decimal(len(account.pinned) - len(absent)),
            unit="count",
        )
    return passed(code)
