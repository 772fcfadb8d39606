"""Contracts on the wire: as clients ask for them, and what TWS says about them."""

from twsim import versions
from twsim.codec_text.fields import Fields, ascii7, double, plain
from twsim.domain.contracts import Contract
from twsim.messages import replies as say

TEXTS = (
    "multiplier",
    "exchange",
    "primary_exchange",
    "currency",
    "local_symbol",
    "trading_class",
)


def read_contract(fields: Fields, *, expired: bool = False, ids: bool = False) -> Contract:
    """The contract block of a request; `ids`: with security id and issuer, as in details."""
    con_id = fields.integer()
    symbol, sec_type, expiry = fields.text(), fields.text(), fields.text()
    strike, right = fields.optional(), fields.text()
    texts = {name: fields.text() for name in TEXTS}
    include_expired = fields.flag() if expired else False
    sec_id_type, sec_id = (fields.text(), fields.text()) if ids else ("", "")
    issuer = fields.text() if ids and fields.since(versions.BOND_ISSUER_ID) else ""
    return Contract(
        con_id=con_id,
        symbol=symbol,
        sec_type=sec_type,
        expiry=expiry,
        strike=strike or 0.0,
        right=right,
        include_expired=include_expired,
        sec_id_type=sec_id_type,
        sec_id=sec_id,
        issuer_id=issuer,
        **texts,
    )


def skip_combo_legs(fields: Fields) -> None:
    """Combination legs of a data request: conId, ratio, action, exchange."""
    fields.skip(4 * fields.integer())


def contract_fields(contract: Contract, *, strike: str, right: str, exchange: str) -> list[str]:
    """conId to trading class, as orders, executions and positions carry them."""
    return [
        str(contract.con_id),
        contract.symbol,
        contract.sec_type,
        contract.expiry,
        strike,
        right,
        contract.multiplier,
        exchange,
        contract.currency,
        contract.local_symbol,
        contract.trading_class,
    ]


def _expiry(reply: say.ContractDetails, server_version: int) -> list[str]:
    details = reply.details
    date = details.contract.expiry
    shown = f"{date} {details.last_trade_time} {details.time_zone}"
    head = shown if details.last_trade_time else date
    return [head, date] if server_version >= versions.LAST_TRADE_DATE else [head]


def _identifiers(isin: str) -> list[str]:
    return ["1", "ISIN", isin] if isin else ["0"]


def details_fields(reply: say.ContractDetails, server_version: int) -> list[str]:
    """Message 10; bonds have one of their own, funds more fields: neither is simulated."""
    details = reply.details
    contract = details.contract
    values = ["10", str(reply.req_id), contract.symbol, contract.sec_type]
    values += _expiry(reply, server_version)
    values += [plain(contract.strike), contract.right, contract.exchange, contract.currency]
    values += [contract.local_symbol, details.market_name, contract.trading_class]
    values += [str(contract.con_id), plain(details.min_tick), contract.multiplier]
    values += [details.order_types, details.valid_exchanges, str(details.price_magnifier)]
    values += [str(details.under_con_id), ascii7(details.long_name), contract.primary_exchange]
    values += [details.contract_month, details.industry, details.category, details.subcategory]
    values += [details.time_zone, details.trading_hours, details.liquid_hours]
    values += ["", ""]  # economic value rule and its multiplier
    values += [*_identifiers(details.isin), str(details.agg_group)]
    values += [details.under_symbol, details.under_sec_type, details.market_rule_ids]
    values += [details.real_expiry, details.stock_type]
    values += [details.min_size, details.size_increment, details.suggested_size_increment]
    if server_version >= versions.INELIGIBILITY_REASONS:
        values.append("0")
    return values


def symbols_fields(reply: say.SymbolSamples, server_version: int) -> list[str]:
    values = ["79", str(reply.req_id), str(len(reply.matches))]
    for match in reply.matches:
        contract = match.contract
        values += [str(contract.con_id), contract.symbol, contract.sec_type]
        values += [contract.primary_exchange, contract.currency]
        values += [str(len(match.derivative_sec_types)), *match.derivative_sec_types]
        if server_version >= versions.BOND_ISSUER_ID:
            values += [ascii7(match.description), contract.issuer_id]
    return values


def rule_fields(reply: say.MarketRule, _: int) -> list[str]:
    values = ["93", str(reply.rule_id), str(len(reply.increments))]
    for step in reply.increments:
        values += [plain(step.low_edge), plain(step.increment)]
    return values


def chain_fields(reply: say.Chain, _: int) -> list[str]:
    chain = reply.chain
    return [
        "75",
        str(reply.req_id),
        chain.exchange,
        str(chain.under_con_id),
        chain.trading_class,
        chain.multiplier,
        str(len(chain.expiries)),
        *chain.expiries,
        str(len(chain.strikes)),
        *(double(strike) for strike in chain.strikes),
    ]
