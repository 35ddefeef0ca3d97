"""The functions that can be called: each takes the members of a JSON object and returns a JSON value."""

import contextlib
import io
import json
import os
import signal
import sys

from portage_glue.text import from_text, to_text

OUTPUT_LIMIT = 4000
CALLS = {}


def call(function):
    """Makes a function callable by its name."""
    if CALLS.setdefault(function.__name__, function) is not function:
        raise GlueError(f"two functions are named {function.__name__}")
    return function


class GlueError(Exception):
    """Something that was asked for does not exist, or does not have the form it should have."""


def dispatch(function, argument):
    """Calls a function: bytes in; `+` and the JSON of its value, or `-` and that of an error, out."""
    printed = io.TextIOWrapper(io.BytesIO(), encoding="utf-8", errors="backslashreplace", write_through=True)
    try:
        with contextlib.redirect_stdout(printed), contextlib.redirect_stderr(printed):
            known = CALLS.get(function)
            if known is None:
                raise GlueError(f"no function {function}")
            value = known(**from_text(json.loads(argument)))
            reply = "+" + json.dumps(to_text(value), ensure_ascii=True, allow_nan=False)
    except BaseException as error:  # noqa: BLE001 - nothing of Python may pass this line
        output = printed.buffer.getvalue()[-OUTPUT_LIMIT:].decode("utf-8", "replace")
        reply = "-" + json.dumps(
            {"type": type(error).__name__, "message": to_text(_message(error)), "output": output}, ensure_ascii=True
        )
    finally:
        default_signals()
    return reply.encode("ascii")


def _message(error):
    if isinstance(error, SystemExit):
        return (
            "exit code 0"
            if error.code is None
            else str(error.code)
            if not isinstance(error.code, int)
            else (f"exit code {error.code}")
        )
    try:
        return _parsed_file(error) + str(error)
    except Exception:  # noqa: BLE001 - a broken __str__ must not hide the error
        return ""


def _parsed_file(error):
    """The configuration file that Portage was reading, where its exception does not name it."""
    trace = error.__traceback__
    path = ""
    while trace is not None:
        if trace.tb_frame.f_code.co_name == "getconfig":
            path = str(trace.tb_frame.f_locals.get("mycfg", ""))
        trace = trace.tb_next
    return f"{path}: " if path and path not in str(error) else ""


def default_signals():
    """Importing signal and Portage installs Python's handlers, which never run while a call blocks."""
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, signal.SIG_DFL)


def serve():
    """Answers one line after the other until standard input ends."""
    default_signals()
    replies = os.fdopen(os.dup(1), "wb")
    os.dup2(2, 1)
    for line in sys.stdin.buffer:
        function, _, argument = line.rstrip(b"\n").partition(b" ")
        replies.write(dispatch(function.decode("ascii", "replace"), argument) + b"\n")
        replies.flush()
    end()


@call
def end():
    """Runs what Portage registered for its end."""
    process = sys.modules.get("portage.process")
    if process is not None:
        process.run_exitfuncs()


@call
def python():
    """The interpreter's own facts."""
    return {"version": ".".join(map(str, sys.version_info[:3])), "executable": sys.executable, "prefix": sys.prefix}


def embedded():
    """Prepares the interpreter of a program that is not Python. A child calls `serve`."""
    default_signals()
    # Portage gives these files to its own children: nothing of them may reach the program's output.
    sys.__stdout__ = sys.__stderr__
