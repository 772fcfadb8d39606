"""The command line: python -m twsim --port P --scenario NAME …"""

import argparse
import asyncio
import gc
import logging
import signal
import sys
import time
from pathlib import Path
from typing import Any

from twsim import versions
from twsim.control import Control
from twsim.faults import BadFault, Faults
from twsim.server import LOOPBACK, Server
from twsim.settings import Settings, checked
from twsim.simulation import Simulation


def _port(text: str) -> int:
    if not text.isdigit() or int(text) > 65535:
        raise argparse.ArgumentTypeError(f"{text!r} is not a port: 0 (a free one) to 65535")
    return int(text)


def _version(text: str) -> int:
    if not text.isdigit() or not versions.LOWEST <= int(text) <= versions.HIGHEST:
        span = f"{versions.LOWEST} to {versions.HIGHEST}"
        raise argparse.ArgumentTypeError(f"{text!r} is not a server version served here: {span}")
    return int(text)


def _setting(text: str) -> tuple[str, float]:
    name, _, value = text.partition("=")
    try:
        return name, checked(name, float(value))
    except ValueError as error:
        raise argparse.ArgumentTypeError(f"{text!r}: {error}") from None


def _arguments(given: list[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="twsim", description="A TWS on a loopback socket.")
    parser.add_argument("--port", type=_port, default=7497, help="0 picks a free one")
    parser.add_argument("--server-version", type=_version, default=versions.DEFAULT)
    parser.add_argument("--scenario", default="demo", help="a name, or a .toml file")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--ledger", type=Path, default=None, help="appends JSON lines here")
    parser.add_argument("--control", type=_port, default=None, help="0 picks a free one")
    parser.add_argument("--step", type=float, default=None, help="seconds between market steps")
    parser.add_argument("--set", type=_setting, action="append", default=[], metavar="NAME=NUMBER")
    return parser.parse_args(given)


def _settings(arguments: argparse.Namespace, simulation: Simulation) -> Settings:
    """The scenario's [wire] table, and what the command line sets over it."""
    given = {"step": simulation.scenario.seconds_between_steps, **simulation.scenario.wire}
    given |= dict(arguments.set) | ({"step": arguments.step} if arguments.step else {})
    numbers: dict[str, Any] = {name: checked(name, value) for name, value in given.items()}
    return Settings(server_version=arguments.server_version, **numbers)


async def _serve(arguments: argparse.Namespace, simulation: Simulation) -> None:
    settings = _settings(arguments, simulation)
    server = Server(simulation, settings, seed=arguments.seed)
    faults = Faults(server, simulation)
    control = Control(server, simulation, faults, lambda: simulation.floor.ledger.rows)
    stop = asyncio.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        asyncio.get_running_loop().add_signal_handler(number, stop.set)
    await server.start(arguments.port)
    shown = ""
    if arguments.control is not None:
        shown = f" control={LOOPBACK}:{await control.start(arguments.control)}"
    faults.schedule(simulation.scenario.faults)
    sys.stdout.write(
        f"twsim listening={LOOPBACK}:{server.port}{shown} "
        f"server_version={settings.server_version} scenario={simulation.scenario.name}\n"
    )
    sys.stdout.flush()
    beats, stopped = asyncio.create_task(server.wait()), asyncio.create_task(stop.wait())
    done, _ = await asyncio.wait({beats, stopped}, return_when=asyncio.FIRST_COMPLETED)
    await control.stop()
    await server.stop()
    simulation.floor.ledger.close()
    if beats in done:
        await beats


def main(given: list[str] | None = None) -> int:
    arguments = _arguments(given)
    logging.basicConfig(format="twsim: %(message)s", stream=sys.stderr, level=logging.WARNING)
    try:
        simulation = Simulation.load(
            arguments.scenario, seed=arguments.seed, ledger_path=arguments.ledger, now=time.time
        )
        gc.collect()
        gc.freeze()
        asyncio.run(_serve(arguments, simulation))
    except (OSError, ValueError, BadFault) as error:
        sys.stderr.write(f"twsim: {_sentence(error, arguments)}\n")
        return 1
    return 0


def _sentence(error: Exception, arguments: argparse.Namespace) -> str:
    if isinstance(error, OSError) and error.errno in (98, 48, 13):
        ports = [str(port) for port in (arguments.port, arguments.control) if port]
        return f"cannot listen on {LOOPBACK} port {' or '.join(ports)}: {error.strerror or error}"
    return str(error)


if __name__ == "__main__":
    sys.exit(main())
