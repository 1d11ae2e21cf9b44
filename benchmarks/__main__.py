"""`make bench`: what can be measured, by which command."""

import importlib
import pkgutil
import sys

import benchmarks


def main() -> int:
    """Print each benchmark's command and what it measures: those modules that have a `main`."""
    print("Each of these measures on this machine; run one at a time, on an idle one.\n")
    for found in sorted(pkgutil.iter_modules(benchmarks.__path__), key=lambda module: module.name):
        if found.name.startswith("__") or found.name.endswith("_servers"):
            continue
        module = importlib.import_module(f"benchmarks.{found.name}")
        if hasattr(module, "main"):
            meaning = (module.__doc__ or "").split("\n", 1)[0]
            print(f"  .venv/bin/python -m benchmarks.{found.name}\n      {meaning}")
    print("\nbenchmarks/README.md says how they are read; docs/performance.md has the figures.")
    return 0


if __name__ == "__main__":
    sys.exit(main())
