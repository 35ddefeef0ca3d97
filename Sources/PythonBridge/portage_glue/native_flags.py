"""What `-march=native` and `-mtune=native` mean for this machine's GCC, in flags that mean the same on every machine."""

import os
import re
import shlex
import shutil
import subprocess

# What a compiler said, by its path and the time of its file.
_known = {}

# A compiler that is asked for its options answers in milliseconds.
_SECONDS = 10


def native_flags(chost, cbuild, compiler, path, variables):
    """Flags by the word that they stand for; empty where no variable has such a word, or nobody can say.

    Only GCC for the x86 family is asked: it can be checked here that the flags that were found mean the same to it."""
    words = {word for value in variables.values() for word in value.split()}
    if not words & {"-march=native", "-mtune=native"}:
        return {}
    program = _program(chost, compiler, path)
    if program is None or chost != cbuild or not re.match(r"(x86_64|i[3-6]86)-", chost):
        return {}
    key = (program, os.stat(program).st_mtime_ns)
    if key not in _known:
        _known[key] = _asked(program)
    return _known[key]


def _program(chost, compiler, path):
    """The compiler as a build finds it."""
    names = shlex.split(compiler)[:1] if compiler else [f"{chost}-gcc", "gcc"]
    return next((found for found in (shutil.which(name, path=path) for name in names) if found), None)


def _asked(program):
    native = _options(program, ["-march=native"])
    name = native.get("-march=")
    plain = _options(program, [f"-march={name}"]) if name else {}
    tuned = _options(program, ["-mtune=native"]).get("-mtune=")
    if not name or not tuned or not plain:
        return {}
    flags = [f"-march={name}"]
    for option, value in native.items():
        if value in ("enabled", "disabled") and plain.get(option, value) != value:
            flags.append(option if value == "enabled" else f"-mno-{option[2:]}")
    if native.get("-mtune=") != plain.get("-mtune="):
        flags.append(f"-mtune={native['-mtune=']}")
    if _options(program, flags) != native:
        return {}
    return {"-march=native": " ".join(flags), "-mtune=native": f"-mtune={tuned}"}


def _options(program, flags):
    """The options of the processor that are in effect with some flags; empty when the compiler cannot say."""
    try:
        result = subprocess.run(
            [program, *flags, "-Q", "--help=target"],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            timeout=_SECONDS,
            check=True,
            env={**os.environ, "LC_ALL": "C"},
        )
    except (OSError, subprocess.SubprocessError):
        return {}
    lines = result.stdout.decode("utf-8", "replace").split("\n")
    found = (re.match(r"\s+(-m[\w.+-]+=?)\s+\[?([\w.+-]+)\]?$", line) for line in lines)
    return {match.group(1): match.group(2) for match in found if match}
