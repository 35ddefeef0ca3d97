"""What is installed."""

import hashlib
import os
import re

from portage_glue.build_dependencies import libc
from portage_glue.calls import call
from portage_glue.objects import portage_module, target_trees

# Files of the installed database that say what a package is, beside the list of its files.
_IDENTITY = ("CHOST", "CFLAGS", "CXXFLAGS", "LDFLAGS", "DEPEND", "EAPI", "RDEPEND", "SLOT", "USE", "repository")
_TIME = re.compile(rb" \d+$")


@call
def installed_system():
    """Every installed package, and the C library."""
    vardb = target_trees()["vartree"].dbapi
    packages = []
    for cpv in sorted(map(str, vardb.cpv_all())):
        slot, use, iuse, repository = vardb.aux_get(cpv, ["SLOT", "USE", "IUSE", "repository"])
        declared = {flag.lstrip("+-") for flag in iuse.split()}
        name, _, sub_slot = slot.partition("/")
        packages.append(
            {
                "cpv": cpv,
                "slot": name,
                "subSlot": sub_slot or name,
                "use": sorted(flag for flag in use.split() if flag in declared),
                "repository": repository,
            }
        )
    return {"packages": packages, "libc": libc()}


@call
def existing_ebuilds(cpvs):
    """Those of the versions that a repository has an ebuild of."""
    portdb = target_trees()["porttree"].dbapi
    return [cpv for cpv in cpvs if portdb.cpv_exists(cpv)]


@call
def without_ebuild(unsatisfied):
    """Those of some dependencies (an atom, or `|| ( ATOM... )`) of which no repository has an ebuild, whatever its
    keywords, licence and flags are."""
    portdb = target_trees()["porttree"].dbapi
    new_atom = portage_module().dep.Atom

    def has_ebuild(word):
        return word not in ("||", "(", ")") and portdb.xmatch("match-all", new_atom(word).without_use)

    return [text for text in unsatisfied if not any(map(has_ebuild, text.split()))]


@call
def content_digests(cpvs):
    """A digest of each installed package: of its files, and of what it was made from."""
    vardb = target_trees()["vartree"].dbapi
    digests = {}
    for cpv in cpvs:
        directory = vardb.getpath(cpv)
        digest = hashlib.sha256()
        for name in (*_IDENTITY, cpv.split("/", 1)[1] + ".ebuild"):
            try:
                with open(os.path.join(directory, name), "rb") as file:
                    content = file.read()
            except FileNotFoundError:
                content = b""
            digest.update(b"%s %d\n" % (os.fsencode(name), len(content)) + content)
        with open(os.path.join(directory, "CONTENTS"), "rb") as file:
            # The times of files and links are those of this installation.
            lines = [line if line.startswith(b"dir ") else _TIME.sub(b"", line) for line in file.read().splitlines()]
        digest.update(b"\n".join(sorted(lines)))
        digests[cpv] = digest.hexdigest()
    return digests
