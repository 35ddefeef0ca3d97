"""What emerge still has to merge."""

import json
import os

from portage_glue.calls import GlueError, call
from portage_glue.objects import portage_module

# A merge list of 10,000 packages is 1 MB.
MTIMEDB_LIMIT = 16 << 20


def _mtimedb_path():
    portage = portage_module()
    return os.path.join(portage.settings["EROOT"], portage.const.CACHE_PATH, "mtimedb")


def read_mtimedb(path, package=None):
    """The resume list of mtimedb, and the file's stamp. The file is never written.

    Portage keeps two lists: another emerge that starts moves that of the first one to `resume_backup`. With a package,
    as [root, cpv], the list that has it is wanted, or none.
    """
    path = path or _mtimedb_path()
    try:
        with open(path, "rb") as file:
            status = os.fstat(file.fileno())
            content = file.read(MTIMEDB_LIMIT + 1)
    except FileNotFoundError:
        return {}, ""
    if len(content) > MTIMEDB_LIMIT:
        raise GlueError(f"{path} is larger than {MTIMEDB_LIMIT >> 20} MB: that is no mtimedb")
    stamp = f"{status.st_ino}:{status.st_size}:{status.st_mtime_ns}"
    try:
        database = json.loads(content or b"{}")
        lists = [database.get(key) or {} for key in ("resume", "resume_backup")]
        for resume in lists:
            resume.get("mergelist")
    except (ValueError, AttributeError, RecursionError):
        raise GlueError(f"{path} is not a mtimedb, or is damaged") from None
    if package is None:
        return lists[0], stamp
    return next((resume for resume in lists if _has(resume, *package)), {}), stamp


def _has(resume, root, cpv):
    lines = resume.get("mergelist")
    return isinstance(lines, list) and any(isinstance(line, list) and line[1:3] == [root, cpv] for line in lines)


def merge_entries(resume):
    entries = []
    lines = resume.get("mergelist") or []
    for line in lines if isinstance(lines, list) else []:
        if not isinstance(line, list) or len(line) < 4 or not all(isinstance(part, str) for part in line[:4]):
            raise GlueError(f"mtimedb has a line in its merge list that is not understood: {line!r:.200}")
        kind, root, cpv, operation = line[:4]
        if operation == "merge":
            entries.append({"type": kind, "root": root, "cpv": cpv})
    return entries


@call
def merge_list(mtimedb=None):
    """What emerge still has to merge."""
    resume, stamp = read_mtimedb(mtimedb)
    return {"entries": merge_entries(resume), "stamp": stamp}
