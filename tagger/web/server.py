"""The page is served until somebody ends it."""

from __future__ import annotations

import asyncio
import contextlib
import ipaddress
import socket
from collections.abc import AsyncIterator, Iterable, Iterator

import uvicorn
from starlette.types import ASGIApp

from tagger import engine
from tagger.errors import SettingsError
from tagger.web.guard import Door

_NOTICES_STOP_SECONDS = 0.1
_ENDING_SECONDS = 3
_MOST_PUSHED_BYTES = 2**18
_USUAL_PORT = 80


def bound(host: str, port: int) -> socket.socket:
    """Take an address for the page.

    Args:
        host: Name or number of this computer; an empty one would be every address.
        port: 0 takes any that is free.

    Raises:
        SettingsError: It cannot be had.
    """
    try:
        family, *_, address = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)[0]
        return socket.create_server(address[:2], family=family)
    except OSError as error:
        hint = "give another --port; 0 takes any that is free" if host else "give a --host"
        reason = (error.strerror or str(error)).lower()
        raise SettingsError(f"the page cannot be at {host}, port {port}: {reason}", hint=hint) from error
    except (OverflowError, UnicodeError) as error:
        raise SettingsError(f"{host!r}, port {port}, is no address") from error


def door(asked: str, host: str, port: int, token: str) -> tuple[Door, str]:
    """Who may open a page at an address, and the address that is printed.

    Args:
        asked: What the user called the host.
        host: Its number.
        port: Where it is.
        token: What others must know; on this computer alone nobody needs one.
    """
    number = ipaddress.ip_address(host)
    if number.is_loopback:
        names = {"localhost", asked.lower(), _shown(host)}
        return Door(_hosts(names, port)), f"http://{_shown(host)}:{port}/"
    shown = socket.gethostname() if number.is_unspecified else _shown(host)
    hosts = frozenset() if number.is_unspecified else _hosts({asked.lower(), shown}, port)
    return Door(hosts, token), f"http://{shown}:{port}/?token={token}"


def _hosts(names: Iterable[str], port: int) -> frozenset[str]:
    """What browsers call them in the header `Host`, where the port that is usual is left out."""
    return frozenset(f"{name}:{port}" if port != _USUAL_PORT else name for name in names)


def _shown(host: str) -> str:
    """A host as it stands in addresses."""
    return f"[{host}]" if ":" in host else host


def serve(app: ASGIApp, listening: socket.socket, halt: engine.Halt) -> None:
    """Serve until the halt is set.

    Args:
        app: The page.
        listening: See `bound`; it is closed in the end.
        halt: `after_tracks_in_hand` ends it, once what is being answered is answered or three seconds are over.
    """
    config = uvicorn.Config(
        app,
        log_config=None,
        log_level="critical",
        access_log=False,
        lifespan="off",
        http="h11",
        ws="websockets-sansio",
        ws_max_size=_MOST_PUSHED_BYTES,
        ws_per_message_deflate=False,
        proxy_headers=False,
        server_header=False,
        timeout_graceful_shutdown=_ENDING_SECONDS,
    )
    asyncio.run(_served(_Server(config), listening, halt))


async def _served(server: uvicorn.Server, listening: socket.socket, halt: engine.Halt) -> None:
    async with _ended_by(server, halt):
        await server.serve([listening])


@contextlib.asynccontextmanager
async def _ended_by(server: uvicorn.Server, halt: engine.Halt) -> AsyncIterator[None]:
    async def look() -> None:
        while not halt.after_tracks_in_hand.is_set():
            await asyncio.sleep(_NOTICES_STOP_SECONDS)
        server.should_exit = True
        while not halt.now.is_set():
            await asyncio.sleep(_NOTICES_STOP_SECONDS)
        server.force_exit = True

    looking = asyncio.create_task(look())
    try:
        yield
    finally:
        looking.cancel()


class _Server(uvicorn.Server):
    """A server that leaves signals to the command line."""

    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        """Capture none."""
        yield
