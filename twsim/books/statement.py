"""Account rows as TWS words them: tags with formatted values, and a block per currency."""

from twsim.books.account import Account
from twsim.books.valuation import Sums, Valuer
from twsim.domain.accounts import ValueRow

DAY_TRADES_UNLIMITED = "-1"
BUYING_POWER_FACTOR = 4.0


def value_rows(account: Account, valuer: Valuer) -> tuple[ValueRow, ...]:
    """All tags of an account update, in alphabetical order; amounts are in the base currency."""
    total = valuer.in_base(account)
    amounts = {tag: f"{amount:.2f}" for tag, amount in _amounts(total).items()}
    rows = [ValueRow(account.code, tag, text, account.base) for tag, text in amounts.items()]
    rows += [ValueRow(account.code, tag, text, "") for tag, text in _plain(account, total).items()]
    rows += ledger_rows(account, valuer)
    return tuple(sorted(rows, key=lambda row: (row.tag, row.currency == "BASE", row.currency)))


def ledger_rows(account: Account, valuer: Valuer) -> tuple[ValueRow, ...]:
    """$LEDGER:ALL: a block for each currency, then BASE."""
    parts = valuer.by_currency(account)
    rows: list[ValueRow] = []
    for currency in sorted(parts):
        rate = valuer.rate(currency, account.base)
        rows += _block(account, currency, currency, parts[currency], rate)
    rows += _block(account, "BASE", "BASE", valuer.in_base(account), 1.0)
    return tuple(rows)


def _amounts(total: Sums) -> dict[str, float]:
    equity = total.equity
    available, excess = equity - total.initial, equity - total.maintenance
    return {
        "AccruedCash": 0.0,
        "AccruedDividend": 0.0,
        "AvailableFunds": available,
        "Billable": 0.0,
        "BuyingPower": max(available, 0.0) * BUYING_POWER_FACTOR,
        "EquityWithLoanValue": equity,
        "ExcessLiquidity": excess,
        "FullAvailableFunds": available,
        "FullExcessLiquidity": excess,
        "FullInitMarginReq": total.initial,
        "FullMaintMarginReq": total.maintenance,
        "GrossPositionValue": total.gross,
        "Guarantee": 0.0,
        "IndianStockHaircut": 0.0,
        "InitMarginReq": total.initial,
        "LookAheadAvailableFunds": available,
        "LookAheadExcessLiquidity": excess,
        "LookAheadInitMarginReq": total.initial,
        "LookAheadMaintMarginReq": total.maintenance,
        "MaintMarginReq": total.maintenance,
        "NetLiquidation": equity,
        "PreviousDayEquityWithLoanValue": equity - total.daily,
        "RegTEquity": total.cash + total.stock_value,
        "RegTMargin": total.gross / 2,
        "SMA": max(total.cash + total.stock_value / 2, 0.0),
        "SettledCash": total.cash,
        "TotalCashValue": total.cash,
    }


def _plain(account: Account, total: Sums) -> dict[str, str]:
    equity = total.equity
    excess = equity - total.maintenance
    return {
        "AccountCode": account.code,
        "AccountOrGroup": account.code,
        "AccountReady": "true",
        "AccountType": "INDIVIDUAL",
        "Cushion": f"{excess / equity if equity > 0 else 0.0:.6g}",
        "DayTradesRemaining": DAY_TRADES_UNLIMITED,
        "HighestSeverity": "0",
        "Leverage": f"{total.gross / equity if equity > 0 else 0.0:.2f}",
        "LookAheadNextChange": "0",
        "NLVAndMarginInReview": "false",
        "TradingType-S": "STKMRGN",
        "WhatIfPMEnabled": "true",
    }


def _block(
    account: Account, currency: str, real_currency: str, part: Sums, rate: float
) -> list[ValueRow]:
    amounts = {
        "AccruedCash": 0.0,
        "CashBalance": part.cash,
        "CorporateBondValue": 0.0,
        "FutureOptionValue": 0.0,
        "FuturesPNL": part.future_profit,
        "FxCashBalance": 0.0,
        "NetDividend": 0.0,
        "NetLiquidationByCurrency": part.equity,
        "OptionMarketValue": part.option_value,
        "RealizedPnL": part.realized,
        "StockMarketValue": part.stock_value,
        "TotalCashBalance": part.cash,
        "UnrealizedPnL": part.unrealized,
    }
    texts = {tag: f"{amount:.4f}" for tag, amount in amounts.items()}
    texts["Currency"] = currency
    texts["ExchangeRate"] = f"{rate:.7f}"
    texts["RealCurrency"] = real_currency
    return [ValueRow(account.code, tag, texts[tag], currency) for tag in sorted(texts)]
