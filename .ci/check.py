"""Run every check that is not a test, all to the end, and say at the end which failed.

`make check` runs this, and so does CI. Each check is one command of a tool that a person could run alone.
"""

import subprocess
import sys
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
PYTHON = sys.executable
PACKAGES = ("app", "benchmarks", "database", "inbound", "jobs", "providers", "resolvers", "rules", "schema")

CHECKS: tuple[tuple[str, list[str]], ...] = (
    ("format", [PYTHON, "-m", "ruff", "format", "--check", "."]),
    ("lint", [PYTHON, "-m", "ruff", "check", "--quiet", "."]),
    ("types", [PYTHON, "-m", "mypy", *PACKAGES, "simulator", "tests"]),
    ("imports", [str(Path(PYTHON).with_name("lint-imports")), "--no-logo"]),
    ("schema.graphql in step", [PYTHON, "-m", "app", "schema", "--check"]),
    ("migrations = tables", [PYTHON, "-m", "app", "migrate", "--check-embedded"]),
    (".env.example in step", [PYTHON, "-m", "app", "environment", "--check"]),
    (
        "docker-compose.yml is valid",
        [PYTHON, "-m", "check_jsonschema", "--builtin-schema", "vendor.compose-spec", "docker-compose.yml"],
    ),
    ("web: types, lint, format", ["sh", "web/scripts/run.sh", "check"]),
    ("requirements in step", ["sh", "requirements/lock.sh", "--check"]),
)


def main() -> int:
    """Run the checks named on the command line, or all; answer the number that failed."""
    wanted = sys.argv[1:]
    results: list[tuple[str, bool, float]] = []
    for name, command in CHECKS:
        if wanted and not any(word in name for word in wanted):
            continue
        began = time.monotonic()
        done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)  # noqa: S603
        results.append((name, done.returncode == 0, time.monotonic() - began))
        mark = "ok    " if done.returncode == 0 else "FAILED"
        print(f"{mark}  {name}  ({results[-1][2]:.1f} s)", flush=True)
        if done.returncode:
            print((done.stdout + done.stderr).strip()[-6000:], flush=True)
    failed = [name for name, passed, _ in results if not passed]
    print(
        f"\n{len(results) - len(failed)} checks passed, {len(failed)} failed"
        + "".join(f"; {n}" for n in failed)
    )
    return len(failed)


if __name__ == "__main__":
    sys.exit(main())
