"""The dependencies between the packages of the merge list."""

import contextlib
import os

from portage_glue.calls import GlueError, call
from portage_glue.merge_list import merge_entries, read_mtimedb
from portage_glue.objects import (
    BUILD_KINDS,
    DEPENDENCY_KINDS,
    METADATA,
    ebuild_metadata,
    own_settings,
    portage_module,
    target_trees,
)


class ListedPackage:
    """A package of the merge list, with all that is needed to match atoms against it."""

    def __init__(self, index, entry, metadata, use, package):
        self.index = index
        self.kind = entry["type"]
        self.root = entry["root"]
        self.cpv = entry["cpv"]
        self.metadata = metadata
        self.use = use
        self.iuse = {flag.lstrip("+-") for flag in metadata.get("IUSE", "").split()}
        self.package = package

    def fits(self, atom):
        """Whether the atom matches this package, its USE included."""
        if not portage_module().dep.match_from_list(atom.without_use, [self.package]):
            return False
        wanted = atom.use
        if wanted is None:
            return True
        for flag in wanted.enabled:
            if flag not in self.use and (flag in self.iuse or flag not in wanted.missing_enabled):
                return False
        for flag in wanted.disabled:
            if flag in self.use or (flag not in self.iuse and flag in wanted.missing_enabled):
                return False
        return True


def _favorite_repositories(favorites):
    """Atoms that the user gave with a repository: emerge took the package from there."""
    portage = portage_module()
    atoms = []
    for favorite in favorites if isinstance(favorites, list) else []:
        try:
            atom = portage.dep.Atom(favorite, allow_repo=True)
        except (portage.exception.InvalidAtom, TypeError):
            continue
        if atom.repo:
            atoms.append(atom)
    return atoms


def _binary_indexes(trees):
    """The stanzas of PKGDIR's index and of the cached ones of binary hosts, by CPV. Nothing is fetched or written."""
    portage = portage_module()
    bintree = trees["bintree"]
    paths = [os.path.join(bintree.pkgdir, "Packages")]
    for directory, _, names in os.walk(os.path.join(trees["vartree"].settings["EROOT"], "var/cache/edb")):
        if "Packages" in names and "/binhost" in directory:
            paths.append(os.path.join(directory, "Packages"))
    found = {}
    for path in paths:
        index = bintree._new_pkgindex()
        with (
            contextlib.suppress(OSError, portage.exception.PortageException),
            open(path, encoding="utf-8", errors="replace") as file,
        ):
            index.read(file)
        for stanza in index.packages:
            found.setdefault(stanza.get("CPV"), []).append(stanza)
    return found


class MergeGraph:
    """The dependencies of a merge list, each evaluated by Portage and matched against the list, then the system."""

    def __init__(self, resume):
        portage = portage_module()
        self.portage = portage
        self.settings = own_settings()
        self.binaries = {}
        self.built_instances = resume.get("binpkgs") or []
        favorites = _favorite_repositories(resume.get("favorites"))
        self.listed = [self._load(i, entry, favorites) for i, entry in enumerate(merge_entries(resume))]
        self.by_name = {}
        for package in self.listed:
            if package.package is not None:
                self.by_name.setdefault((package.root, package.package.cp), []).append(package)
        self.installed = {}
        self.edges = {}
        for package in self.listed:
            self._add_dependencies(package)

    def _trees(self, root):
        trees = self.portage.db
        return trees[root] if root in trees else target_trees()

    def _load(self, index, entry, favorites):
        metadata, use = {}, frozenset()
        cpv = entry["cpv"]
        try:
            if entry["type"] == "binary":
                metadata = self._binary_metadata(entry)
                use = frozenset(metadata.get("USE", "").split())
            if not metadata:
                metadata = self._source_metadata(entry, favorites)
                self.settings.setcpv(cpv, mydb=metadata)
                use = frozenset(self.settings["PORTAGE_USE"].split())
            package = self.portage.versions._pkg_str(
                cpv, metadata=metadata, settings=self.settings, repo=metadata.get("repository") or None
            )
        except (GlueError, self.portage.exception.PortageException):
            # The list may name what is gone by now: a node without edges.
            return ListedPackage(index, entry, metadata, use, None)
        return ListedPackage(index, entry, metadata, use, package)

    def _source_metadata(self, entry, favorites):
        portdb = self._trees(entry["root"])["porttree"].dbapi
        metadata = ebuild_metadata(portdb, entry["cpv"])
        for atom in favorites:
            if self.portage.dep.match_from_list(atom.without_repo.without_use, [entry["cpv"]]):
                with contextlib.suppress(GlueError):
                    return ebuild_metadata(portdb, entry["cpv"], atom.repo)
        return metadata

    def _binary_metadata(self, entry):
        root = entry["root"]
        if root not in self.binaries:
            self.binaries[root] = _binary_indexes(self._trees(root))
        stanzas = self.binaries[root].get(entry["cpv"], [])
        if not stanzas:
            return {}
        chosen = stanzas[-1]
        for instance in self.built_instances if isinstance(self.built_instances, list) else []:
            if isinstance(instance, dict) and instance.get("CPV") == entry["cpv"]:
                for stanza in stanzas:
                    if stanza.get("BUILD_TIME") == str(instance.get("BUILD_TIME")):
                        chosen = stanza
        metadata = {key: chosen.get(key, "") for key in METADATA + ("USE",)}
        metadata["repository"] = chosen.get("REPO") or chosen.get("repository", "")
        metadata["EAPI"] = metadata["EAPI"] or "0"
        metadata["SLOT"] = metadata["SLOT"] or "0"
        return metadata

    def _root_of(self, kind, package):
        running = self.portage.db._running_eroot
        if kind in ("RDEPEND", "PDEPEND"):
            return package.root
        if kind in ("BDEPEND", "IDEPEND"):
            return running
        if not self.portage.eapi.eapi_has_bdepend(package.metadata["EAPI"]):
            return running
        return package.root if self.settings["ESYSROOT"] == self.settings["EROOT"] else running

    def _add_dependencies(self, package):
        if package.package is None:
            return
        for kind in DEPENDENCY_KINDS:
            text = package.metadata.get(kind)
            if not text or (package.kind == "binary" and kind in BUILD_KINDS):
                continue
            try:
                tree = self.portage.dep.use_reduce(
                    text,
                    uselist=package.use,
                    eapi=package.metadata["EAPI"],
                    token_class=self.portage.dep.Atom,
                )
            except self.portage.exception.InvalidDependString:
                continue
            found = {}
            self._all_of(tree, package, self._root_of(kind, package), found)
            for target, maybe in found.items():
                kinds, only_maybe = self.edges.get((package.index, target), ((), True))
                self.edges[(package.index, target)] = (kinds + (kind,), only_maybe and maybe)

    def _all_of(self, tree, package, root, found, maybe=False):
        """Adds what satisfies every part of a group. Returns whether all are satisfied, and whether by the list."""
        satisfied, listed = True, False
        parts = iter(tree)
        for part in parts:
            if part == "||":
                one, from_list = self._any_of(next(parts, []), package, root, found, maybe)
            elif isinstance(part, list):
                one, from_list = self._all_of(part, package, root, found, maybe)
            else:
                one, from_list = self._atom(part, package, root, found, maybe)
            satisfied &= one
            listed |= from_list
        return satisfied, listed

    def _any_of(self, alternatives, package, root, found, maybe):
        """Adds the satisfied alternatives that the list has a part in; without one, the first satisfied."""
        options = []
        parts = iter(alternatives)
        for part in parts:
            option = {}
            group = ["||", next(parts, [])] if part == "||" else part if isinstance(part, list) else [part]
            satisfied, listed = self._all_of(group, package, root, option)
            if satisfied:
                options.append((listed, option))
        chosen = [option for listed, option in options if listed] or [option for _, option in options[:1]]
        unsure = maybe or len(options) > 1
        for option in chosen:
            for target, one_maybe in option.items():
                found[target] = found.get(target, True) and (unsure or one_maybe)
        return bool(options), any(listed for listed, _ in options)

    def _atom(self, atom, package, root, found, maybe):
        if atom.blocker:
            return True, False
        if atom.use is not None:
            atom = atom.evaluate_conditionals(package.use)
        candidates = [
            other for other in self.by_name.get((root, atom.cp), ()) if other is not package and other.fits(atom)
        ]
        if candidates:
            best = self.portage.versions.best([other.package for other in candidates])
            target = next(other.index for other in candidates if other.package == best)
            found[target] = found.get(target, True) and (maybe or len(candidates) > 1)
            return True, True
        matches = self._trees(root)["vartree"].dbapi.match(atom)
        if not matches:
            return False, False
        target = self._installed_node(root, matches[-1])
        found[target] = found.get(target, True) and maybe
        return True, False

    def _installed_node(self, root, cpv):
        key = (root, str(cpv))
        if key not in self.installed:
            self.installed[key] = len(self.listed) + len(self.installed)
        return self.installed[key]

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
                repository = self._trees(root)["vartree"].dbapi.aux_get(cpv, ["repository"])[0]
                nodes.append({"cpv": cpv, "root": root, "repo": repository, "state": "installed", "type": "installed"})
        edges = [
            {"from": source, "to": number[target], "kinds": kinds, "maybe": maybe}
            for (source, target), (kinds, maybe) in self.edges.items()
        ]
        edges.sort(key=lambda edge: (edge["from"], edge["to"]))
        return {"nodes": nodes, "edges": edges}


@call
def dependency_graph(mtimedb=None):
    """The packages of the merge list, what they need directly, and why."""
    resume, _ = read_mtimedb(mtimedb)
    return MergeGraph(resume).report()
