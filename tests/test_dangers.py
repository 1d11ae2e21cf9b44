"""What must stand nowhere in the code: calls that run what they are given, and secrets (R67)."""

import ast
import re
import subprocess
from pathlib import Path

import pytest

from tests.simulator_process import ROOT

pytestmark = pytest.mark.rule("R67")
PRODUCT = ("app", "database", "inbound", "jobs", "providers", "resolvers", "rules", "schema")

CALLS = {
    *("eval", "exec", "compile", "__import__", "os.system", "os.popen", "pickle.load", "pickle.loads"),
    *("marshal.load", "marshal.loads", "shelve.open", "yaml.load", "yaml.unsafe_load", "tempfile.mktemp"),
    *("ssl._create_unverified_context", "dill.loads", "jsonpickle.decode", "subprocess.getoutput"),
    *("asyncio.create_subprocess_shell", "random.random", "random.randint", "random.choice"),
}
ALLOWED = {
    # Writes the Python function of a GraphQL operation out of the schema's names and numbers, never out of
    # what a client sent.
    "schema/compiler/generate.py: exec",
    "schema/compiler/generate.py: compile",
    # Writes what makes objects of rows out of the names and places of our own statement, never of a value.
    "resolvers/objects.py: exec",
    "resolvers/objects.py: compile",
    # Of two environments the one for subjects and plain text; the other escapes.
    "rules/merging.py: autoescape=False",
}
KEYWORDS = {("shell", True), ("verify", False), ("check_hostname", False), ("autoescape", False)}

SECRETS = {
    "private key": rb"-----BEGIN (?:[A-Z]+ )?PRIVATE KEY-----\s*\n?[A-Za-z0-9+/=\s]{100}",
    "AWS key": rb"\b(?:AKIA|ASIA)[0-9A-Z]{16}\b",
    "Google API key": rb"\bAIza[0-9A-Za-z_-]{35}\b",
    "Google client secret": rb"\bGOCSPX-[0-9A-Za-z_-]{28}\b",
    "Google token": rb"\bya29\.[0-9A-Za-z_-]{40,}",
    "GitHub token": rb"\bgh[pousr]_[0-9A-Za-z]{36}\b",
    "Slack token": rb"\bxox[abprs]-[0-9A-Za-z-]{20,}",
    "Stripe key": rb"\b[sr]k_live_[0-9A-Za-z]{20,}",
    "our API key": rb"\bbw_[0-9A-Za-z]{8}_[0-9A-Za-z_-]{30,}",
    "JSON web token": rb"\beyJ[0-9A-Za-z_-]{20,}\.eyJ[0-9A-Za-z_-]{20,}\.[0-9A-Za-z_-]{20,}",
    "address with a password": rb"(?:postgresql|redis|amqp|smtps?)://[^\s:@/'\"{}<>$]+:[^\s@/'\"{}<>$]{6,}@",
}


def _name(call: ast.expr) -> str:
    return ast.unparse(call) if isinstance(call, ast.Name | ast.Attribute) else ""


def dangers_in(source: str) -> list[str]:
    """The dangerous calls of a module, by name."""
    found = []
    for node in ast.walk(ast.parse(source)):
        if not isinstance(node, ast.Call):
            continue
        if _name(node.func) in CALLS:
            found.append(_name(node.func))
        for keyword in node.keywords:
            if isinstance(keyword.value, ast.Constant) and (keyword.arg, keyword.value.value) in KEYWORDS:
                found.append(f"{keyword.arg}={keyword.value.value!r}")
    return found


def secrets_in(content: bytes) -> list[str]:
    """The kinds of secrets that a file seems to hold."""
    return [kind for kind, pattern in SECRETS.items() if re.search(pattern, content)]


def tracked() -> list[Path]:
    listed = subprocess.run(["git", "ls-files", "-z"], cwd=ROOT, capture_output=True, check=False).stdout
    paths = [ROOT / name for name in listed.decode().split("\0") if name]
    # Without git (a copy, an image) every file that is not built or installed.
    return [path for path in paths if path.is_file()] or [
        path for path in ROOT.rglob("*") if path.is_file() and ".venv" not in path.parts
    ]


def test_no_call_runs_what_it_is_given() -> None:
    found = {
        f"{path.relative_to(ROOT)}: {danger}"
        for folder in PRODUCT
        for path in (ROOT / folder).rglob("*.py")
        for danger in dangers_in(path.read_text(encoding="utf-8"))
    }

    assert found == ALLOWED


def test_no_secret_is_in_the_repository() -> None:
    found = {
        f"{path.relative_to(ROOT)}: {kind}" for path in tracked() for kind in secrets_in(path.read_bytes())
    }

    # Tests of what hides passwords need some to hide.
    hidden = ("tests/app/test_logs.py", "tests/app/test_doctor.py", "tests/app/test_settings.py")
    assert found == {f"{name}: address with a password" for name in hidden}


def test_the_search_finds_what_it_is_for() -> None:
    assert dangers_in("import os\nos.system(x)\nrun(a, shell=True)\neval('1')") == [
        "os.system",
        "shell=True",
        "eval",
    ]
    assert secrets_in(b"AK" + b"IA" + b"Q" * 16) == ["AWS key"]
    assert secrets_in(b"redis:" + b"//user:hunter22@host") == ["address with a password"]
