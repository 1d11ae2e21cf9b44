"""The operations of one socket: started by `subscribe`, ended by result, refusal, `complete` or the socket.

Belongs here: what runs under which id. Queries and mutations run in a task each; a subscription has none: it
is a sink in a group of app/live. A query that nobody waits for any more is cancelled, a mutation never, it
only loses its answer.
"""

import asyncio
from collections.abc import Awaitable, Callable, Coroutine
from dataclasses import dataclass
from datetime import timedelta
from typing import Any, ClassVar, Generic

from graphql import GraphQLError, GraphQLSchema

from app.graphql.close_codes import INTERRUPTED
from app.graphql.documents import BAD_INPUT, Documents, Operation
from app.graphql.masking import format_errors
from app.graphql.messages import Subscribe, complete_message, error_message, next_prefix
from app.graphql.open_sockets import ViewerT
from app.graphql.strings import NUL_REFUSED, has_nul
from app.graphql.subscription_field import RefusedVariables, read_subscription
from app.graphql.wire import Wire
from app.live.feed import Feed, LiveRefusal, LiveRequest
from app.live.hubs import Hubs, Membership
from app.live.payload import Payload
from schema.compiled import Result, write_json

Charge = Callable[[ViewerT, int], Awaitable[timedelta | None]]
"""Charges an operation's cost to a viewer's budget; a duration says to come back after it."""


@dataclass(frozen=True, slots=True)
class Execution(Generic[ViewerT]):
    """Everything an operation needs, the same for all sockets of the process."""

    schema: GraphQLSchema
    documents: Documents
    make_context: Callable[[ViewerT, str], object]
    feed: Feed[ViewerT]
    hubs: Hubs
    new_request_id: Callable[[], str]
    charge: Charge[ViewerT] | None = None


class LiveOperation:
    """A running subscription: the sink that app/live fills."""

    __slots__ = ("_id", "_operations", "_prefix", "membership")

    def __init__(self, operations: "Operations[Any]", operation_id: str) -> None:
        self._operations = operations
        self._id = operation_id
        self._prefix = next_prefix(operation_id)
        self.membership: Membership | None = None

    def push(self, payload: Payload) -> None:
        self._operations.wire.push(self._prefix, payload)

    def refuse(self, refusal: LiveRefusal) -> None:
        self._operations.fail(self._id, [_formatted(refusal)])

    def interrupt(self) -> None:
        self._operations.wire.close(INTERRUPTED)

    async def drained(self) -> None:
        await self._operations.wire.drained()

    def end(self) -> None:
        if self.membership is not None:
            self.membership.leave()


class SingleOperation:
    """A running query or mutation."""

    __slots__ = ("_is_mutation", "task")
    outliving: ClassVar[set[asyncio.Task[None]]] = set()
    """Tasks of all sockets; the loop itself keeps none alive, and a mutation may outlive its socket."""

    def __init__(self, *, is_mutation: bool) -> None:
        self._is_mutation = is_mutation
        self.task: asyncio.Task[None] | None = None

    def run(self, answer: Coroutine[Any, Any, None]) -> None:
        self.task = asyncio.create_task(answer, name="socket operation")
        self.outliving.add(self.task)
        self.task.add_done_callback(self.outliving.discard)

    def end(self) -> None:
        if self.task is not None and not self._is_mutation:
            self.task.cancel()


class Operations(Generic[ViewerT]):
    """The running operations of one socket, by id."""

    __slots__ = ("_execution", "_running", "wire")

    def __init__(self, execution: Execution[ViewerT], wire: Wire) -> None:
        self._execution = execution
        self._running: dict[str, LiveOperation | SingleOperation] = {}
        self.wire = wire

    def __len__(self) -> int:
        return len(self._running)

    def __contains__(self, operation_id: str) -> bool:
        return operation_id in self._running

    def complete(self, operation_id: str) -> None:
        """End an operation without a word; one that is not running is none of our business."""
        running = self._running.pop(operation_id, None)
        if running is not None:
            running.end()

    def fail(self, operation_id: str, errors: list[dict[str, Any]]) -> None:
        """End an operation with an `error` message."""
        self.complete(operation_id)
        self.wire.push(error_message(operation_id, errors))

    def end_all(self) -> None:
        """End everything; the socket is gone."""
        for operation_id in tuple(self._running):
            self.complete(operation_id)

    async def start(self, message: Subscribe, viewer: ViewerT) -> None:
        """Start what a client asked for; whatever is wrong with it ends this operation alone."""
        execution = self._execution
        request_id = execution.new_request_id()
        try:
            operation = self._operation(message)
            cost = operation.cost(message.variables)
            if execution.charge is not None:
                pause = await execution.charge(viewer, cost)
                if pause is not None:
                    raise RefusedVariables([_rate_limited(pause)])
            if operation.is_subscription:
                await self._subscribe(message, operation, viewer)
            else:
                self._execute(message, operation, viewer, request_id)
        except RefusedVariables as refused:
            self.fail(message.id, format_errors(refused.errors, request_id))
        except LiveRefusal as refusal:
            self.fail(message.id, [_formatted(refusal)])
        except GraphQLError as error:
            self.fail(message.id, format_errors([error], request_id))
        except Exception as error:
            self._fail_masked(message.id, error, request_id)

    def _operation(self, message: Subscribe) -> Operation:
        if has_nul(message.variables):
            raise RefusedVariables([GraphQLError(NUL_REFUSED, extensions={"code": BAD_INPUT})])
        document = self._execution.documents.get(message.query)
        if isinstance(document, list):
            raise RefusedVariables(document)
        return document.select(message.operation_name)

    async def _subscribe(self, message: Subscribe, operation: Operation, viewer: ViewerT) -> None:
        execution = self._execution
        call = read_subscription(execution.schema, operation, message.variables)
        live = self._running[message.id] = LiveOperation(self, message.id)
        interest = await execution.feed.interest(call.field, viewer)
        request = LiveRequest(
            key=(operation, call.variables_key, viewer.credential if operation.is_viewer_dependent else None),
            interest=interest,
            make_context=lambda: execution.make_context(viewer, execution.new_request_id()),
            execute=_executor(execution, operation, message.variables),
            after=call.after,
        )
        live.membership = await execution.hubs.subscribe(request, live)

    def _execute(self, message: Subscribe, operation: Operation, viewer: ViewerT, request_id: str) -> None:
        single = SingleOperation(is_mutation=operation.is_mutation)
        self._running[message.id] = single
        single.run(self._answer(message, operation, viewer, request_id, single))

    async def _answer(
        self,
        message: Subscribe,
        operation: Operation,
        viewer: ViewerT,
        request_id: str,
        single: SingleOperation,
    ) -> None:
        execution = self._execution
        try:
            context = execution.make_context(viewer, request_id)
            result = await operation.run(context, message.variables)
            body = _body(result, request_id)
        except Exception as error:
            if self._running.get(message.id) is single:
                self._fail_masked(message.id, error, request_id)
            return
        if self._running.get(message.id) is not single:
            return
        del self._running[message.id]
        self.wire.push(next_prefix(message.id), Payload(body))
        self.wire.push(complete_message(message.id))

    def _fail_masked(self, operation_id: str, error: Exception, request_id: str) -> None:
        unexpected = GraphQLError("unexpected", original_error=error)
        self.fail(operation_id, format_errors([unexpected], request_id))


def _executor(
    execution: Execution[Any], operation: Operation, variables: dict[str, Any]
) -> Callable[[object, object], Awaitable[bytes]]:
    async def execute(context: object, root_value: object) -> bytes:
        result = await operation.run(context, variables, root_value)
        return _body(result, execution.new_request_id()) if result.errors else result.json()

    return execute


def _body(result: Result, request_id: str) -> bytes:
    if not result.errors:
        return result.json()
    body: dict[str, Any] = {"data": result.data} if result.was_executed else {}
    body["errors"] = format_errors(result.errors, request_id)
    return write_json(body)


def _formatted(refusal: LiveRefusal) -> dict[str, Any]:
    return {"message": refusal.message, "extensions": {"code": refusal.code}}


def _rate_limited(pause: timedelta) -> GraphQLError:
    seconds = max(1, round(pause.total_seconds()))
    return GraphQLError(
        f"Too much was asked for at once; try again in {seconds} s.",
        extensions={"code": "RATE_LIMITED", "retryAfterSeconds": seconds},
    )
