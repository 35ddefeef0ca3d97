"""What an installed package is for those that are built against it."""

import hashlib
import os

# Places of what nothing is built against. What is there changes with the time of a build, or is packed.
_ASIDE = (
    "/usr/share/doc/",
    "/usr/share/gtk-doc/",
    "/usr/share/info/",
    "/usr/share/man/",
    "/usr/lib/debug/",
    "/usr/src/debug/",
)
# Machine code, and what is made with the time in it.
_MADE = (".a", ".la", ".lo", ".o", ".pyc", ".pyo", ".rlib", ".rmeta", ".so", ".gz", ".bz2", ".xz", ".zst")


def described(vardb, cpv):
    """A package as version, slot, USE, repository and content."""
    slot, use, iuse, repository = vardb.aux_get(cpv, ["SLOT", "USE", "IUSE", "repository"])
    declared = {flag.lstrip("+-") for flag in iuse.split()}
    name, _, sub_slot = slot.partition("/")
    return {
        "cpv": cpv,
        "slot": name,
        "subSlot": sub_slot or name,
        "use": sorted(flag for flag in use.split() if flag in declared),
        "repository": repository,
        "content": _content(vardb, cpv),
    }


def _content(vardb, cpv):
    """A digest over the ebuild, the paths of its files, the sonames that it provides, and the content of the files that
    are no machine code: that is the same on machines that compiled it with other flags. None if it is not installed."""
    directory = vardb.getpath(cpv) if hasattr(vardb, "getpath") else None
    if directory is None or not os.path.isdir(directory):
        return None
    try:
        with open(os.path.join(directory, "CONTENTS"), encoding="utf-8", errors="surrogateescape") as file:
            lines = file.read().splitlines()
    except OSError:
        return None
    prefix = vardb.settings.get("EPREFIX", "")
    code = {line.split(";")[1] for line in _text(directory, "NEEDED.ELF.2").splitlines() if line.count(";") > 1}
    digest = hashlib.sha256()

    def add(*words):
        for word in words:
            data = os.fsencode(word)
            digest.update(b"%d:" % len(data) + data)

    for name in (cpv.split("/", 1)[1] + ".ebuild", "PROVIDES"):
        add(name, _text(directory, name))
    for line in sorted(lines):
        kind, _, rest = line.partition(" ")
        if kind == "obj":
            path, md5, _ = rest.rsplit(" ", 2)
        elif kind == "sym":
            path, md5 = rest.rsplit(" ", 1)[0], ""
        else:
            path, md5 = rest, ""
        plain = path.partition(" -> ")[0] if kind == "sym" else path
        plain = plain.removeprefix(prefix)
        if plain.startswith(_ASIDE):
            continue
        is_code = path in code or plain in code or plain.endswith(_MADE) or ".so." in plain
        add(kind, path, "" if is_code else md5)
    return digest.hexdigest()


def _text(directory, name):
    try:
        with open(os.path.join(directory, name), encoding="utf-8", errors="surrogateescape") as file:
            return file.read()
    except OSError:
        return ""
