"""Sessions as a real ibapi client meets them: handshake, START_API, ids, time, taken ids."""

import socket
import time

import pytest

from tests.wire.conftest import Connect, StartSimulator
from tests.wire.simulator import Simulator, wait_until
from tests.wire.tws_client import TwsClient, order, stock

START_API = b"71\x002\x0044\x00\x00"


def _frame(payload: bytes) -> bytes:
    return len(payload).to_bytes(4, "big") + payload


def _read_frame(plain: socket.socket) -> list[str]:
    size = int.from_bytes(_exactly(plain, 4), "big")
    return _exactly(plain, size).decode().removesuffix("\0").split("\0")


def _exactly(plain: socket.socket, size: int) -> bytes:
    data = b""
    while len(data) < size:
        piece = plain.recv(size - len(data))
        if not piece:
            raise EOFError
        data += piece
    return data


def _hello(simulator: Simulator, versions: bytes) -> socket.socket:
    plain = socket.create_connection(("127.0.0.1", simulator.port), timeout=30)
    plain.sendall(b"API\0" + _frame(versions))
    return plain


def _closed(plain: socket.socket) -> bool:
    try:
        return plain.recv(4096) == b""
    except ConnectionResetError:
        return True


def test_a_session_opens_in_the_recorded_order(standing_twsim: Simulator, connect: Connect) -> None:
    client = connect(standing_twsim)
    assert client.serverVersion() == standing_twsim.server_version
    names = [name for name in client.names() if name != "connectAck"]
    assert names == ["managedAccounts", "nextValidId", "error", "error", "error"]
    assert client.wait("managedAccounts") == ("DU1234567,DU7654321",)
    assert client.wait("nextValidId")[0] >= 1
    errors = [(found[0], found[2], found[3]) for found in client.all("error")]
    assert errors == [
        (-1, 2104, "Market data farm connection is OK:usfarm"),
        (-1, 2106, "HMDS data farm connection is OK:ushmds"),
        (-1, 2158, "Sec-def data farm connection is OK:secdefnj"),
    ]


def test_errors_carry_their_time_from_version_194(client: TwsClient) -> None:
    at_ms = client.all("error")[0][1]
    if client.serverVersion() < 194:
        assert at_ms == 0
    else:
        assert abs(at_ms - time.time() * 1000) < 60_000


def test_ids_accounts_and_time_are_answered(client: TwsClient) -> None:
    client.forget()
    client.reqIds(-1)
    client.reqManagedAccts()
    client.reqCurrentTime()
    assert client.wait("nextValidId") == (1,)
    assert client.wait("managedAccounts") == ("DU1234567,DU7654321",)
    assert abs(client.wait("currentTime")[0] - time.time()) < 60


def test_time_in_milliseconds_is_answered_from_version_197(client: TwsClient) -> None:
    client.reqCurrentTimeInMillis()
    if client.serverVersion() < 197:
        assert client.wait("error", lambda *found: found[2] == 503)  # made by the client
    else:
        assert abs(client.wait("currentTimeInMillis")[0] - time.time() * 1000) < 60_000


def test_a_taken_client_id_gets_326_and_is_closed(twsim: StartSimulator, connect: Connect) -> None:
    simulator = twsim()
    first = connect(simulator, 5)
    second = connect(simulator, 5, ready=False)
    assert second.error_for(-1, 326).startswith("Unable to connect as the client id is already")
    second.wait("connectionClosed")
    assert "nextValidId" not in second.names()
    first.forget()
    first.reqCurrentTime()
    first.wait("currentTime")


def test_a_client_id_is_free_again_after_its_client_left(
    twsim: StartSimulator, connect: Connect
) -> None:
    simulator = twsim()
    connect(simulator, 5).shut()
    wait_until(lambda: simulator.state()["wire"]["clients"] == [])
    connect(simulator, 5)


def test_a_returning_client_hears_of_its_open_orders_first(
    twsim: StartSimulator, connect: Connect
) -> None:
    simulator = twsim()
    first = connect(simulator, 8)
    wanted = order("BUY", 5, "LMT", lmtPrice=100.5, tif="GTC", account="DU1234567")
    first.placeOrder(first.wait("nextValidId")[0], stock(), wanted)
    first.wait("orderStatus", lambda _, status, *__: status == "Submitted")
    first.shut()
    wait_until(lambda: simulator.state()["wire"]["clients"] == [])
    again = connect(simulator, 8)
    names = [name for name in again.names() if name != "connectAck"]
    assert names[:5] == [
        "openOrder",
        "orderStatus",
        "openOrderEnd",
        "managedAccounts",
        "nextValidId",
    ]
    assert again.wait("nextValidId") == (2,)


def test_nothing_is_sent_between_handshake_and_start_api(twsim: StartSimulator) -> None:
    with _hello(twsim(), b"v100..200") as plain:
        version, when = _read_frame(plain)
        assert version == "200"
        assert len(when.split(" ")) == 3
        plain.settimeout(0.4)
        with pytest.raises(TimeoutError):
            plain.recv(1)
        plain.settimeout(30)
        plain.sendall(_frame(START_API))
        assert _read_frame(plain)[0] == "15"


@pytest.mark.parametrize(
    ("versions", "answered"), [(b"v100..187", "187"), (b"v100..300", "200"), (b"v190", "190")]
)
def test_the_version_is_the_lower_of_both(
    twsim: StartSimulator, versions: bytes, answered: str
) -> None:
    with _hello(twsim(), versions) as plain:
        assert _read_frame(plain)[0] == answered


@pytest.mark.parametrize("versions", [b"v100..150", b"v201..220", b"v164"])
def test_a_client_without_a_common_version_is_told_ours_and_closed(
    twsim: StartSimulator, versions: bytes
) -> None:
    simulator = twsim()
    with _hello(simulator, versions) as plain:
        assert _read_frame(plain)[0] == "176"
        assert _closed(plain)
    assert "refused a client" in simulator.errors()


def test_a_client_that_sends_byte_by_byte_is_served(twsim: StartSimulator) -> None:
    simulator = twsim()
    with socket.create_connection(("127.0.0.1", simulator.port), timeout=30) as plain:
        plain.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        for byte in b"API\0" + _frame(b"v100..200"):
            plain.sendall(bytes([byte]))
        assert _read_frame(plain)[0] == "200"
        for byte in _frame(START_API) + _frame(b"49\x001\x00"):
            plain.sendall(bytes([byte]))
        seen = [_read_frame(plain)[0] for _ in range(6)]
        assert seen == ["15", "9", "4", "4", "4", "49"]


@pytest.mark.parametrize(
    "garbage",
    [b"GET / HTTP/1.1\r\n\r\n", b"API\0\xff\xff\xff\xffxxxx", b"API\0" + _frame(b"hello")],
)
def test_a_stream_that_is_not_ours_is_closed(twsim: StartSimulator, garbage: bytes) -> None:
    simulator = twsim()
    with socket.create_connection(("127.0.0.1", simulator.port), timeout=30) as plain:
        plain.sendall(garbage)
        assert _closed(plain)
    assert simulator.state()["wire"]["connections"] == 0


@pytest.mark.parametrize("frame", [b"abc\x00def\x00", b"62\x001\x00 no end"])
def test_a_frame_that_cannot_be_read_closes_that_client_alone(
    twsim: StartSimulator, connect: Connect, frame: bytes
) -> None:
    simulator = twsim()
    other = connect(simulator)
    with _hello(simulator, b"v100..200") as plain:
        _read_frame(plain)
        plain.sendall(_frame(START_API))
        for _ in range(5):
            _read_frame(plain)
        plain.sendall(_frame(frame))
        assert _closed(plain)
    other.forget()
    other.reqCurrentTime()
    other.wait("currentTime")


def test_a_malformed_field_gets_320_with_its_request_id(twsim: StartSimulator) -> None:
    with _hello(twsim(), b"v100..200") as plain:
        _read_frame(plain)
        plain.sendall(_frame(START_API))
        for _ in range(5):
            _read_frame(plain)
        plain.sendall(_frame(b"1\x0011\x0077\x00notanumber\x00AAPL\x00"))
        fields = _read_frame(plain)
        assert fields[:3] == ["4", "77", "320"]
        assert "notanumber" in fields[3]


def test_a_message_that_is_not_simulated_gets_505(client: TwsClient) -> None:
    client.reqNewsProviders()
    assert "docs/wire.md" in client.error_for(-1, 505)
    client.reqTickByTickData(881, stock(), "Last", 0, ignoreSize=True)
    client.error_for(881, 505)


def test_more_than_fifty_messages_a_second_get_100_then_the_end(
    twsim: StartSimulator, connect: Connect
) -> None:
    client = connect(twsim())

    def flood() -> bool:
        for _ in range(120):
            client.reqCurrentTime()
        return "connectionClosed" in client.names()

    flood()
    client.error_for(-1, 100)
    assert len(client.all("currentTime")) <= 50
    wait_until(flood, seconds=30, says="disconnected after repeated floods")


def test_the_thirty_third_client_is_not_let_in(twsim: StartSimulator, connect: Connect) -> None:
    simulator = twsim(options=("--set", "clients=2"))
    connect(simulator, 1)
    connect(simulator, 2)
    with _hello(simulator, b"v100..200") as plain:
        assert _closed(plain)


def test_a_client_that_does_not_read_is_cut_off(twsim: StartSimulator, connect: Connect) -> None:
    simulator = twsim("demo", options=("--set", "unread_bytes=20000"))
    with _hello(simulator, b"v100..200") as plain:
        plain.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        _read_frame(plain)
        plain.sendall(_frame(START_API))
        details = "9\x008\x001\x000\x00AAPL\x00OPT\x00\x00\x00\x00\x00\x00\x00USD"
        ask = _frame((details + "\0\0\0" + "0\0\0\0\0").encode())

        def gone() -> bool:
            try:
                plain.sendall(ask)
            except (ConnectionError, TimeoutError):
                return True
            return bool(simulator.state()["wire"]["connections"] == 0)

        wait_until(gone, seconds=30)
