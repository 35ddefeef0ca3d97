"""Whether what Portage has read of its configuration is still what the files say."""

import hashlib
import os
import re
import time

from portage_glue.calls import call
from portage_glue.objects import portage_module

# A file changed within this time before it was read may have changed once more within its time's precision.
SETTLING_SECONDS = 0.05
SOURCE_LINE = re.compile(rb"^[ \t]*(?:source|\.)[ \t]+(.*)$", re.MULTILINE)
_loaded = []


class _Unsettled(Exception):
    pass


def _add(digest, path, newest):
    try:
        status = os.stat(path)
    except OSError:
        digest.update(os.fsencode(path) + b"\0-\n")
        return newest
    facts = f"\0{status.st_ino} {status.st_size} {status.st_mtime_ns} {status.st_ctime_ns} {status.st_mode}\n"
    digest.update(os.fsencode(path) + facts.encode("ascii"))
    return max(newest, status.st_ctime_ns)


def _entries(directory):
    try:
        return sorted(os.listdir(directory))
    except OSError:
        return []


def _watched(settings):
    """All files that Portage reads once and then keeps."""
    portage = portage_module()
    root = settings["PORTAGE_CONFIGROOT"]
    user = os.path.join(root, portage.const.USER_CONFIG_PATH)
    yield portage.__file__
    yield os.path.join(root, "etc", "make.conf")
    yield os.path.join(user, "make.profile")
    for parent, directories, names in os.walk(user):
        directories.sort()
        yield parent
        for name in sorted(names):
            yield os.path.join(parent, name)
            if name == "make.conf" or os.path.basename(parent) == "make.conf":
                yield from _sourced(os.path.join(parent, name))
    directories = list(settings.profiles)
    for repository in settings.repositories:
        directories.append(os.path.join(repository.location, "profiles"))
        yield os.path.join(repository.location, "metadata", "layout.conf")
        eclasses = os.path.join(repository.location, "eclass")
        yield eclasses
        for name in _entries(eclasses):
            yield os.path.join(eclasses, name)
    for directory in directories:
        yield directory
        for name in _entries(directory):
            path = os.path.join(directory, name)
            yield path
            if name.startswith(("package.", "use.", "make.")):
                for inner in _entries(path) if os.path.isdir(path) else ():
                    yield os.path.join(path, inner)


def _sourced(path):
    """The files that a make.conf sources; one whose name has variables cannot be watched."""
    try:
        with open(path, "rb") as opened:
            text = opened.read()
    except OSError:
        return
    for rest in SOURCE_LINE.findall(text):
        name = rest.split(b"#")[0].strip().strip(b"\"'")
        if b"$" in name:
            raise _Unsettled
        yield os.fsdecode(name)


@call
def settings_stamp():
    """A text that stays the same as long as Portage would read the same settings again; empty when that is unknown."""
    began = time.time_ns()
    settings = portage_module().settings
    digest = hashlib.sha256()
    newest = 0
    try:
        for path in _watched(settings):
            newest = _add(digest, path, newest)
    except _Unsettled:
        return ""
    # env-update writes it anew after every merge, mostly with the same text.
    try:
        with open(os.path.join(settings["EROOT"], "etc", "profile.env"), "rb") as opened:
            digest.update(opened.read())
    except OSError:
        digest.update(b"-")
    if not _loaded:
        _loaded.append(newest < began - int(SETTLING_SECONDS * 1e9) - _loading_time())
    return digest.hexdigest() if _loaded[0] else ""


def _loading_time():
    """How long ago this process began to read, in nanoseconds: at most its age."""
    with open("/proc/self/stat", "rb") as opened:
        started = int(opened.read().rsplit(b")", 1)[1].split()[19])
    ticks = os.sysconf("SC_CLK_TCK")
    return max(0, int((time.clock_gettime(time.CLOCK_BOOTTIME) - started / ticks) * 1e9)) + 10**9 // ticks
