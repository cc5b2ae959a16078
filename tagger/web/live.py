"""The browser's microphone: samples come through a socket, and moments go back, as `tagger listen` has them."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

from starlette.websockets import WebSocket, WebSocketDisconnect, WebSocketState

from tagger import engine, pipeline
from tagger.errors import TaggerError
from tagger.records import Gap, Tagged, Track, Verdict
from tagger.sinks import chapters, moments
from tagger.sources.pushed import PushedSource
from tagger.web.ear import MOST_LIVE, Ear, in_thread

_NAME = "microphone"
_OPENING_SECONDS = 10.0
_MOST_SECONDS = 12 * 3600.0

Tell = Callable[[dict[str, Any]], None]


class Live:
    """Listens to a browser's microphone.

    The browser sends `{"sample_rate": …}`, then mono float32 samples, then `{"event": "stop"}`. It is told
    moments and a summary in the rows of `tagger listen --json`, gaps, and what went wrong.

    Args:
        ear: Hears it.
    """

    def __init__(self, ear: Ear) -> None:
        self._ear = ear

    async def answer(self, socket: WebSocket) -> None:
        """Listen until the browser stops, or is gone."""
        await socket.accept()
        halt = engine.Halt()
        try:
            with self._ear.place("live", MOST_LIVE):
                source = await self._source(socket, halt)
                await self._listen(socket, source, halt)
        except TaggerError as error:
            await _send(socket, {"event": "error", "error": error.message, "hint": error.hint})
        except (WebSocketDisconnect, TimeoutError):
            pass
        finally:
            halt.after_tracks_in_hand.set()
            halt.now.set()
        if socket.application_state == WebSocketState.CONNECTED:
            await socket.close()

    async def _source(self, socket: WebSocket, halt: engine.Halt) -> PushedSource:
        """What the browser says of its microphone."""
        said = await asyncio.wait_for(socket.receive(), _OPENING_SECONDS)
        try:
            rate = int(json.loads(said["text"])["sample_rate"])
        except (KeyError, TypeError, ValueError):
            raise TaggerError("a sample rate must come first") from None
        wanted = self._ear.plan.artefact.card.front_end.sample_rate
        return PushedSource(_NAME, rate, wanted, halt.after_tracks_in_hand)

    async def _listen(self, socket: WebSocket, source: PushedSource, halt: engine.Halt) -> None:
        rows: asyncio.Queue[dict[str, Any] | None] = asyncio.Queue()
        loop = asyncio.get_running_loop()

        def tell(row: dict[str, Any] | None) -> None:
            loop.call_soon_threadsafe(rows.put_nowait, row)

        async def send() -> None:
            while (row := await rows.get()) is not None:
                await _send(socket, row)

        hearing = asyncio.create_task(in_thread(self._hear, source, halt, tell))
        hearing.add_done_callback(lambda _: rows.put_nowait(None))
        sending = asyncio.create_task(send())
        try:
            await _received(socket, source, hearing)
        except WebSocketDisconnect:
            halt.now.set()
        halt.after_tracks_in_hand.set()
        await asyncio.wait({hearing})
        await asyncio.wait({sending})
        hearing.result()

    def _hear(self, source: PushedSource, halt: engine.Halt, tell: Tell) -> None:
        """Hear until the source ends; in a thread of its own."""
        plan = self._ear.plan

        def on_gap(gap: Gap) -> None:
            tell({"event": "gap", "seconds": gap.seconds, "reason": gap.reason})

        listening = pipeline.listen(
            source,
            plan,
            hold_seconds=self._ear.hold_seconds,
            halt=halt,
            limit_seconds=_MOST_SECONDS,
            on_gap=on_gap,
        )
        front_end = plan.artefact.card.front_end
        division = chapters.Chapters(plan.window_frames / front_end.frames_per_second)
        for moment in listening.moments():
            division.add(moment)
            tell(moments.moment_row(moment, len(self._ear.genres)))
        heard = division.close(listening.seconds)
        found = listening.verdict(Track(Path(_NAME)))
        result = Tagged(found) if isinstance(found, Verdict) else found
        lost = listening.lost_seconds
        shares = chapters.shares(heard)
        tell(moments.summary_row(result, len(self._ear.genres), source=_NAME, shares=shares, lost_seconds=lost))


async def _received(socket: WebSocket, source: PushedSource, hearing: asyncio.Task[None]) -> None:
    """Push what comes until the browser stops, or nobody hears any more."""
    while not hearing.done():
        coming = asyncio.ensure_future(socket.receive())
        await asyncio.wait({coming, hearing}, return_when=asyncio.FIRST_COMPLETED)
        if not coming.done():
            coming.cancel()
            return
        message = coming.result()
        if message["type"] == "websocket.disconnect":
            raise WebSocketDisconnect
        if message.get("bytes") is None:
            return
        source.push(message["bytes"])


async def _send(socket: WebSocket, row: dict[str, Any]) -> None:
    try:
        await socket.send_text(json.dumps(row))
    except (RuntimeError, WebSocketDisconnect):  # gone meanwhile; whoever receives notices
        return
