"""A scan that is begun and heard for one window, in a process that may fail: what `tagger doctor` learns from.

What loads a library loads it inside a function, where it may be broken.
"""

from __future__ import annotations

import contextlib
import json
import os
import signal
import subprocess
import tempfile
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from tagger import children
from tagger.errors import ModelError, TaggerError

if TYPE_CHECKING:
    from tagger.engine import Plan

_PROGRAM = "from tagger import rehearsal; rehearsal.rehearse()"
_MOST_SECONDS = 300  # to load TensorFlow from a slow disk takes a minute


def outcome() -> dict[str, Any]:
    """What comes of a rehearsal in a process of its own; this one loads no network's library."""
    said, end = b"", ""
    try:
        with tempfile.TemporaryDirectory() as folder:
            # Keras makes its folder where there is none, and loads Matplotlib, which does so too.
            has_keras = Path(os.environ.get("HOME", "/"), ".keras").exists()
            environ = os.environ if has_keras else {"KERAS_HOME": folder, "MPLCONFIGDIR": folder} | os.environ
            run = subprocess.run(
                children.command(_PROGRAM),
                stdin=subprocess.DEVNULL,
                stdout=subprocess.PIPE,
                stderr=subprocess.DEVNULL,
                env=environ,
                timeout=_MOST_SECONDS,
                check=False,
            )
            said, code = run.stdout, run.returncode
            end = f"ends with {signal.Signals(-code).name}" if code < 0 else f"ends with {code}" if code else ""
    except subprocess.TimeoutExpired as error:
        said, end = error.stdout or b"", f"does not end within {_MOST_SECONDS} s"
    except OSError as error:
        end = f"cannot begin: {error.strerror}"
    lines = [line for line in said.splitlines() if line.startswith(b'{"problems": ')]  # libraries may print too
    found: dict[str, Any] = json.loads(lines[-1]) if lines else {"problems": []}
    if end:
        problem = {
            "problem": f"a process that tries the network {end}",
            "hint": "set TAGGER_RUNTIME to another runtime",
        }
        found["problems"].append({"section": "runtime"} | problem)
    return found


def rehearse() -> None:
    """Begin as a scan begins, and let the network hear noise; the last line printed tells what came of it.

    It is JSON, as `diagnosis.examine` wants it. Whatever is broken ends here, and what a library
    loads is gone with the process.
    """
    found: dict[str, Any] = {"problems": []}
    with _told(found, "versions"):
        from tagger import diagnosis, pipeline, settings, tagging
        from tagger.sinks import cache

        chosen = diagnosis.in_force().settings
        found |= {"cache_format": cache.FORMAT, "threads": pipeline.threads(pipeline.jobs(chosen))}
        plan = None
        with _told(found, "configuration"):
            plan = pipeline.prepare(chosen)
        with contextlib.suppress(TaggerError, OSError):  # such settings are told, and the model may be fine
            plan = plan or pipeline.prepare(settings.Settings(model=chosen.model, runtime=chosen.runtime))
        if plan is not None:
            with _told(found, "configuration"):
                tagging.prepare(chosen, plan.artefact.card)
            print(json.dumps(found), flush=True)  # a library may end the process
            with _told(found, "runtime"):
                _hear_noise(plan)
    print(json.dumps(found), flush=True)


def _hear_noise(plan: Plan) -> None:
    """Run the network on one window."""
    import numpy as np

    shape = 1, plan.window_frames, plan.artefact.card.front_end.n_bands
    logits = plan.runtime.logits(np.random.default_rng(0).normal(-40, 15, shape).astype(np.float32))
    if not np.isfinite(logits).all():
        raise ModelError(f"{plan.artefact.folder}: the network gives no numbers on the {plan.runtime.device}")


@contextlib.contextmanager
def _told(found: Mapping[str, Any], section: str) -> Iterator[None]:
    """Keep what goes wrong as a problem."""
    from tagger import diagnosis

    try:
        yield
    except Exception as error:  # whatever would end a scan is what we are to tell
        problem, hint = diagnosis.told(error)
        found["problems"].append({"section": section, "problem": problem, "hint": hint})
