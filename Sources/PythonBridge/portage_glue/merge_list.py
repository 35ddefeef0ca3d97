"""What emerge still has to merge."""

import json
import os

from portage_glue.calls import GlueError, call
from portage_glue.objects import portage_module


def read_mtimedb(path):
    """The `resume` of mtimedb, checked, and the file's stamp. The file is never written."""
    portage = portage_module()
    if path is None:
        path = os.path.join(portage.settings["EROOT"], portage.const.CACHE_PATH, "mtimedb")
    try:
        with open(path, "rb") as file:
            status = os.fstat(file.fileno())
            content = file.read()
    except FileNotFoundError:
        return {}, ""
    stamp = f"{status.st_ino}:{status.st_size}:{status.st_mtime_ns}"
    try:
        resume = json.loads(content or b"{}").get("resume") or {}
        resume.get("mergelist")
    except (ValueError, AttributeError, RecursionError):
        raise GlueError(f"{path} is not a mtimedb") from None
    return resume, stamp


def merge_entries(resume):
    entries = []
    lines = resume.get("mergelist") or []
    for line in lines if isinstance(lines, list) else []:
        if not isinstance(line, list) or len(line) < 4 or not all(isinstance(part, str) for part in line[:4]):
            raise GlueError(f"mtimedb has a line in its merge list that is not understood: {line!r}")
        kind, root, cpv, operation = line[:4]
        if operation == "merge":
            entries.append({"type": kind, "root": root, "cpv": cpv})
    return entries


@call
def merge_list(mtimedb=None):
    """What emerge still has to merge."""
    resume, stamp = read_mtimedb(mtimedb)
    return {"entries": merge_entries(resume), "stamp": stamp}
