"""Fixtures of the wire tests: simulators, and real ibapi clients that remember what they heard."""

import itertools
import sys
from collections.abc import Callable, Iterator

import pytest

from tests.wire.simulator import Simulator
from tests.wire.tws_client import TwsClient

StartSimulator = Callable[..., Simulator]
Connect = Callable[..., TwsClient]
_client_ids = itertools.count(100)


@pytest.fixture
def twsim() -> Iterator[StartSimulator]:
    """Starts simulators: twsim(scenario="quiet", server_version=200, seed=1, options=())."""
    started: list[Simulator] = []

    def start(
        scenario: str = "quiet",
        *,
        server_version: int = 200,
        seed: int = 1,
        port: int = 0,
        step: float | None = 0.05,
        options: tuple[str, ...] = (),
    ) -> Simulator:
        arguments = ["--port", str(port), "--control", "0", "--scenario", scenario]
        arguments += ["--server-version", str(server_version), "--seed", str(seed)]
        arguments += ["--step", str(step)] if step is not None else []
        simulator = Simulator([*arguments, *options])
        started.append(simulator)
        return simulator

    yield start
    for simulator in started:
        simulator.stop()
        # pytest shows captured stderr where a test fails
        sys.stderr.write(simulator.errors())


@pytest.fixture(scope="module", params=[176, 200, 226], ids=lambda version: f"v{version}")
def standing_twsim(request: pytest.FixtureRequest) -> Iterator[Simulator]:
    """One quiet simulator for a whole module: oldest and newest text, newest protobuf."""
    version = ["--server-version", str(request.param), "--step", "0.05"]
    arguments = ["--port", "0", "--control", "0", "--scenario", "quiet", *version]
    simulator = Simulator([*arguments, "--set", "history_requests=100000"])
    yield simulator
    simulator.stop()


@pytest.fixture
def connect() -> Iterator[Connect]:
    """Connects real ibapi clients: connect(simulator, client_id=…); ready unless told otherwise."""
    opened: list[TwsClient] = []

    def open_client(
        simulator: Simulator, client_id: int | None = None, *, ready: bool = True
    ) -> TwsClient:
        client = TwsClient()
        opened.append(client)
        client.open(simulator.port, next(_client_ids) if client_id is None else client_id)
        if ready:
            client.ready()
        return client

    yield open_client
    for client in opened:
        client.shut()


@pytest.fixture
def client(standing_twsim: Simulator, connect: Connect) -> TwsClient:
    """A ready client of the module's simulator."""
    return connect(standing_twsim)
