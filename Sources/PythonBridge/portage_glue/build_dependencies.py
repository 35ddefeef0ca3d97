"""What a package is built with."""

from portage_glue.installed_content import described
from portage_glue.objects import BUILD_KINDS, portage_module, running_trees, target_trees


class BuildDependencies:
    """The installed packages that satisfy DEPEND and BDEPEND, or other kinds; or those of other databases, of the target
    and of the running system."""

    def __init__(self, metadata, use, target=None, running=None, kinds=BUILD_KINDS):
        dep = portage_module().dep
        self.found = {}
        self.unsatisfied = []
        self._databases = (target, running)
        modern = portage_module().eapi.eapi_has_bdepend(metadata["EAPI"])
        for kind in kinds:
            if kind in ("RDEPEND", "PDEPEND") or (kind == "DEPEND" and modern):
                database = target or target_trees()["vartree"].dbapi
            else:
                database = running or running_trees()["vartree"].dbapi
            tree = dep.use_reduce(metadata[kind], uselist=use, eapi=metadata["EAPI"], token_class=dep.Atom)
            self._all_of(tree, database, use, self.found, self.unsatisfied)

    def of_another(self, metadata, use, kinds):
        """Those of another package, of the same databases."""
        return BuildDependencies(metadata, use, *self._databases, kinds=kinds)

    def _all_of(self, tree, vardb, use, found, missing):
        parts = iter(tree)
        for part in parts:
            if part == "||":
                self._any_of(next(parts, []), vardb, use, found, missing)
            elif isinstance(part, list):
                self._all_of(part, vardb, use, found, missing)
            elif not part.blocker:
                atom = part.evaluate_conditionals(use) if part.use is not None else part
                matches = vardb.match(atom)
                if matches:
                    found[str(matches[-1])] = vardb
                else:
                    missing.append(str(atom))

    def _any_of(self, alternatives, vardb, use, found, missing):
        texts = []
        parts = iter(alternatives)
        for part in parts:
            group = ["||", next(parts, [])] if part == "||" else part if isinstance(part, list) else [part]
            one_found, one_missing = {}, []
            self._all_of(group, vardb, use, one_found, one_missing)
            if not one_missing:
                found.update(one_found)
                return
            texts.append(" ".join(one_missing))
        if texts:
            missing.append(f"|| ( {' '.join(texts)} )")

    def packages(self):
        """Each package as version, slot, USE, repository and content."""
        return [described(vardb, cpv) for cpv, vardb in sorted(self.found.items())]


def libc():
    from portage.dep.libc import find_libc_deps

    return next(iter(sorted(map(str, find_libc_deps(target_trees()["vartree"].dbapi, realized=True)))), "")
