"""What the sources of the product never call: read from their syntax, file by file."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from functools import cache
from pathlib import Path

from tests.tidy.repository import ROOT

SHIPPED = ("protocols", "edge", "hub")
RUNS_CODE = {
    "eval", "exec", "compile", "__import__", "os.system", "os.popen", "subprocess.getoutput",
    "subprocess.getstatusoutput", "pickle.load", "pickle.loads", "pickle.Unpickler",
    "marshal.load", "marshal.loads", "shelve.open", "yaml.load", "jinja2.Template",
    "render_template_string", "flask.render_template_string",
}  # fmt: skip
"""Text from outside would become code, or an object of any kind."""
CALLS_OUT = {"urllib.request", "requests", "httpx", "aiohttp", "ftplib", "smtplib", "telnetlib",
             "syslog", "logging.handlers"}  # fmt: skip
"""Modules by which somebody could have the hub ask an address of theirs, or logs go elsewhere."""
WEAK = {"hashlib.md5", "hashlib.sha1", "hashlib.new", "random.choice", "random.random",
        "random.randint", "random.choices"}  # fmt: skip
"""Digests and chance that no secret may be made of."""
TLS_OFF = {"ssl._create_unverified_context", "ssl._create_default_https_context"}
OF_TOTP = "hub/staff/totp.py"
"""SHA-1 by RFC 6238, as an HMAC."""
ASKS_THE_KERNEL = {"hub/process/supervise.py", "hub/process/log_files.py"}
"""prctl and fallocate, for which Python has no function."""
SECRETS = {"password", "secret", "token", "pin"}
SHORT = 6
ONLY_LOOKS = "edge/link/pinned_tls.py"
"""Asks a stranger for its key, to report it; nothing is said on that connection."""
FILES = [path for name in SHIPPED for path in sorted((ROOT / name).rglob("*.py"))]


@cache
def tree(path: Path) -> ast.Module:
    return ast.parse(path.read_text("utf-8"))


def name_of(node: ast.expr) -> str:
    """`os.system` for the call of it; empty for what has no name."""
    match node:
        case ast.Name(id=id):
            return id
        case ast.Attribute(value=value, attr=attr):
            return f"{name_of(value)}.{attr}"
    return ""


def calls(path: Path) -> Iterator[tuple[str, ast.Call]]:
    for node in ast.walk(tree(path)):
        if isinstance(node, ast.Call):
            yield name_of(node.func), node


def imported(path: Path) -> Iterator[str]:
    for node in ast.walk(tree(path)):
        if isinstance(node, ast.Import):
            yield from (one.name for one in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module:
            yield node.module


def found(forbidden: set[str]) -> list[str]:
    return [
        f"{path.relative_to(ROOT)}:{call.lineno} {name}"
        for path in FILES
        for name, call in calls(path)
        if name in forbidden
    ]


def test_no_text_becomes_code() -> None:
    assert len(FILES) > 300
    assert found(RUNS_CODE) == []


def test_no_command_goes_through_a_shell() -> None:
    shells = [
        f"{path.relative_to(ROOT)}:{call.lineno}"
        for path in FILES
        for name, call in calls(path)
        for keyword in call.keywords
        if keyword.arg == "shell" or (name.startswith("subprocess.") and _is_text(call))
    ]
    assert shells == []


def _is_text(call: ast.Call) -> bool:
    """A command that is one text is for a shell."""
    return bool(call.args) and isinstance(call.args[0], ast.Constant | ast.JoinedStr)


def test_no_secret_is_made_of_a_weak_digest_or_of_chance_that_can_be_guessed() -> None:
    assert [one for one in found(WEAK) if not one.startswith(OF_TOTP)] == []


def test_no_connection_goes_out_to_an_address_that_a_user_names() -> None:
    """The hub asks nobody: what goes out is the broker's and the database's, as configured."""
    asking = {
        f"{path.relative_to(ROOT)} {module}"
        for path in FILES
        for module in imported(path)
        if module in CALLS_OUT and path.is_relative_to(ROOT / "hub")
    }
    assert asking == set()


def test_memory_is_touched_by_hand_only_to_ask_the_kernel() -> None:
    by_hand = {
        str(path.relative_to(ROOT))
        for path in FILES
        for module in imported(path)
        if module.split(".")[0] in {"ctypes", "cffi", "mmap"}
    }
    assert by_hand == ASKS_THE_KERNEL


def test_no_certificate_goes_unlooked_at() -> None:
    assert found(TLS_OFF) == []
    off = {
        str(path.relative_to(ROOT))
        for path in FILES
        for node in ast.walk(tree(path))
        if isinstance(node, ast.Attribute) and name_of(node) == "ssl.CERT_NONE"
    }
    assert off == {ONLY_LOOKS}


def test_no_pattern_is_built_of_what_somebody_sent() -> None:
    """Patterns are written in the source, or joined of such: nobody sends one that never ends."""
    built = []
    for path in FILES:
        for name, call in calls(path):
            is_pattern = name in {
                f"re.{one}"
                for one in (
                    "compile",
                    "match",
                    "search",
                    "fullmatch",
                    "sub",
                    "split",
                    "findall",
                    "finditer",
                )
            }
            if is_pattern and call.args and not _is_written(call.args[0]):
                built.append(f"{path.relative_to(ROOT)}:{call.lineno}")
    assert built == []


def _is_written(pattern: ast.expr) -> bool:
    """A literal, a constant of the module, or both joined; never a plain variable."""
    match pattern:
        case ast.Constant():
            return True
        case ast.Name(id=id):
            return id.lstrip("_").isupper()
        case ast.BinOp(left=left, right=right):
            return _is_written(left) and _is_written(right)
        case ast.JoinedStr(values=values):
            return all(
                isinstance(one, ast.Constant) or _is_written(one.value)  # type: ignore[attr-defined]
                for one in values
            )
        case ast.Call(func=func):
            return name_of(func) == "re.escape"
    return False


def test_no_password_stands_in_the_source() -> None:
    """A name that says what it is, and a text beside it that is no example."""
    written = [
        f"{path.relative_to(ROOT)} {name}"
        for path in FILES
        for name, text in _texts(path)
        if name.lower().rpartition("_")[2] in SECRETS and len(text) > SHORT
    ]
    assert written == []


def _texts(path: Path) -> Iterator[tuple[str, str | bytes]]:
    """Names that are given a text."""
    for node in ast.walk(tree(path)):
        if not isinstance(node, ast.Assign | ast.AnnAssign):
            continue
        if not isinstance(node.value, ast.Constant):
            continue
        if not isinstance(node.value.value, str | bytes):
            continue
        for target in node.targets if isinstance(node, ast.Assign) else [node.target]:
            yield name_of(target), node.value.value
