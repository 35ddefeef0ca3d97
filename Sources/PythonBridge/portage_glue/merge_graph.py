"""The dependencies between the packages of a merge list."""

import gc

from portage_glue.calls import call
from portage_glue.merge_list import read_mtimedb
from portage_glue.merge_packages import listed_packages
from portage_glue.objects import BUILD_KINDS, DEPENDENCY_KINDS, portage_module, trees_of


class MergeGraph:
    """The dependencies of packages, each evaluated by Portage and matched against the list, then the system.

    Where one atom has several packages, the choice is the resolver's: the highest version, and among the atoms that a
    package has for one name as few packages as will do. Where a `||` has several satisfied alternatives, only the
    resolver's history says which it took; then the list's part is 'maybe'.
    """

    def __init__(self, listed, options=None):
        self.portage = portage_module()
        self.running = self.portage.db._running_eroot
        self.options = options if isinstance(options, dict) else {}
        self.listed = listed
        self.by_name = {}
        for package in listed:
            if package.package is not None:
                self.by_name.setdefault((package.root, package.package.cp), []).append(package)
        self.installed = {}
        self.installed_matches = {}
        self.edges = {}
        for package in listed:
            if package.package is not None:
                self._add_dependencies(package)

    def _roots(self, kind, package):
        """Where the packages of a kind are looked for, or None if emerge ignores the kind."""
        root_deps = self.options.get("--root-deps")
        has_bdepend = self.portage.eapi.eapi_has_bdepend(package.metadata["EAPI"])
        if kind in ("RDEPEND", "PDEPEND"):
            return {package.root}
        if kind == "DEPEND" and has_bdepend:
            roots = {trees_of(package.root)["vartree"].settings["ESYSROOT"]}
        elif kind == "DEPEND" and root_deps == "rdeps":
            return set()
        else:
            roots = {self.running}
        return roots | {package.root} if root_deps is True else roots

    def _add_dependencies(self, package):
        for kind in DEPENDENCY_KINDS:
            text = package.metadata.get(kind)
            # What a binary package was built with is only wanted, not needed.
            optional = package.kind == "binary" and kind in BUILD_KINDS
            if not text or (optional and self.options.get("--with-bdeps") != "y"):
                continue
            try:
                tree = self.portage.dep.use_reduce(
                    text, uselist=package.use, eapi=package.metadata["EAPI"], token_class=self.portage.dep.Atom
                )
            except self.portage.exception.InvalidDependString:
                continue
            found = {}
            for root in self._roots(kind, package):
                _Evaluation(self, package, root).all_of(tree, found)
            for target, maybe in found.items():
                if not optional or target < len(self.listed):
                    kinds, only_maybe = self.edges.get((package.index, target), ((), True))
                    self.edges[(package.index, target)] = (kinds + (kind,), only_maybe and (maybe or optional))

    def select(self, atom, package, root):
        """The number of the package that satisfies an atom, and its version; (None, None) if there is none."""
        if atom.use is not None:
            atom = atom.evaluate_conditionals(package.use)
        candidates = [
            other for other in self.by_name.get((root, atom.cp), ()) if other is not package and other.fits(atom)
        ]
        if candidates:
            best = candidates[0]
            if len(candidates) > 1:
                version = self.portage.versions.best([other.package for other in candidates])
                best = next(other for other in candidates if other.package == version)
            return best.index, best.package
        key = (root, atom)
        if key not in self.installed_matches:
            matches = trees_of(root)["vartree"].dbapi.match(atom)
            self.installed_matches[key] = matches[-1] if matches else None
        version = self.installed_matches[key]
        return (None, None) if version is None else (self.installed_number(root, version), version)

    def fits(self, number, version, atom, package, root):
        """Whether a package that was selected for another atom satisfies this one."""
        if atom.use is not None:
            atom = atom.evaluate_conditionals(package.use)
        if number < len(self.listed):
            return self.listed[number].fits(atom)
        return version in trees_of(root)["vartree"].dbapi.match(atom)

    def installed_number(self, root, cpv):
        """The number of an installed package; they come after those of the list."""
        return self.installed.setdefault((root, str(cpv)), len(self.listed) + len(self.installed))

    def report(self):
        """The graph as JSON; installed packages that only a discarded alternative named are left out."""
        nodes = [
            {
                "cpv": package.cpv,
                "root": package.root,
                "repo": package.metadata.get("repository", ""),
                "state": "waiting",
                "type": package.kind,
            }
            for package in self.listed
        ]
        used = {target for _, target in self.edges}
        number = {index: index for index in range(len(nodes))}
        for (root, cpv), index in self.installed.items():
            if index in used:
                number[index] = len(nodes)
                repository = trees_of(root)["vartree"].dbapi.aux_get(cpv, ["repository"])[0]
                nodes.append({"cpv": cpv, "root": root, "repo": repository, "state": "installed", "type": "installed"})
        edges = [
            {"from": source, "to": number[target], "kinds": kinds, "maybe": maybe}
            for (source, target), (kinds, maybe) in self.edges.items()
        ]
        edges.sort(key=lambda edge: (edge["from"], edge["to"]))
        return {"nodes": nodes, "edges": edges}


class _Evaluation:
    """One dependency variable of one package, looked up in one root."""

    def __init__(self, graph, package, root):
        self.graph = graph
        self.package = package
        self.root = root
        self.narrowed = {}

    def all_of(self, tree, found):
        """Adds what satisfies the whole variable."""
        self._narrow(tree)
        self._all_of(tree, found, False)

    def _narrow(self, tree):
        """For the atoms of one name: drops packages that the other atoms' packages make needless, oldest first."""
        names = {}
        for part in tree:
            if isinstance(part, self.graph.portage.dep.Atom) and not part.blocker and not part.cp.startswith("virtual/"):
                names.setdefault(part.cp, []).append(part)
        for atoms in names.values():
            if len(atoms) < 2:
                continue
            chosen = {atom: self.graph.select(atom, self.package, self.root) for atom in atoms}
            packages = {number: version for number, version in chosen.values() if number is not None}
            if len(packages) < 2:
                continue
            by_version = self.graph.portage.versions.cpv_sort_key()
            order = sorted(packages, key=lambda number: by_version(packages[number]))
            order.sort(key=lambda number: number < len(self.graph.listed))
            fitting = {
                atom: [n for n in order if self.graph.fits(n, packages[n], atom, self.package, self.root)]
                for atom in atoms
            }
            for number in order:
                users = [numbers for numbers in fitting.values() if number in numbers]
                if all(len(numbers) > 1 for numbers in users):
                    for numbers in users:
                        numbers.remove(number)
            self.narrowed.update({atom: numbers[-1] for atom, numbers in fitting.items() if numbers})

    def _all_of(self, tree, found, maybe):
        """Adds what satisfies every part of a group. Returns whether all are satisfied, and whether by the list."""
        satisfied, listed = True, False
        parts = iter(tree)
        for part in parts:
            if part == "||":
                one, from_list = self._any_of(next(parts, []), found, maybe)
            elif isinstance(part, list):
                one, from_list = self._all_of(part, found, maybe)
            else:
                one, from_list = self._atom(part, found, maybe)
            satisfied &= one
            listed |= from_list
        return satisfied, listed

    def _any_of(self, alternatives, found, maybe):
        """Adds the satisfied alternatives that the list has a part in; without one, the first satisfied."""
        options = []
        parts = iter(alternatives)
        for part in parts:
            option = {}
            group = ["||", next(parts, [])] if part == "||" else part if isinstance(part, list) else [part]
            satisfied, listed = self._all_of(group, option, False)
            if satisfied:
                options.append((listed, option))
        chosen = [option for listed, option in options if listed] or [option for _, option in options[:1]]
        unsure = maybe or len(options) > 1
        for option in chosen:
            for target, one_maybe in option.items():
                found[target] = found.get(target, True) and (unsure or one_maybe)
        return bool(options), any(listed for listed, _ in options)

    def _atom(self, atom, found, maybe):
        if atom.blocker:
            return True, False
        number = self.narrowed.get(atom)
        if number is None:
            number, _ = self.graph.select(atom, self.package, self.root)
        if number is None:
            return False, False
        found[number] = found.get(number, True) and maybe
        return True, number < len(self.graph.listed)


@call
def dependency_graph(mtimedb=None, package=None):
    """The packages of the merge list, what they need directly, and why; of the list with a package, if one is given."""
    resume, _ = read_mtimedb(mtimedb, package)
    # So many small objects live until the end: looking for dead ones among them is a tenth of the time.
    gc.disable()
    try:
        return MergeGraph(listed_packages(resume), resume.get("myopts")).report()
    finally:
        gc.enable()
