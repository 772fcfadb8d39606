"""supervisord as a child of the launcher: started, kept alive, and stopped with all it started."""

import os
import signal
import subprocess
import sys
from pathlib import Path

from ibportal.run.tether import tie_to_parent

STOP_WITHIN = 30.0


class Supervisor:
    """supervisord restarts what dies; the launcher restarts supervisord."""

    def __init__(self, var: Path, configuration: str) -> None:
        self._configuration = var / "supervisord.conf"
        self._configuration.write_text(configuration, encoding="utf-8")
        self._process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        # An own session: Ctrl-C reaches the launcher alone, which stops things in order.
        self._process = subprocess.Popen(  # noqa: S603  # our own command line
            [sys.executable, "-m", "supervisor.supervisord", "-c", str(self._configuration)],
            start_new_session=True,
            preexec_fn=tie_to_parent,  # noqa: PLW1509  # a single system call, no locks
            stdin=subprocess.DEVNULL,
        )

    def keep(self) -> None:
        """Starts supervisord again when somebody has killed it."""
        if self._process is not None and self._process.poll() is not None:
            self.start()

    def stop(self) -> None:
        if self._process is None or self._process.poll() is not None:
            return
        self._process.send_signal(signal.SIGTERM)
        try:
            self._process.wait(STOP_WITHIN)
        except subprocess.TimeoutExpired:
            os.killpg(self._process.pid, signal.SIGKILL)
            self._process.wait()
