"""The running simulation as plain JSON values, for people and for tests that look inside."""

from typing import Any

from twsim.books import Account
from twsim.domain.orders import WorkingOrder
from twsim.exchange import Floor

Json = dict[str, Any]


def state_of(floor: Floor, orders: tuple[WorkingOrder, ...], con_ids: frozenset[int]) -> Json:
    """Accounts, working orders, and the prices of what is held or worked."""
    wanted = set(con_ids) | {order.contract.con_id for order in orders}
    for account in floor.accounts.values():
        wanted |= {con_id for con_id, _ in account.positions()}
    return {
        "accounts": {code: _account(floor, item) for code, item in floor.accounts.items()},
        "orders": [_order(order) for order in orders],
        "prices": {str(con_id): _price(floor, con_id) for con_id in sorted(wanted)},
    }


def _account(floor: Floor, account: Account) -> Json:
    total = floor.valuer.in_base(account)
    pnl = floor.valuer.account_pnl(account)
    return {
        "base": account.base,
        "cash": {currency: round(amount, 2) for currency, amount in account.cash().items()},
        "net_liquidation": round(total.equity, 2),
        "initial_margin": round(total.initial, 2),
        "maintenance_margin": round(total.maintenance, 2),
        "pnl": {"daily": pnl.daily, "unrealized": pnl.unrealized, "realized": pnl.realized},
        "positions": {
            str(holding.contract.con_id): {
                "symbol": holding.contract.symbol,
                "local_symbol": holding.contract.local_symbol,
                "sec_type": holding.contract.sec_type,
                "quantity": holding.quantity,
                "average_cost": holding.average_cost,
                "market_price": holding.market_price,
                "market_value": holding.market_value,
                "unrealized": holding.unrealized,
                "realized": holding.realized,
            }
            for holding in floor.valuer.holdings(account)
        },
    }


def _order(order: WorkingOrder) -> Json:
    return {
        "order_id": order.order_id,
        "client_id": order.client_id,
        "perm_id": order.perm_id,
        "con_id": order.contract.con_id,
        "account": order.order.account,
        "action": order.order.action,
        "quantity": order.order.quantity,
        "order_type": order.order.order_type,
        "limit_price": order.order.limit_price,
        "aux_price": order.order.aux_price,
        "tif": order.order.tif,
        "status": order.status,
        "filled": order.filled,
        "average_price": order.average_price,
    }


def _price(floor: Floor, con_id: int) -> Json:
    quote = floor.market.quote(con_id)
    names = ("bid", "ask", "last", "high", "low", "open", "close", "mark", "volume")
    return {name: getattr(quote, name) for name in names}
