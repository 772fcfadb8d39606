"""The second source of closes: off without a key, marked as what it is, never in the way."""

import json
import threading
from collections.abc import Iterator
from datetime import timedelta
from http.server import BaseHTTPRequestHandler, HTTPServer
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest

from apps.marketdata import services
from apps.marketdata.models import Bar
from tests.factories import NOON
from tests.marketdata_data import instrument

pytestmark = pytest.mark.django_db
DAY = {"open": 10.1, "high": 11, "low": 9.5, "close": 10.5, "volume": 1000}


class House:
    """An HTTP server that answers as FMP does; `rows` None answers with an error."""

    def __init__(self) -> None:
        self.asked: list[dict[str, list[str]]] = []
        self.rows: Any = [{"symbol": "AAPL", "date": f"{NOON - timedelta(days=1):%F}", **DAY}]
        house = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                parts = urlsplit(self.path)
                assert parts.path == "/stable/historical-price-eod/full"
                house.asked.append(parse_qs(parts.query))
                self.send_response(200 if house.rows is not None else 403)
                self.end_headers()
                self.wfile.write(json.dumps(house.rows).encode())

            def log_message(self, format: str, *args: Any) -> None:  # noqa: A002  # its own name
                """Tests are quiet."""

        self.server = HTTPServer(("127.0.0.1", 0), Handler)
        self.address = f"http://127.0.0.1:{self.server.server_port}/stable"


@pytest.fixture
def house(settings: Any) -> Iterator[House]:
    made = House()
    thread = threading.Thread(target=made.server.serve_forever)
    thread.start()
    settings.FMP_API_KEY, settings.FMP_URL = "secret-key", made.address
    yield made
    made.server.shutdown()
    made.server.server_close()
    thread.join()


def test_closes_of_us_stocks_are_stored_with_their_source(house: House) -> None:
    apple, tencent = instrument(), instrument(2, "700", currency="HKD")
    assert services.fmp_closes_fetch(con_ids=[apple.con_id, tencent.con_id], at=NOON) == 1
    (bar,) = Bar.objects.all()
    assert (bar.instrument, float(bar.close), bar.source) == (apple, 10.5, "fmp")
    assert [query["symbol"] for query in house.asked] == [["AAPL"]]


def test_without_a_key_nothing_is_asked(house: House, settings: Any) -> None:
    settings.FMP_API_KEY = ""
    assert services.fmp_closes_fetch(con_ids=[instrument().con_id], at=NOON) == 0
    assert house.asked == []


@pytest.mark.parametrize("rows", [None, {"Error Message": "limit"}, [{"date": "soon"}], [DAY]])
def test_trouble_there_is_logged_without_the_key_and_stops_nothing(
    house: House, rows: Any, caplog: pytest.LogCaptureFixture
) -> None:
    house.rows = rows
    assert services.fmp_closes_fetch(con_ids=[instrument().con_id], at=NOON) == 0
    assert "no close of AAPL" in caplog.text
    assert "secret-key" not in caplog.text
    assert not Bar.objects.exists()
