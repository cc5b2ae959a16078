"""Tracks of the library for the page's player: in ranges, and as WAV where browsers cannot decode them."""

from __future__ import annotations

import asyncio
import os
import re
import struct
import tempfile
from collections.abc import Iterator
from typing import BinaryIO

import numpy as np
from starlette.requests import Request
from starlette.responses import JSONResponse, Response, StreamingResponse

from tagger.errors import FileError
from tagger.sources import decode, sniff
from tagger.web.library import Item, Library

_CHUNK_BYTES = 2**18
_RANGE = re.compile(r"bytes=([0-9]{0,18})-([0-9]{0,18})")
_WAV_RATE = 32_000
_WAV_HEADER = struct.Struct("<4sI4s4sIHHIIHH4sI")

_TYPES = {
    "wav": "audio/wav",
    "flac": "audio/flac",
    "mpeg": "audio/mpeg",
    "aac": "audio/aac",
    "ogg": "audio/ogg",
    "mp4": "audio/mp4",
    "matroska": "audio/webm",
}
"""What browsers play, by what `sniff.container` calls it."""


class Media:
    """Gives tracks to the player.

    Args:
        library: Whose tracks; nothing outside its folder is given.
    """

    def __init__(self, library: Library) -> None:
        self._library = library

    async def answer(self, request: Request) -> Response:
        """Give a track, or the part of it that is asked for; `?as=wav` decodes it first."""
        item = self._library.item(request.path_params["id"])
        opened = None if item is None else await asyncio.to_thread(self._opened, item)
        if item is None or opened is None:
            return JSONResponse({"error": "this track is not in the library any more"}, 404)
        file, kind = opened
        if kind is None or request.query_params.get("as") == "wav":
            file.close()
            try:
                file = await asyncio.to_thread(_decoded, item)
            except FileError as error:
                return JSONResponse({"error": f"this track cannot be played: {error.reason}"}, 415)
            kind = "audio/wav"
        return _part(file, kind, request.headers.get("range", ""))

    def _opened(self, item: Item) -> tuple[BinaryIO, str | None] | None:
        """A track, and what browsers call its kind; None for one that they do not play."""
        file = self._library.opened(item)
        if file is None:
            return None
        try:
            return file, _TYPES.get(sniff.container(file.read(sniff.HEAD_BYTES)) or "")
        except OSError:
            file.close()
            return None


def _decoded(item: Item) -> BinaryIO:
    """A track as WAV, in one channel, in a file without a name."""
    file = tempfile.TemporaryFile()  # noqa: SIM115 - whoever plays it closes it
    try:
        file.write(bytes(_WAV_HEADER.size))
        for block in decode.blocks(item.path, _WAV_RATE):
            file.write((np.clip(block, -1, 1) * 32767).astype("<i2").tobytes())
    except BaseException:
        file.close()
        raise
    n_bytes = file.tell() - _WAV_HEADER.size
    file.seek(0)
    file.write(
        _WAV_HEADER.pack(
            *(b"RIFF", n_bytes + 36, b"WAVE", b"fmt ", 16, 1, 1),
            *(_WAV_RATE, 2 * _WAV_RATE, 2, 16, b"data", n_bytes),
        )
    )
    return file


def _part(file: BinaryIO, kind: str, asked: str) -> Response:
    """What was asked for of an open file: RFC 9110, 14, one range."""
    size = os.fstat(file.fileno()).st_size
    headers = {"Accept-Ranges": "bytes", "Content-Type": kind}
    found = _RANGE.fullmatch(asked.strip())
    first, last, status = 0, size - 1, 200
    if found and any(found.groups()):
        start, end = found.groups()
        first = int(start) if start else max(0, size - int(end))
        last = min(size - 1, int(end)) if start and end else size - 1
        if first > last:
            file.close()
            return Response(status_code=416, headers={"Content-Range": f"bytes */{size}"})
        status = 206
        headers["Content-Range"] = f"bytes {first}-{last}/{size}"
    headers["Content-Length"] = str(last - first + 1)
    return StreamingResponse(_chunks(file, first, last - first + 1), status, headers)


def _chunks(file: BinaryIO, first: int, n_bytes: int) -> Iterator[bytes]:
    with file:
        file.seek(first)
        while n_bytes > 0 and (chunk := file.read(min(n_bytes, _CHUNK_BYTES))):
            n_bytes -= len(chunk)
            yield chunk
