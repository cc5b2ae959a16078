"""The network on the CPU, by ONNX Runtime; the only importer of onnxruntime."""

from __future__ import annotations

import os

import numpy as np

from tagger.errors import ModelError
from tagger.inference import card as cards
from tagger.inference.artefact import Artefact
from tagger.inference.network import EMBEDDING, LOGITS, Array, check_fit, first_line, pair, unloadable, unusable

# More at a time leave the processor's caches, which was measured to cost 8 % at 64 windows, and 17 % at 128.
_WINDOWS_AT_A_TIME = 16
# Large windows make large intermediate results: 10 s of samples, 300 MB in a transformer.
_BYTES_AT_A_TIME = 2 * 2**20


class OnnxRuntime:
    """The network in ONNX Runtime, on the CPU.

    Args:
        artefact: The model folder.
        threads: Threads for one batch; 0 takes one for each core.

    Raises:
        ModelError: ONNX Runtime cannot be loaded, or does not accept the file, or it does not fit the card.
    """

    name = "onnx"
    device = "CPU"

    def __init__(self, artefact: Artefact, *, threads: int = 0) -> None:
        try:
            import onnxruntime  # 0.1 s, and a scan that finds everything in its cache needs none

            options = onnxruntime.SessionOptions()
        except Exception as error:  # its own libraries raise all sorts; remains of it are an empty module
            raise unloadable("ONNX Runtime", "onnxruntime", "keras", error) from error
        options.intra_op_num_threads = threads
        options.log_severity_level = 4
        # Threads that wait for work by spinning take a quarter of the processor from those that decode.
        options.add_session_config_entry("session.intra_op.allow_spinning", "0")
        try:
            self._session = onnxruntime.InferenceSession(
                os.fspath(artefact.onnx_file), options, providers=["CPUExecutionProvider"]
            )
        except Exception as error:  # the library's own exceptions share no base class but this
            raise unusable(artefact.onnx_file, error) from error
        inputs, outputs = self._session.get_inputs(), self._session.get_outputs()
        shapes = {output.name: output.shape for output in outputs}
        if len(inputs) != 1 or len(inputs[0].shape) != 3 or LOGITS not in shapes:
            raise ModelError(f"{artefact.onnx_file}: not a network from windows to logits")
        _, n_frames, n_bands = inputs[0].shape
        check_fit(artefact, artefact.onnx_file, n_frames, n_bands, shapes[LOGITS][-1])
        self._file = artefact.onnx_file
        self._input = inputs[0].name
        self._outputs = [name for name in (LOGITS, EMBEDDING) if name in shapes]

    def outputs(self, windows: Array) -> tuple[Array, Array]:
        """See `Runtime.outputs`."""
        n_at_a_time = max(1, min(_WINDOWS_AT_A_TIME, _BYTES_AT_A_TIME // windows[:1].nbytes))
        parts = [self._run(windows[n : n + n_at_a_time]) for n in range(0, len(windows), n_at_a_time)]
        return pair([np.concatenate(part) for part in zip(*parts, strict=True)])

    def logits(self, windows: Array) -> Array:
        """See `Runtime.logits`."""
        return self.outputs(windows)[0]

    def _run(self, windows: Array) -> list[Array]:
        try:
            return self._session.run(self._outputs, {self._input: windows})
        except Exception as error:  # as above
            raise ModelError(
                f"{self._file}: cannot hear windows of {windows.shape[1]} frames: {first_line(error)}",
                hint=cards.HINT,
            ) from error
