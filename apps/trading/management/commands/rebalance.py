"""manage.py rebalance: plans a run and prints it; without --dry-run it waits for an approval."""

import time
from argparse import ArgumentParser
from decimal import Decimal
from typing import Any

from django.contrib.auth.models import User
from django.core.management.base import BaseCommand, CommandError

from apps.accounts.models import BrokerAccount
from apps.lib import clock
from apps.lib.errors import PortalError
from apps.trading.models import Plan, PlanLine, Strategy, TradeRun
from apps.trading.services import run_advance, run_start
from apps.trading.states import RunState

HEAD = ("", "name", "target", "before", "after", "held", "trade", "price", "value", "reason")
WAIT = 60.0
"""Seconds for prices to come."""


class Command(BaseCommand):
    help = "Plans a rebalance of an account and prints it; nothing is sent without an approval."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--account", required=True, help="account id, as DU1234567")
        parser.add_argument("--strategy", default="", help="name; needed where there are several")
        parser.add_argument("--user", default="", help="who starts it; needed without --dry-run")
        parser.add_argument("--period", default=None, help="name of an extra run")
        parser.add_argument("--dry-run", action="store_true", help="only print the plan")

    def handle(self, *args: Any, **options: Any) -> None:  # noqa: ARG002  # Django's signature
        strategy = _strategy(options["account"], options["strategy"])
        user = User.objects.filter(username=options["user"]).first()
        if user is None and not options["dry_run"]:
            raise CommandError("Say who starts it with --user, or only look with --dry-run.")
        try:
            run = run_start(
                user=user,
                strategy=strategy,
                period=options["period"],
                dry=options["dry_run"],
                at=clock.now(),
            )
        except PortalError as error:
            raise CommandError(f"{error.sentence} {error.remedy}".strip()) from error
        run = _planned(run)
        self._say(run)

    def _say(self, run: TradeRun) -> None:
        made = Plan.objects.filter(run=run).first()
        if made is not None:
            self.stdout.write(_table(list(made.lines.select_related("instrument"))))
            self.stdout.write(_sums(made))
        if run.state not in {RunState.PLANNED, RunState.APPROVED}:
            raise CommandError(f"Run {run.pk} is {run.get_state_display()}: {run.sentence}")
        if run.dry:
            self.stdout.write(f"Run {run.pk} is a dry run: nothing will be sent.")
        elif run.state == RunState.APPROVED:
            self.stdout.write(f"Run {run.pk} has approved itself, as its policy says.")
        else:
            self.stdout.write(f"Run {run.pk} waits for an approval: {_until(made)}.")


def _until(made: Plan | None) -> str:
    return "" if made is None else f"the plan expires at {made.expires_at:%R} UTC"


def _strategy(code: str, name: str) -> Strategy:
    account = BrokerAccount.objects.filter(code=code).first()
    if account is None:
        raise CommandError("There is no such account here; ids are written as DU1234567.")
    rows = Strategy.objects.filter(account=account, enabled=True)
    found = list(rows.filter(name=name) if name else rows)
    if len(found) != 1:
        names = ", ".join(rows.values_list("name", flat=True)) or "none"
        raise CommandError(f"Name one strategy of the account with --strategy: {names}.")
    return found[0]


def _planned(run: TradeRun) -> TradeRun:
    """Looks again while prices are on their way, whether or not a worker does so too."""
    until = time.monotonic() + WAIT
    while run.state == RunState.PLANNING and time.monotonic() < until:
        time.sleep(1)
        run_advance(run_id=run.pk, at=clock.now())
        run.refresh_from_db()
    return run


def _table(lines: list[PlanLine]) -> str:
    rows = [HEAD, *(_cells(line) for line in lines)]
    widths = [max(len(row[i]) for row in rows) for i in range(len(HEAD))]
    return "\n".join(_joined(row, widths) for row in rows)


def _joined(row: tuple[str, ...], widths: list[int]) -> str:
    """Words to the left, numbers to the right."""
    cells = [
        cell.ljust(width) if i in {0, 1, len(HEAD) - 1} else cell.rjust(width)
        for i, (cell, width) in enumerate(zip(row, widths, strict=True))
    ]
    return "  ".join(cells).rstrip()


def _cells(line: PlanLine) -> tuple[str, ...]:
    side = "BUY" if line.quantity > 0 else "SELL" if line.quantity else "-"
    return (
        side,
        str(line.instrument),
        _percent(line.target_weight),
        _percent(line.weight_before),
        _percent(line.weight_after),
        f"{line.position.normalize():f}",
        f"{abs(line.quantity).normalize():f}",
        "-" if line.price is None else f"{line.price:.4f}",
        f"{line.value:,.2f}",
        line.reason,
    )


def _sums(made: Plan) -> str:
    return (
        f"NLV {made.nlv:,.2f}   cash {made.cash_before:,.2f} -> {made.cash_after:,.2f} "
        f"(buffer {made.buffer:,.2f})   turnover {made.turnover:.2%}   cost {made.cost:,.2f}"
    )


def _percent(share: Decimal | None) -> str:
    return "-" if share is None else f"{share:.2%}"
