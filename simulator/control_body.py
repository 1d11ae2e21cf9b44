"""The bodies of control requests: read into a model, or refused with a sentence."""

from typing import TypeVar

from pydantic import ValidationError
from starlette.requests import Request

from simulator.dials import Strict

Model = TypeVar("Model", bound=Strict)
MOST_BODY_BYTES = 80_000_000


class Refused(ValueError):
    """The request cannot be done; `status` is the HTTP status."""

    def __init__(self, status: int, message: str) -> None:
        """Keep both."""
        super().__init__(message)
        self.status = status


async def taken(request: Request, model: type[Model]) -> Model:
    """Read the JSON body into a model; no body means all defaults.

    Raises:
        Refused: the body is no JSON, or does not fit.
    """
    body = await request.body()
    if len(body) > MOST_BODY_BYTES:
        raise Refused(413, "The body is too large.")
    try:
        return model.model_validate_json(body or b"{}")
    except ValidationError as error:
        found = [
            f"{'.'.join(map(str, problem['loc'])) or 'body'}: {problem['msg']}" for problem in error.errors()
        ]
        raise Refused(400, "; ".join(found)) from error
