"""The compilers, linkers and headers that this machine builds with, whether an ebuild names them or not."""

import os
import re

from portage_glue.installed_content import described
from portage_glue.objects import running_trees

# Names, and the file that says which of several installed ones is in use: the slot is the end of `CURRENT=`, or of
# its only word.
_TOOLS = {
    "dev-lang/go": None,
    "dev-lang/rust": "rust/last-set",
    "dev-lang/rust-bin": "rust/last-set",
    "llvm-core/clang": None,
    "llvm-core/lld": None,
    "sys-devel/binutils": "binutils/config-{chost}",
    "sys-devel/clang": None,
    "sys-devel/gcc": "gcc/config-{chost}",
    "sys-devel/lld": None,
    "sys-devel/mold": None,
    "sys-kernel/linux-headers": None,
    "sys-libs/glibc": None,
    "sys-libs/musl": None,
}


def toolchain(settings):
    """Of each tool the package that is in use: the chosen one, else the newest."""
    vardb = running_trees()["vartree"].dbapi
    found = []
    for name, choice in _TOOLS.items():
        installed = vardb.match(name)
        if not installed:
            continue
        wanted = _chosen(settings, choice) if choice else ""
        fitting = [cpv for cpv in installed if wanted and _is(vardb, cpv, wanted)]
        if choice == "rust/last-set" and wanted and not fitting:
            # The other one of source and binary is in use.
            continue
        found.append(described(vardb, str((fitting or installed)[-1])))
    return sorted(found, key=lambda tool: tool["cpv"])


def _chosen(settings, choice):
    path = os.path.join(settings.get("EPREFIX", "") or "/", "etc/env.d", choice.format(chost=settings.get("CHOST", "")))
    try:
        with open(path, encoding="utf-8", errors="replace") as file:
            text = file.read(4096)
    except OSError:
        return ""
    match = re.search(r"^CURRENT=[\"']?([^\"'\n]+)", text, re.MULTILINE)
    return (match.group(1) if match else text).strip()


def _is(vardb, cpv, wanted):
    """Whether `x86_64-pc-linux-gnu-14`, `2.43` or `rust-bin-1.82.0` means this package."""
    name = cpv.split("/", 1)[1]
    (slot,) = vardb.aux_get(cpv, ["SLOT"])
    slot = slot.partition("/")[0]
    if wanted.startswith("rust"):
        return re.sub(r"-r\d+$", "", name) == wanted or f"{name.rstrip('0123456789.').rstrip('-')}-{slot}" == wanted
    return wanted == slot or wanted.endswith("-" + slot)
