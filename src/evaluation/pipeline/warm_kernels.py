"""Kernels that are forked from a process which has imported everything once, where the system can do that.

A notebook still has a process of its own, which ends with the run; only the seconds of importing are saved.
"""

from __future__ import annotations

import gc
import multiprocessing
import os
import sys
import threading
import time
from collections.abc import Sequence
from multiprocessing import forkserver
from queue import Empty
from types import SimpleNamespace
from typing import Any

from jupyter_client.asynchronous import AsyncKernelClient
from jupyter_client.manager import AsyncKernelManager
from jupyter_client.provisioning import LocalProvisioner
from traitlets import Type

# elsewhere it is unsafe to fork a process that has loaded numerical libraries
POSSIBLE = sys.platform == "linux"
GARBAGE = 200_000  # objects that are made before it is looked for any that nobody needs
INLINE = "module://matplotlib_inline.backend_inline"


def processes(only: Sequence[str] = ()) -> Any:
    """How processes are started: by forking where that is possible, else anew.

    Not from this process, whose threads could hold locks, but from one that has imported everything that
    kernels need; or `only` the modules that are named, if nobody has asked before.
    """
    if not POSSIBLE:
        return multiprocessing.get_context("spawn")
    # a debugger that nobody uses would explain itself
    os.environ.setdefault("PYDEVD_DISABLE_FILE_VALIDATION", "1")
    server = multiprocessing.get_context("forkserver")
    server.set_forkserver_preload(list(only) or ["evaluation.pipeline.preloaded"])
    return server


def warm_up() -> None:
    """Begin to import what kernels need, in the process that they are forked from."""
    if POSSIBLE:
        processes()
        forkserver.ensure_running()


def serve(connection_file: str, folder: str, environment: dict[str, str]) -> None:
    """Be a kernel until told to stop or until the run that wanted it is gone."""
    # what was imported before stays, and what is drawn goes with its kernel: looking through it took a sixth
    gc.freeze()
    gc.set_threshold(GARBAGE)
    os.setsid()
    os.chdir(folder)
    os.environ.clear()
    os.environ.update(environment)
    import matplotlib
    from ipykernel.kernelapp import IPKernelApp

    # matplotlib was imported under another environment, and chooses when the first figure is drawn
    matplotlib.rcParams["backend"] = os.environ.setdefault("MPLBACKEND", INLINE)
    threading.Thread(target=_end_with_the_run, daemon=True).start()
    told = [
        f"--IPKernelApp.parent_handle={os.getppid()}",  # else it explains itself on the terminal
        "--HistoryManager.enabled=False",  # what a run executes is not what its user typed
    ]
    IPKernelApp.launch_instance(argv=["-f", connection_file, *told])


def _end_with_the_run() -> None:
    run = multiprocessing.parent_process()
    assert run is not None  # this process was started by one
    run.join()
    os._exit(1)


class _Provisioner(LocalProvisioner):
    async def launch_kernel(self, cmd: list[str], **given: Any) -> Any:
        told = (cmd[cmd.index("-f") + 1], str(given.get("cwd") or os.getcwd()), dict(given["env"]))
        process = processes().Process(target=serve, args=told, daemon=True)
        process.start()
        pid: Any = process.pid
        asked: Any = SimpleNamespace(  # as a subprocess.Popen
            poll=lambda: process.exitcode,
            wait=process.join,
            kill=process.kill,
            terminate=process.terminate,
            send_signal=lambda number: os.kill(pid, number),
            stdin=None,
            stdout=None,
            stderr=None,
        )
        self.process, self.pid = asked, pid
        return self.connection_info

    async def kill(self, restart: bool = False) -> None:
        await super().kill(restart=restart)
        if self.process:
            self.process.wait()  # else it is asked a tenth of a second later whether it is gone


class Client(AsyncKernelClient):
    """Talks to a kernel once it answers: the usual client waits for messages that nobody sends."""

    async def wait_for_ready(self, timeout: float | None = None) -> None:
        """Ask until the kernel answers and is heard; RuntimeError if it died or takes too long."""
        began = time.monotonic()
        while True:
            self.kernel_info()
            try:
                await self.get_shell_msg(timeout=1)
                await self.get_iopub_msg(timeout=0.2)
                return
            except Empty:
                if not await self.is_alive():
                    raise RuntimeError("the kernel died before it answered") from None
                if timeout is not None and time.monotonic() - began > timeout:
                    raise RuntimeError(f"the kernel did not answer within {timeout:.0f} seconds") from None


class WarmKernels(AsyncKernelManager):
    """Starts kernels by forking."""

    client_factory = Type(Client)

    async def _async_pre_start_kernel(self, **given: Any) -> Any:
        if self.provisioner is None:
            self.provisioner = _Provisioner(
                kernel_id=self.kernel_id, kernel_spec=self.kernel_spec, parent=self
            )
        return await super()._async_pre_start_kernel(**given)
