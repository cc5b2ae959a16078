"""What the page can be asked: every address, and what answers."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable
from dataclasses import dataclass
from importlib import resources
from typing import Any

from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import BaseRoute, Route, WebSocketRoute
from starlette.types import ASGIApp

from tagger import __version__
from tagger.errors import TaggerError
from tagger.sinks import colours, page
from tagger.web.ear import Ear, in_thread
from tagger.web.guard import Door, Guard
from tagger.web.library import Library
from tagger.web.live import Live
from tagger.web.media import Media
from tagger.web.overview import Overview
from tagger.web.review import Review
from tagger.web.uploads import Uploads

_KINDS = {
    ".html": "text/html; charset=utf-8",
    ".css": "text/css; charset=utf-8",
    ".js": "text/javascript; charset=utf-8",
    ".svg": "image/svg+xml",
}
_MOST_SAID_BYTES = 2**14


@dataclass(frozen=True)
class Shared:
    """What is there where a library is shared.

    Attributes:
        library: Its tracks.
        review: What is said of them.
        overview: What an audit finds in them.
    """

    library: Library
    review: Review
    overview: Overview


def app(ear: Ear, door: Door, *, most_bytes: int, shared: Shared | None) -> ASGIApp:
    """The page.

    Args:
        ear: Hears.
        door: Who may ask.
        most_bytes: Longest upload.
        shared: The library, if one is shared.
    """
    about = {
        "version": __version__,
        "model": ear.plan.artefact.card.name,
        "genres": list(ear.genres),
        "colours": {genre: colours.css(genre, ear.genres) for genre in ear.genres},
        "most_bytes": most_bytes,
        "library": None if shared is None else shared.library.root.name,
    }
    named = (lambda path: None) if shared is None else shared.library.at
    routes: list[BaseRoute] = [
        *_files(),
        Route("/tokens.css", _text(page.TOKENS, ".css")),
        Route("/api/about", lambda request: JSONResponse(about)),
        Route("/api/hear", Uploads(ear, most_bytes, named).answer, methods=["POST"]),
        WebSocketRoute("/api/live", Live(ear).answer),
        *([] if shared is None else _of_library(shared)),
    ]
    inner = Starlette(routes=routes, exception_handlers=_HANDLERS)
    return Guard(inner, door)


def _of_library(shared: Shared) -> list[BaseRoute]:
    """What can be asked of a library."""
    library, review = shared.library, shared.review

    async def listed(request: Request) -> Response:
        rows = await asyncio.to_thread(lambda: [item.row() for item in library.items()])
        return JSONResponse(library.progress | {"rows": rows})

    async def audited(request: Request) -> Response:
        return JSONResponse(await in_thread(shared.overview.row))

    async def reported(request: Request) -> Response:
        text, policy = await in_thread(shared.overview.report)
        return Response(text, media_type="text/html", headers={"Content-Security-Policy": policy})

    async def scan(request: Request) -> Response:
        library.scan()
        return JSONResponse(library.progress)

    async def decide(request: Request) -> Response:
        said = await _said(request)
        await asyncio.to_thread(review.decide, said["id"], said.get("genre"), keeps=said.get("keep") is True)
        return await told()

    async def reopen(request: Request) -> Response:
        await asyncio.to_thread(review.reopen, (await _said(request))["id"])
        return await told()

    async def state(request: Request) -> Response:
        return await told()

    async def write(request: Request) -> Response:
        return await told(outcome=await asyncio.to_thread(review.write))

    async def undo(request: Request) -> Response:
        return await told(outcome=await asyncio.to_thread(review.undo))

    async def told(**more: Any) -> Response:
        return JSONResponse(more | library.progress | await asyncio.to_thread(review.state))

    return [
        Route("/api/library", listed),
        Route("/api/library/progress", lambda request: JSONResponse(library.progress)),
        Route("/api/library/scan", scan, methods=["POST"]),
        Route("/api/library/audit", audited),
        Route("/report", reported),
        Route("/api/review", state),
        Route("/api/review/decide", decide, methods=["POST"]),
        Route("/api/review/reopen", reopen, methods=["POST"]),
        Route("/api/review/write", write, methods=["POST"]),
        Route("/api/review/undo", undo, methods=["POST"]),
        Route("/audio/{id}", Media(library).answer),
    ]


async def _said(request: Request) -> dict[str, Any]:
    """The object that a request brings, which is small."""
    body = b""
    async for chunk in request.stream():
        body += chunk
        if len(body) > _MOST_SAID_BYTES:
            raise TaggerError("that is too much to say at once")
    try:
        said = json.loads(body)
    except (ValueError, RecursionError):
        said = None
    is_sound = isinstance(said, dict) and isinstance(said.get("id"), str)
    if not is_sound or not isinstance(said.get("genre"), str | None):
        raise TaggerError("a track and a genre must be said")
    return said


def _refused(request: Request, error: Exception) -> Response:
    """What was wrong, in a sentence."""
    hint = getattr(error, "hint", "")
    return JSONResponse({"error": getattr(error, "message", str(error)), "hint": hint}, 400)


def _not_there(request: Request, error: Exception) -> Response:
    status = error.status_code if isinstance(error, HTTPException) else 500
    return JSONResponse({"error": "there is nothing like this here"}, status)


def _unexpected(request: Request, error: Exception) -> Response:
    """A defect of ours; `Guard` tells the terminal."""
    return JSONResponse({"error": f"unexpected {type(error).__name__}: {error}"}, 500)


_HANDLERS: dict[Any, Callable[[Request, Exception], Response]] = {
    TaggerError: _refused,
    HTTPException: _not_there,
    Exception: _unexpected,
}


def _files() -> list[BaseRoute]:
    """The page's own files, read once; nothing else can be asked for by name."""
    folder = resources.files("tagger.web") / "static"
    routes: list[BaseRoute] = []
    for file in sorted(folder.iterdir(), key=lambda file: file.name):
        suffix = file.name[file.name.rfind(".") :]
        if suffix in _KINDS:
            address = "/" if file.name == "index.html" else f"/static/{file.name}"
            routes.append(Route(address, _text(file.read_text("utf-8"), suffix)))
    return routes


def _text(content: str, suffix: str) -> Callable[[Request], Response]:
    return lambda request: Response(content, headers={"Content-Type": _KINDS[suffix]})
