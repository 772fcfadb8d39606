"""Contracts as protobuf: as clients ask for them, and what TWS says about them."""

from twsim.codec_proto.schema import Message, has, integer, new, number
from twsim.codec_text.fields import plain
from twsim.domain.contracts import Contract, Details
from twsim.messages import replies as say


def read_contract(message: Message) -> Contract:
    multiplier = plain(number(message, "multiplier")) if has(message, "multiplier") else ""
    return Contract(
        con_id=integer(message, "conId"),
        symbol=message.symbol,
        sec_type=message.secType,
        expiry=message.lastTradeDateOrContractMonth,
        strike=number(message, "strike"),
        right=message.right,
        multiplier=multiplier,
        exchange=message.exchange,
        primary_exchange=message.primaryExch,
        currency=message.currency,
        local_symbol=message.localSymbol,
        trading_class=message.tradingClass,
        include_expired=message.includeExpired,
        sec_id_type=message.secIdType,
        sec_id=message.secId,
        issuer_id=message.issuerId,
    )


def contract_message(contract: Contract, *, exchange: str | None = None) -> Message:
    """conId to trading class, as orders, executions and positions carry them.

    Unlike in text, the right of what has none is absent.
    """
    return new(
        "Contract",
        conId=contract.con_id,
        symbol=contract.symbol,
        secType=contract.sec_type,
        lastTradeDateOrContractMonth=contract.expiry or None,
        strike=contract.strike,
        right=contract.right or None,
        multiplier=_multiplier(contract),
        exchange=contract.exchange if exchange is None else exchange or None,
        currency=contract.currency,
        localSymbol=contract.local_symbol,
        tradingClass=contract.trading_class,
    )


def _multiplier(contract: Contract) -> float | None:
    return float(contract.multiplier) if contract.multiplier else None


def details_message(reply: say.ContractDetails, _: int) -> Message:
    """Message 10."""
    details = reply.details
    return new(
        "ContractData",
        reqId=reply.req_id,
        contract=_detailed_contract(details),
        contractDetails=_details(details),
    )


def _detailed_contract(details: Details) -> Message:
    message = contract_message(details.contract)
    date = details.contract.expiry
    if date and details.last_trade_time:
        shown = f"{date} {details.last_trade_time} {details.time_zone}"
        message.lastTradeDateOrContractMonth = shown
    if date:
        message.lastTradeDate = date
    if details.contract.primary_exchange:
        message.primaryExch = details.contract.primary_exchange
    return message


def _details(details: Details) -> Message:
    return new(
        "ContractDetails",
        marketName=details.market_name,
        minTick=plain(details.min_tick),
        orderTypes=details.order_types,
        validExchanges=details.valid_exchanges,
        priceMagnifier=details.price_magnifier,
        underConId=details.under_con_id,
        longName=details.long_name,
        contractMonth=details.contract_month or None,
        industry=details.industry or None,
        category=details.category or None,
        subcategory=details.subcategory or None,
        timeZoneId=details.time_zone,
        tradingHours=details.trading_hours,
        liquidHours=details.liquid_hours,
        secIdList={"ISIN": details.isin} if details.isin else None,
        aggGroup=details.agg_group,
        underSymbol=details.under_symbol or None,
        underSecType=details.under_sec_type or None,
        marketRuleIds=details.market_rule_ids,
        realExpirationDate=details.real_expiry or None,
        stockType=details.stock_type or None,
        minSize=details.min_size,
        sizeIncrement=details.size_increment,
        suggestedSizeIncrement=details.suggested_size_increment,
    )


def symbols_message(reply: say.SymbolSamples, _: int) -> Message:
    rows = [
        new(
            "ContractDescription",
            contract=new(
                "Contract",
                conId=match.contract.con_id,
                symbol=match.contract.symbol,
                secType=match.contract.sec_type,
                primaryExch=match.contract.primary_exchange or None,
                currency=match.contract.currency,
                description=match.description or None,
                issuerId=match.contract.issuer_id or None,
            ),
            derivativeSecTypes=match.derivative_sec_types,
        )
        for match in reply.matches
    ]
    return new("SymbolSamples", reqId=reply.req_id, contractDescriptions=rows)


def rule_message(reply: say.MarketRule, _: int) -> Message:
    steps = [
        new("PriceIncrement", lowEdge=step.low_edge, increment=step.increment)
        for step in reply.increments
    ]
    return new("MarketRule", marketRuleId=reply.rule_id, priceIncrements=steps)


def chain_message(reply: say.Chain, _: int) -> Message:
    chain = reply.chain
    return new(
        "SecDefOptParameter",
        reqId=reply.req_id,
        exchange=chain.exchange,
        underlyingConId=chain.under_con_id,
        tradingClass=chain.trading_class,
        multiplier=chain.multiplier,
        expirations=chain.expiries,
        strikes=chain.strikes,
    )
