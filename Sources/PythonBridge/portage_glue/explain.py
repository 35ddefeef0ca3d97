"""Why binary packages that are there do not fit this machine."""

import os

from portage_glue.binary_packages import _slot_operators
from portage_glue.calls import GlueError, call
from portage_glue.objects import DEPENDENCY_KINDS, package_settings, portage_module, target_trees

FLAG_VARIABLES = ("CFLAGS", "CXXFLAGS", "FFLAGS", "FCFLAGS", "LDFLAGS")
RECORDED = DEPENDENCY_KINDS + ("CHOST", "EAPI", "IUSE", "SLOT", "USE", "USER_PATCHES", "repository")


def _signed(names, enabled):
    return " ".join(name if name in enabled else f"-{name}" for name in sorted(names))


def _atoms(text, use, eapi, libc):
    """The atoms without slots, as Portage compares them, and those of the C library apart."""
    dep = portage_module().dep
    found, of_libc = set(), []
    for part in dep.use_reduce(text, uselist=use, flat=True, eapi=eapi, token_class=dep.Atom):
        if not isinstance(part, dep.Atom):
            continue
        atom = part.evaluate_conditionals(use) if part.use is not None else part
        if not atom.blocker and atom.cp in libc:
            of_libc.append(atom)
        else:
            found.add(str(atom.without_slot))
    return found, of_libc


class Wanted:
    """The package as this machine would build it."""

    def __init__(self, cpv, repository):
        from portage.dep._slot_operator import evaluate_slot_operator_equal_deps
        from portage.dep.libc import find_libc_deps

        portage = portage_module()
        self.cpv = cpv
        self.metadata, self.settings, self.use = package_settings(cpv, repository)
        self.iuse = {flag.lstrip("+-") for flag in self.metadata["IUSE"].split()}
        self.here = evaluate_slot_operator_equal_deps(self.settings, self.use, portage.db)
        self.vardb = target_trees()["vartree"].dbapi
        self.libc = {atom.cp for atom in find_libc_deps(self.vardb)}
        package = portage.versions._pkg_str(cpv, metadata=self.metadata, settings=self.settings)
        self.patches = self.settings.userPatchDigest(package)

    def differences(self, cpv, found, flags):
        """Each difference by name: what this machine wants, `≠`, what is there."""
        lines = []
        wanted = self.metadata

        def compare(name, ours, theirs):
            if ours != theirs:
                lines.append(f"{name}: {ours or 'none'} ≠ {theirs or 'none'}")

        compare("version", self.cpv, cpv)
        compare("repository", wanted["repository"], found["repository"])
        compare("SLOT", wanted["SLOT"], found["SLOT"])
        compare("CHOST", self.settings.get("CHOST", ""), found["CHOST"])
        iuse = {flag.lstrip("+-") for flag in found["IUSE"].split()}
        theirs = iuse.intersection(found["USE"].split())
        changed = (self.use & self.iuse & iuse) ^ (theirs & self.iuse)
        if changed:
            lines.append(f"USE: {_signed(changed, self.use)} ≠ {_signed(changed, theirs)}")
        if self.iuse != iuse:
            more, less = " ".join(sorted(self.iuse - iuse)), " ".join(sorted(iuse - self.iuse))
            lines.append(f"IUSE: {more or 'nothing'} only in the ebuild, {less or 'nothing'} only in the package")
        for name, value in flags.items():
            compare(f"{name} (after the ebuild filtered them)", self.settings.get(name, ""), value)
        compare("user patches", self.patches, found["USER_PATCHES"])
        if cpv == self.cpv:
            lines += self._dependencies(found)
        return lines

    def _dependencies(self, found):
        lines = []
        eapi = found["EAPI"] or "0"
        for kind in DEPENDENCY_KINDS:
            ours, _ = _atoms(self.metadata[kind], self.use, self.metadata["EAPI"], self.libc)
            theirs, of_libc = _atoms(found[kind], frozenset(found["USE"].split()), eapi, self.libc)
            for atom in sorted(ours - theirs):
                lines.append(f"{kind}: {atom} is only in the ebuild")
            for atom in sorted(theirs - ours):
                lines.append(f"{kind}: {atom} is only in the package")
            for atom in of_libc:
                if not self.vardb.match(atom):
                    have = " ".join(str(cpv) for cp in sorted(self.libc) for cpv in self.vardb.match(cp))
                    lines.append(f"libc: {have or 'none'} ≠ {atom}")
            built = _slot_operators(found[kind], eapi)
            local = _slot_operators(self.here.get(kind, ""), self.metadata["EAPI"])
            for atom in sorted(built.keys() & local.keys()):
                if local[atom] and built[atom] and local[atom] != built[atom]:
                    lines.append(f"{kind}: sub-slot of {atom}: {local[atom]} ≠ {built[atom]}")
        return list(dict.fromkeys(lines))


def _flags(tree, path):
    """The compiler flags that a package file records. `aux_get` knows none of them: it looks no further than the index."""
    from portage.gpkg import gpkg

    portage = portage_module()
    if portage.binpkg.get_binpkg_format(path) == "gpkg":
        metadata = gpkg(tree.settings, gpkg_file=path).get_metadata()
    else:
        metadata = {str(key, "utf-8"): value for key, value in (portage.xpak.tbz2(path).get_data() or {}).items()}
    values = {name: str(metadata.get(name, b""), "utf-8", "replace") for name in FLAG_VARIABLES}
    return {name: " ".join(value.split()) for name, value in values.items() if value.strip()}


@call
def explain(atom):
    """The binary packages of an atom in PKGDIR and in the known indexes of binary package hosts, and how each differs
    from what this machine would build."""
    portage = portage_module()
    wanted_atom = portage.dep.Atom(atom, allow_repo=True)
    best = target_trees()["porttree"].dbapi.xmatch("bestmatch-visible", wanted_atom)
    if not best:
        raise GlueError(f"nothing visible matches '{atom}'")
    wanted = Wanted(str(best), best.repo)
    tree = target_trees()["bintree"]
    tree.populate(getbinpkgs=True, getbinpkg_refresh=False, pretend=True)
    binaries = []
    for cpv in reversed(tree.dbapi.cp_list(wanted_atom.cp)):
        found = dict(zip(RECORDED, tree.dbapi.aux_get(cpv, list(RECORDED))))
        if tree.isremote(cpv):
            where, flags = tree.get_pkgindex_uri(cpv) or "a binary package host", {}
        else:
            where = tree.getname(cpv)
            flags = _flags(tree, where)
        binaries.append({"cpv": str(cpv), "where": where, "differences": wanted.differences(str(cpv), found, flags)})
    return {"cpv": str(best), "repository": best.repo, "binaries": binaries}


@call
def keep_packages(directory, known):
    """Moves the packages that emerge made beside those of a plan into the user's PKGDIR."""
    from portage.gpkg import gpkg

    portage = portage_module()
    tree = target_trees()["bintree"]
    kept = []
    for parent, _, names in os.walk(directory):
        for name in sorted(names):
            path = os.path.join(parent, name)
            if not name.endswith(".gpkg.tar") or os.path.relpath(path, directory) in known:
                continue
            metadata = gpkg(tree.settings, gpkg_file=path).get_metadata()
            cpv = "/".join(str(metadata[key], "utf-8").strip() for key in ("CATEGORY", "PF"))
            package = portage.versions._pkg_str(cpv, db=tree.dbapi, settings=tree.settings)
            if tree.inject(package, current_pkg_path=path) is None:
                raise GlueError(f"{path} cannot be moved to {tree.pkgdir}")
            kept.append(cpv)
    return kept
