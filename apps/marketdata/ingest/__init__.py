"""What the broker reports about instruments becomes rows; each function is idempotent."""

from apps.marketdata.ingest.bars import on_bars
from apps.marketdata.ingest.instruments import on_contract_details, on_market_rules

__all__ = ["on_bars", "on_contract_details", "on_market_rules"]
