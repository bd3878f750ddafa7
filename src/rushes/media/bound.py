"""Work on bytes nobody vouches for, in a child process with little memory and time, no disk, no secrets."""

import contextlib
import json
import os
import subprocess
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from threading import BoundedSemaphore
from types import MappingProxyType
from typing import Any

from rushes.core.errors import UsageError

# Many files at once wait here rather than in the machine's memory.
_AT_ONCE = BoundedSemaphore(4)
_NO_SETTINGS: Mapping[str, str] = MappingProxyType({})


@dataclass(frozen=True)
class Bounds:
    """What the child may use; ``timeout_s`` is by the clock on the wall."""

    memory_bytes: int = 2 * 2**30
    cpu_s: int = 20
    timeout_s: float = 60.0


def run_bound(
    module: str, arguments: tuple[str, ...], bounds: Bounds, settings: Mapping[str, str] = _NO_SETTINGS
) -> Any:
    """Run ``module``, which binds itself first (:func:`bind`) and answers with one JSON document.

    An answer with the key ``problem`` is the user's mistake. Raises UsageError for that, and where the child
    needs more than ``bounds`` or dies.
    """
    # -I: neither the environment nor the working folder chooses what the child imports.
    command = [sys.executable, "-I", "-m", module, str(bounds.memory_bytes), str(bounds.cpu_s), *arguments]
    threads = {"OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1"}
    with _AT_ONCE:
        try:
            done = subprocess.run(
                command, env={"PATH": os.defpath, **threads, **settings}, stdin=subprocess.DEVNULL,
                stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, timeout=bounds.timeout_s, check=False,
            )  # fmt: skip
        except subprocess.TimeoutExpired:
            raise UsageError(
                f"the file could not be examined within {bounds.timeout_s:g} s: send a smaller one"
            ) from None
    if done.returncode != 0:
        raise UsageError("the file could not be examined safely: save it again in another form and send that")
    answer = json.loads(done.stdout)
    if "problem" in answer:
        raise UsageError(answer["problem"])
    return answer


def bind(memory_bytes: int, cpu_s: int) -> None:
    """In the child: give up what looking at a file does not need; there is no way back."""
    import resource  # noqa: PLC0415  not everywhere, and only a child needs it

    most = {
        resource.RLIMIT_AS: memory_bytes, resource.RLIMIT_CPU: cpu_s, resource.RLIMIT_FSIZE: 0,
        resource.RLIMIT_CORE: 0, resource.RLIMIT_NOFILE: 32,
    }  # fmt: skip
    for kind, limit in most.items():
        # macOS knows no limit of address space.
        with contextlib.suppress(ValueError):
            resource.setrlimit(kind, (limit, limit))
