"""Packages whose parts compile themselves when they are loaded, and keep the outcome beside them."""

from __future__ import annotations

import contextlib
import fcntl
import importlib.util
import os
from collections.abc import Iterator


@contextlib.contextmanager
def alone(package: str) -> Iterator[None]:
    """Keep other processes that ask for the same from loading a package until this one has.

    Where two compile a universal function of Numba at once, each may keep a half that does not fit the other's,
    and every process that loads them crashes (https://github.com/numba/numba/issues/10128). Where the file
    system has no locks, nobody is kept off.

    Args:
        package: Its name; if there is none, nothing happens.
    """
    spec = importlib.util.find_spec(package)
    with contextlib.ExitStack() as held:
        for folder in (spec.submodule_search_locations or ()) if spec else ():
            with contextlib.suppress(OSError):
                descriptor = os.open(folder, os.O_RDONLY | os.O_CLOEXEC)
                held.callback(os.close, descriptor)
                fcntl.flock(descriptor, fcntl.LOCK_EX)
        yield
