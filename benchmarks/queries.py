"""What executing a query costs by itself: no network, no database, rows that are already there.

Run with `python -m benchmarks.queries`. Four levels answer the same bytes: the floor (dicts written by
hand, then orjson), the compiled operation, graphql-core's `execute` of the parsed and validated document,
and Strawberry's `execute` of the text, which parses and validates each time. Read the ratios: the
microseconds are of one machine.
"""

import asyncio
import gc
import statistics
import time
from collections.abc import Awaitable, Callable
from typing import Annotated, Any

import orjson
import typer
from graphql import ExecutionResult, execute, parse
from rich.console import Console
from rich.table import Table

from app.graphql.documents import Document, Documents, Operation
from benchmarks.query_floor import floor_inbox, floor_thread
from benchmarks.query_rows import INBOX, SCHEMA, THREAD

Answer = Callable[[], Awaitable[bytes]]


def _operation(text: str) -> Operation:
    document = Documents(SCHEMA._schema).get(text)
    assert isinstance(document, Document), document
    return document.select(None)


def compiled(text: str, variables: dict[str, Any]) -> Answer:
    """Answer with the compiled operation, as the endpoint does for a document it knows."""
    operation = _operation(text)

    async def answer() -> bytes:
        return (await operation.run(None, variables)).json()

    return answer


def by_graphql_core(text: str, variables: dict[str, Any]) -> Answer:
    """Answer with graphql-core, parsing and validation done beforehand."""
    document = parse(text)

    async def answer() -> bytes:
        result = execute(SCHEMA._schema, document, None, None, variables)
        if not isinstance(result, ExecutionResult):
            result = await result
        return orjson.dumps(result.formatted)

    return answer


def by_strawberry(text: str, variables: dict[str, Any]) -> Answer:
    """Answer as Strawberry does out of the box."""

    async def answer() -> bytes:
        result = await SCHEMA.execute(text, variables)
        return orjson.dumps({"data": result.data})

    return answer


async def _microseconds(answer: Answer, seconds: float) -> float:
    """Return the median of CPU time per answer, over batches."""
    began = time.perf_counter()
    await answer()
    once = time.perf_counter() - began
    batch = max(1, int(0.02 / max(once, 1e-6)))
    found: list[float] = []
    gc.collect()
    until = time.perf_counter() + seconds
    while time.perf_counter() < until or len(found) < 3:
        started = time.process_time()
        for _ in range(batch):
            await answer()
        found.append((time.process_time() - started) / batch)
    return statistics.median(found) * 1e6


async def measure(seconds: float) -> Table:
    """Measure every level of both pages; levels take turns, so that a busy minute hits all of them."""
    pages: dict[str, tuple[str, dict[str, Any], Answer]] = {
        "inbox": (INBOX, {"first": 25, "after": None}, floor_inbox),
        "thread": (THREAD, {"id": "1"}, floor_thread),
    }
    table = Table("page", "level", "CPU us per answer", "x floor", "graphql-core / this", "bytes")
    for page, (text, variables, floor) in pages.items():
        levels: dict[str, Answer] = {
            "floor": floor,
            "compiled": compiled(text, variables),
            "graphql-core": by_graphql_core(text, variables),
            "Strawberry": by_strawberry(text, variables),
        }
        expected = await floor()
        for level, answer in levels.items():
            assert await answer() == expected, f"{level} answers something else"
        rounds = [
            {name: await _microseconds(one, seconds / 3) for name, one in levels.items()} for _ in range(3)
        ]
        medians = {name: statistics.median(one[name] for one in rounds) for name in levels}
        for level, cost in medians.items():
            ratios = (cost / medians["floor"], medians["graphql-core"] / cost)
            table.add_row(
                page, level, f"{cost:.0f}", f"{ratios[0]:.2f}", f"{ratios[1]:.2f}", str(len(expected))
            )
    return table


def main(seconds: Annotated[float, typer.Option(help="How long each level is measured.")] = 2.0) -> None:
    """Print what each level costs."""
    Console().print(asyncio.run(measure(seconds)))


if __name__ == "__main__":
    typer.run(main)
