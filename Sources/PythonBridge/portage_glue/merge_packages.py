"""The packages of a merge list: their metadata and USE."""

import contextlib
import os

from portage_glue.calls import GlueError
from portage_glue.merge_list import merge_entries
from portage_glue.objects import METADATA, ebuild_metadata, own_settings, portage_module, trees_of


class ListedPackage:
    """A package of a merge list, with all that is needed to match atoms against it."""

    def __init__(self, index, entry, metadata, use, package):
        self.index = index
        self.kind = entry["type"]
        self.root = entry["root"]
        self.cpv = entry["cpv"]
        self.metadata = metadata
        self.use = use
        self.iuse = {flag.lstrip("+-") for flag in metadata.get("IUSE", "").split()}
        # Portage's own, with version and slot; None if nothing is known of the package.
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


def listed_packages(resume):
    """The packages of a resume list, as Portage would merge them now."""
    return _Loader(resume).packages


class _Loader:
    def __init__(self, resume):
        self.portage = portage_module()
        self.settings = {}
        self.binaries = {}
        instances = resume.get("binpkgs")
        self.instances = [x for x in instances if isinstance(x, dict)] if isinstance(instances, list) else []
        self.favorites = self._favorite_repositories(resume.get("favorites"))
        self.packages = [self._load(index, entry) for index, entry in enumerate(merge_entries(resume))]

    def _favorite_repositories(self, favorites):
        """Atoms that the user gave with a repository: emerge took the package from there."""
        atoms = []
        for favorite in favorites if isinstance(favorites, list) else []:
            try:
                atom = self.portage.dep.Atom(favorite, allow_repo=True)
            except (self.portage.exception.InvalidAtom, TypeError):
                continue
            if atom.repo:
                atoms.append(atom)
        return atoms

    def _load(self, index, entry):
        metadata, use, package = {}, frozenset(), None
        # The list may name what is gone by now, or what never was a package: a node without edges.
        if self.portage.versions.catpkgsplit(entry["cpv"]) is not None:
            with contextlib.suppress(GlueError, self.portage.exception.PortageException):
                metadata, use = self._metadata(entry)
                package = self.portage.versions._pkg_str(
                    entry["cpv"],
                    metadata=metadata,
                    settings=trees_of(entry["root"])["vartree"].settings,
                    repo=metadata.get("repository") or None,
                )
        return ListedPackage(index, entry, metadata, use, package)

    def _metadata(self, entry):
        """Metadata and effective USE."""
        if entry["type"] == "binary" and (metadata := self._binary_metadata(entry)):
            return metadata, frozenset(metadata["USE"].split())
        metadata = self._source_metadata(entry)
        settings = self._settings(entry["root"])
        settings.setcpv(entry["cpv"], mydb=metadata)
        return metadata, frozenset(settings["PORTAGE_USE"].split())

    def _settings(self, root):
        """Settings of a root that may be changed for one package."""
        if root not in self.settings:
            self.settings[root] = own_settings(trees_of(root)["vartree"].settings)
        return self.settings[root]

    def _source_metadata(self, entry):
        portdb = trees_of(entry["root"])["porttree"].dbapi
        for atom in self.favorites:
            if self.portage.dep.match_from_list(atom.without_repo.without_use, [entry["cpv"]]):
                with contextlib.suppress(GlueError):
                    return ebuild_metadata(portdb, entry["cpv"], atom.repo)
        return ebuild_metadata(portdb, entry["cpv"])

    def _binary_metadata(self, entry):
        root = entry["root"]
        if root not in self.binaries:
            self.binaries[root] = self._binary_indexes(trees_of(root))
        stanzas = self.binaries[root].get(entry["cpv"], [])
        if not stanzas:
            return {}
        chosen = stanzas[-1]
        for instance in self.instances:
            if instance.get("CPV") == entry["cpv"]:
                for stanza in stanzas:
                    if stanza.get("BUILD_TIME") == str(instance.get("BUILD_TIME")):
                        chosen = stanza
        metadata = {key: chosen.get(key, "") for key in METADATA + ("USE",)}
        metadata["repository"] = chosen.get("REPO") or chosen.get("repository", "")
        metadata["EAPI"] = metadata["EAPI"] or "0"
        metadata["SLOT"] = metadata["SLOT"] or "0"
        return metadata

    def _binary_indexes(self, trees):
        """The stanzas of PKGDIR's index and of the cached ones of binary hosts, by CPV. Nothing is fetched or written."""
        bintree = trees["bintree"]
        paths = [os.path.join(bintree.pkgdir, "Packages")]
        for directory, _, names in os.walk(os.path.join(trees["vartree"].settings["EROOT"], "var/cache/edb")):
            if "Packages" in names and "/binhost" in directory:
                paths.append(os.path.join(directory, "Packages"))
        found = {}
        for path in paths:
            index = bintree._new_pkgindex()
            with (
                contextlib.suppress(OSError, self.portage.exception.PortageException),
                open(path, encoding="utf-8", errors="replace") as file,
            ):
                index.read(file)
            for stanza in index.packages:
                found.setdefault(stanza.get("CPV"), []).append(stanza)
        return found
