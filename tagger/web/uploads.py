"""What a browser sends to be heard: in a file without a name while it is heard, and nowhere afterwards.

The name that the browser knows is never asked for. A file that has no name is given back by the system when it
is closed, also when this process is killed.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import os
import tempfile
from collections.abc import AsyncIterator, Callable
from pathlib import Path
from typing import Any, BinaryIO

from starlette.requests import ClientDisconnect, Request
from starlette.responses import JSONResponse, Response, StreamingResponse

from tagger import engine
from tagger.errors import TaggerError
from tagger.records import Result
from tagger.sinks import report
from tagger.web.ear import MOST_WAITING, BusyError, Ear

_MEBIBYTE = 2**20
_PULSE_SECONDS = 0.5


class Uploads:
    """Takes uploads and answers with lines of JSON, the last of which is the verdict.

    Args:
        ear: Hears them.
        most_bytes: Longest that is taken.
    """

    def __init__(self, ear: Ear, most_bytes: int) -> None:
        self._ear, self._most_bytes = ear, most_bytes

    async def answer(self, request: Request) -> Response:
        """Hear the body of a request, which is the sound file itself."""
        with contextlib.ExitStack() as stack:
            try:
                stack.enter_context(self._ear.place("upload", MOST_WAITING))
            except BusyError as error:
                return _refused(503, error.message, error.hint)
            if int(request.headers.get("content-length", 0)) > self._most_bytes:
                return self._too_long()
            file = stack.enter_context(tempfile.TemporaryFile())
            try:
                if not await self._received(request, file):
                    return self._too_long()
            except ClientDisconnect:
                return Response(status_code=400)
            except OSError as error:
                return _refused(507, f"the upload cannot be kept while it is heard: {error.strerror}")
            return self._answer(file, stack.pop_all())

    async def _received(self, request: Request, file: BinaryIO) -> bool:
        """Keep the body; False as soon as it is too long, whatever its header claims."""
        n_bytes = 0
        async for chunk in request.stream():
            n_bytes += len(chunk)
            if n_bytes > self._most_bytes:
                return False
            file.write(chunk)
        file.flush()
        return True

    def _answer(self, file: BinaryIO, needs: contextlib.ExitStack) -> Response:
        """Begin to hear, and tell it in lines; what it needs is given back when the thread is done with it."""
        path, halt = Path(f"/proc/{os.getpid()}/fd/{file.fileno()}"), engine.Halt()
        rows: asyncio.Queue[dict[str, Any] | None] = asyncio.Queue()
        loop = asyncio.get_running_loop()

        def tell(row: dict[str, Any]) -> None:
            loop.call_soon_threadsafe(rows.put_nowait, row)

        def done(turn: asyncio.Task[None]) -> None:
            needs.close()
            rows.put_nowait(None)

        turn = asyncio.create_task(self._in_turn(path, halt, tell))
        turn.add_done_callback(done)
        return StreamingResponse(_lines(rows, turn, halt), media_type="application/x-ndjson")

    async def _in_turn(self, path: Path, halt: engine.Halt, tell: Callable[[dict[str, Any]], None]) -> None:
        async with self._ear.turn():
            await asyncio.to_thread(self._hear, path, halt, tell)

    def _hear(self, path: Path, halt: engine.Halt, tell: Callable[[dict[str, Any]], None]) -> None:
        tell({"event": "verdict"} | row(self._ear.hear(path, halt)))

    def _too_long(self) -> Response:
        return _refused(
            413,
            f"the file is longer than {self._most_bytes / _MEBIBYTE:g} MiB",
            "`tagger ui --max-upload MIB` takes longer ones, `tagger scan` takes any",
        )


async def _lines(
    rows: asyncio.Queue[dict[str, Any] | None], turn: asyncio.Task[None], halt: engine.Halt
) -> AsyncIterator[bytes]:
    """Rows as lines of JSON, and a sign of life twice a second, which tells whether anybody still listens."""
    try:
        while True:
            try:
                told = await asyncio.wait_for(rows.get(), _PULSE_SECONDS)
            except TimeoutError:
                told = {"event": "hearing"}
            if told is None:
                break
            yield json.dumps(told).encode() + b"\n"
        if problem := turn.exception():
            reason = problem.message if isinstance(problem, TaggerError) else f"unexpected {problem!r}"
            yield json.dumps({"event": "verdict", "status": "failed", "reason": reason}).encode() + b"\n"
    finally:
        halt.now.set()


def row(result: Result) -> dict[str, Any]:
    """What a report says of a track, but for where it lies here."""
    return {name: value for name, value in report.fields(result).items() if name != "path"}


def _refused(status: int, error: str, hint: str = "") -> Response:
    """A refusal; the connection ends with it, since the rest of the upload is not read."""
    return JSONResponse({"error": error, "hint": hint}, status, {"Connection": "close"})
