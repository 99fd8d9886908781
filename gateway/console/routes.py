"""``/-/finance/…`` from the route table to Starlette, and back. A door to Starlette.

What must not be here: who may what, and what is shown; both stand in the table.
"""

from __future__ import annotations

from starlette.requests import Request as HttpRequest
from starlette.responses import Response, StreamingResponse
from starlette.routing import Route, Router

from gateway.console.frame import Action, Answer, Frame
from gateway.rooms.asking import Reply
from gateway.rooms.routes import Doorway, RoomRoute, missing, response_of


def router(frame: Frame, door: Doorway) -> Router:
    return Router(
        routes=[_route(frame, door, action) for action in frame.actions],
        redirect_slashes=False,
        default=missing,
    )


def _route(frame: Frame, door: Doorway, action: Action) -> Route:
    async def answer(http: HttpRequest) -> Response:
        ask = await door.ask(http)
        names = {name: str(value) for name, value in http.path_params.items()}
        return _response(await frame.answer(ask, action, names))

    return RoomRoute(action.path, answer, methods=[action.method])


def _response(answer: Answer) -> Response:
    if isinstance(answer, Reply):
        return response_of(answer)
    response = StreamingResponse(answer.chunks)
    response.raw_headers = list(answer.headers)
    return response
