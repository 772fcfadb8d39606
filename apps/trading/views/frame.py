"""What the trading pages have in common: topics, words, accounts, and how an answer is shown."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from functools import wraps
from typing import Any, Concatenate, ParamSpec

from django.contrib import messages
from django.contrib.auth.models import User as Person
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _

from apps.accounts.masks import mask_account
from apps.accounts.models import BrokerAccount
from apps.accounts.permissions import User, may_unmask
from apps.accounts.selectors import accounts_visible
from apps.accounts.topics import CONNECTIONS
from apps.lib.errors import NotAllowed, PortalError
from apps.trading.permissions import MANAGE, has, may_approve, may_trade, may_upload
from apps.trading.words import trading_words

P = ParamSpec("P")
Context = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Answer:
    """What became of a request, for the person who made it."""

    sentence: str
    remedy: str = ""
    ok: bool = True
    details: list[str] = field(default_factory=list)


def owner(request: HttpRequest) -> Person:
    """Who asks; the pages let nobody in without login."""
    if not isinstance(request.user, Person):
        raise NotAllowed(_("Log in first."))
    return request.user


def accounts_of(user: User) -> list[BrokerAccount]:
    """In the order in which pages list them."""
    return list(accounts_visible(user).order_by("connection__slug", "code"))


def account_names(user: User, accounts: Sequence[BrokerAccount]) -> dict[str, str]:
    """By key: the alias, or the id, masked unless the user may see it."""
    whole = may_unmask(user)
    return {str(a.pk): a.alias or (a.code if whole else mask_account(a.code)) for a in accounts}


def frame(user: User, accounts: Sequence[BrokerAccount], *topics: str) -> Context:
    return {
        "topics": " ".join([CONNECTIONS, *topics]),
        "words": trading_words(),
        "accounts": accounts,
        "names": account_names(user, accounts),
        "several": len(accounts) > 1,
        "may_trade": may_trade(user),
        "may_approve": may_approve(user),
        "may_upload": may_upload(user),
        "may_manage": has(user, MANAGE),
        "blank": {},
    }


def answer_of(error: PortalError) -> Answer:
    fields = getattr(error, "fields", {})
    return Answer(
        error.sentence,
        error.remedy,
        ok=False,
        details=[t for texts in fields.values() for t in texts],
    )


def answered(
    request: HttpRequest, answer: Answer, to: str, *arguments: Any, status: int = 200
) -> HttpResponse:
    """A sentence for the script that asked, or a page with that sentence on top."""
    if "HX-Request" in request.headers:
        return render(request, "trading/answer.html", {"answers": [answer]}, status=status)
    level = messages.SUCCESS if answer.ok else messages.ERROR
    text = " ".join([answer.sentence, *answer.details, answer.remedy]).strip()
    messages.add_message(request, level, text)
    return redirect(to, *arguments)


View = Callable[Concatenate[HttpRequest, P], HttpResponse]


def says_why_not(to: str) -> Callable[[View[P]], View[P]]:
    """A PortalError of the view becomes a sentence on the page named `to`."""

    def decorate(view: View[P]) -> View[P]:
        @wraps(view)
        def inner(request: HttpRequest, /, *args: P.args, **kwargs: P.kwargs) -> HttpResponse:
            try:
                return view(request, *args, **kwargs)
            except PortalError as error:
                arguments = tuple(kwargs.values())
                return answered(request, answer_of(error), to, *arguments, status=error.status)

        return inner

    return decorate


def live_name(account: BrokerAccount) -> str:
    """The last four characters a person types before real money moves; empty in paper mode."""
    return account.code[-4:] if account.connection.mode == "live" else ""


def confirmed(account: BrokerAccount, typed: str) -> bool:
    wanted = live_name(account)
    return not wanted or typed.strip().upper() == wanted.upper()
