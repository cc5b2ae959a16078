"""Who may ask, and what a browser may do with the answers.

A page of another site can make a browser send requests to this computer, and can give its own name our address
(DNS rebinding). So every request must name a host that is ours; whatever changes something, or opens a socket,
must come from our own page; and only our own page may embed what is answered.
"""

from __future__ import annotations

import hmac
import http.cookies
import urllib.parse
from collections.abc import Mapping
from dataclasses import dataclass

from starlette.datastructures import Headers, MutableHeaders
from starlette.responses import JSONResponse, RedirectResponse, Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send
from starlette.websockets import WebSocketClose

from tagger.sinks import display

_COOKIE = "tagger"
_HARMLESS = frozenset({"GET", "HEAD"})
_POLICY_VIOLATION = 1008

_HEADERS = {
    "Content-Security-Policy": (
        "default-src 'none'; script-src 'self'; worker-src 'self'; style-src 'self'; "
        "img-src 'self' data: blob:; media-src 'self' blob:; connect-src {connect}; "
        "base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
    ),
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Permissions-Policy": "microphone=(self), camera=(), geolocation=()",
    "Referrer-Policy": "no-referrer",
    "X-Content-Type-Options": "nosniff",
}


@dataclass(frozen=True)
class Door:
    """Which requests are let in.

    Attributes:
        hosts: What the header `Host` may be, with the port; empty for anything, where a token is asked for.
        token: What the first request must know, and a cookie keeps; empty for nothing.
    """

    hosts: frozenset[str]
    token: str = ""

    def refusal(self, scope: Scope) -> str:
        """Why a request is not let in; empty if it is."""
        headers = Headers(scope=scope)
        host = headers.get("host", "")
        if self.hosts and host.lower() not in self.hosts:
            return "this page answers to its own address only"
        changes = scope["type"] == "websocket" or scope["method"] not in _HARMLESS
        if changes and headers.get("origin", "").lower() != f"http://{host.lower()}":
            return "this may be asked by the page itself only"
        is_embedded = headers.get("sec-fetch-site", "none") in {"cross-site", "same-site"}
        if is_embedded and scope["path"] != "/":
            return "other sites may not use what is here"
        if self.token and not self._is_known(headers, scope):
            return "the address lacks its token: open the one that `tagger ui` printed"
        return ""

    def is_key(self, scope: Scope) -> bool:
        """Whether a request brings the token in its address."""
        query = urllib.parse.parse_qs(scope.get("query_string", b"").decode("ascii", "replace"))
        return bool(self.token) and _same(query.get("token", [""])[-1], self.token)

    def _is_known(self, headers: Mapping[str, str], scope: Scope) -> bool:
        try:
            cookie = http.cookies.SimpleCookie(headers.get("cookie", "")).get(_COOKIE)
        except http.cookies.CookieError:
            cookie = None
        return self.is_key(scope) or (cookie is not None and _same(cookie.value, self.token))


class Guard:
    """Lets in what a door lets in, and puts what browsers must know on every answer.

    Args:
        app: What answers.
        door: Which requests are let in.
    """

    def __init__(self, app: ASGIApp, door: Door) -> None:
        self._app, self._door = app, door

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """See ASGI."""
        if scope["type"] not in {"http", "websocket"}:
            await self._app(scope, receive, send)
            return
        refusal = self._door.refusal(scope)
        if scope["type"] == "websocket":
            answer: ASGIApp = WebSocketClose(_POLICY_VIOLATION, refusal) if refusal else self._app
            await answer(scope, receive, send)
            return
        host = Headers(scope=scope).get("host", "")

        async def with_headers(message: Message) -> None:
            if message["type"] == "http.response.start":
                headers = MutableHeaders(scope=message)
                for name, value in _HEADERS.items():
                    headers.setdefault(name, value.format(connect=f"'self' ws://{host}"))
                headers.setdefault("Cache-Control", "no-store")
            await send(message)

        answer = self._app
        if refusal:
            answer = JSONResponse({"error": refusal}, 403)
        elif scope["path"] == "/" and self._door.is_key(scope):
            answer = self._welcome()
        try:
            await answer(scope, receive, with_headers)
        except Exception as error:  # the page was answered; whoever started the program is told once, too
            display.error(f"the page met an unexpected {type(error).__name__}: {error}")

    def _welcome(self) -> Response:
        """Keep the token as a cookie, and take it out of the address."""
        answer = RedirectResponse("/", 303)
        answer.set_cookie(_COOKIE, self._door.token, httponly=True, samesite="strict")
        return answer


def _same(one: str, other: str) -> bool:
    """Compare in a time that does not tell where they differ."""
    return hmac.compare_digest(one.encode(), other.encode())
