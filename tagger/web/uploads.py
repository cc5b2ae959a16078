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
from tagger.errors import FileError, TaggerError
from tagger.explanation import Explanation
from tagger.records import Result, Tagged
from tagger.sinks import explained, report
from tagger.web.ear import MOST_WAITING, BusyError, Ear, in_thread
from tagger.web.library import Item

_MEBIBYTE = 2**20
_PULSE_SECONDS = 0.5
_PATIENCE_SECONDS = 60.0

# Of an explanation; the verdict that is shown is the one that was told before.
_NOT_TOLD = frozenset({"path", "status", "reason", "model", "neighbours"})

Tell = Callable[[dict[str, Any]], None]


class Uploads:
    """Takes uploads and answers with lines of JSON, the last of which is the verdict.

    Args:
        ear: Hears them.
        most_bytes: Longest that is taken.
        named: Tells which track of the shared library lies at a path, if one does.
    """

    def __init__(self, ear: Ear, most_bytes: int, named: Callable[[Path], Item | None]) -> None:
        self._ear, self._most_bytes, self._named = ear, most_bytes, named

    async def answer(self, request: Request) -> Response:
        """Hear the body of a request, which is the sound file itself; with `?why`, tell the reasons too."""
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
            except TimeoutError:
                return _refused(408, "nothing more came of the upload")
            except OSError as error:
                return _refused(507, f"the upload cannot be kept while it is heard: {error.strerror}")
            return self._answer(file, stack.pop_all(), with_reasons="why" in request.query_params)

    async def _received(self, request: Request, file: BinaryIO) -> bool:
        """Keep the body; False as soon as it is too long, whatever its header claims."""
        n_bytes, stream = 0, request.stream()
        while (chunk := await asyncio.wait_for(anext(stream, None), _PATIENCE_SECONDS)) is not None:
            n_bytes += len(chunk)
            if n_bytes > self._most_bytes:
                return False
            file.write(chunk)
        file.flush()
        return True

    def _answer(self, file: BinaryIO, needs: contextlib.ExitStack, *, with_reasons: bool) -> Response:
        """Begin to hear, and tell it in lines; what it needs is given back when the thread is done with it."""
        path, halt = Path(f"/proc/{os.getpid()}/fd/{file.fileno()}"), engine.Halt()
        rows: asyncio.Queue[dict[str, Any] | None] = asyncio.Queue()
        loop = asyncio.get_running_loop()

        def tell(row: dict[str, Any]) -> None:
            loop.call_soon_threadsafe(rows.put_nowait, row)

        def done(turn: asyncio.Task[None]) -> None:
            needs.close()
            rows.put_nowait(None)

        turn = asyncio.create_task(self._in_turn(path, halt, tell, with_reasons=with_reasons))
        turn.add_done_callback(done)
        return StreamingResponse(_lines(rows, turn, halt), media_type="application/x-ndjson")

    async def _in_turn(self, path: Path, halt: engine.Halt, tell: Tell, *, with_reasons: bool) -> None:
        async with self._ear.turn("hear"):
            result = await in_thread(self._ear.hear, path, halt)
        tell({"event": "verdict"} | row(result))
        if with_reasons and isinstance(result, Tagged):
            async with self._ear.turn("explain"):
                if not halt.now.is_set():
                    await in_thread(self._explain, path, tell)

    def _explain(self, path: Path, tell: Tell) -> None:
        try:
            found = self._ear.explain(path)
        except FileError as error:
            tell({"event": "explanation", "problem": error.reason})
            return
        except TaggerError as error:
            tell({"event": "explanation", "problem": error.message})
            return
        except Exception as error:  # the verdict was told, and stands
            tell({"event": "explanation", "problem": f"unexpected {type(error).__name__}: {error}"})
            return
        reasons = {name: value for name, value in explained.row(found).items() if name not in _NOT_TOLD}
        tell({"event": "explanation"} | reasons | {"neighbours": self._neighbours(found)})

    def _neighbours(self, found: Explanation) -> list[dict[str, Any]]:
        """Tracks of the shared library that sound alike; of others not even the names are told."""
        told = []
        for near in found.neighbours:
            item = self._named(near.path) if near.path is not None else None
            if item is not None:
                told.append(
                    {"id": item.id, "name": item.name, "similarity": near.similarity, "genre": near.genre}
                )
        return told

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
