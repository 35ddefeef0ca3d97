"""What packages of an overlay need that no other repository has."""

import configparser
import functools
import io
import os

from portage_glue.calls import GlueError, call
from portage_glue.objects import DEPENDENCY_KINDS, ebuild_metadata, portage_module, target_trees
from portage_glue.overlay_cache import overlay_cache


class OverlayView:
    """Portage's configuration with one overlay more, of which only metadata cache, eclasses and profiles are there."""

    def __init__(self, name, location, ours):
        from portage.dbapi.porttree import portdbapi

        portage = portage_module()
        self.portage = portage
        current = portage.settings
        environment = dict(os.environ, PORTAGE_REPOSITORIES=self._sections(current, name, location, ours))
        self.settings = portage.config(
            config_root=current["PORTAGE_CONFIGROOT"],
            target_root=current["ROOT"],
            eprefix=current["EPREFIX"],
            env=environment,
        )
        self.package_settings = portage.config(clone=self.settings)
        try:
            self.repository = self.settings.repositories[name]
        except KeyError:
            raise GlueError(f"Portage does not take {location} as a repository named {name}") from None
        self.local = portdbapi(mysettings=self.settings)
        self.local.porttrees = [tree for tree in self.local.porttrees if tree != self.repository.location]
        self.local.freeze()
        self.names = [self.settings.repositories.get_name_for_location(tree) for tree in self.local.porttrees]
        self.cache = overlay_cache(self)
        self.answers = {}

    @staticmethod
    def _sections(current, name, location, ours):
        """repos.conf as it is, without the repositories below `ours`, and with the overlay."""
        parser = configparser.RawConfigParser(strict=False, default_section=None)
        parser.read_string(current.repositories.config_string())
        slices = os.path.realpath(ours) + "/"
        for repository in current.repositories:
            if repository.location and (os.path.realpath(repository.location) + "/").startswith(slices):
                parser.remove_section(repository.name)
        if parser.has_section(name):
            raise GlueError(f"a repository named {name} is enabled")
        parser.add_section(name)
        parser.set(name, "location", location)
        text = io.StringIO()
        parser.write(text)
        return text.getvalue()

    def use(self, cpv, metadata):
        """The USE flags that the machine gives the package."""
        self.package_settings.setcpv(cpv, mydb=metadata)
        return frozenset(self.package_settings["PORTAGE_USE"].split())

    def use_can_fit(self, atom, package, metadata):
        """Whether masked and forced flags leave the atom's USE dependencies possible."""
        if atom.use is None or not (atom.use.enabled or atom.use.disabled):
            return True
        self.package_settings.setcpv(package, mydb=metadata)
        masked, forced = self.package_settings.usemask, self.package_settings.useforce
        declared = {flag.lstrip("+-") for flag in metadata["IUSE"].split()}
        return not (atom.use.enabled & masked & declared or atom.use.disabled & (forced - masked) & declared)

    def satisfied(self, atom):
        """Whether a package of the other repositories satisfies the atom that nothing but its keywords masks."""
        key = str(atom)
        if key not in self.answers:
            self.answers[key] = self._provided(atom) or any(self._satisfies(atom, name) for name in self.names)
        return self.answers[key]

    def _provided(self, atom):
        provided = self.settings.pprovideddict.get(atom.cp)
        return bool(provided and self.portage.dep.match_from_list(atom.without_use, provided))

    def _satisfies(self, atom, name):
        for package in self.local.xmatch("match-all", atom.with_repo(name)):
            try:
                metadata = ebuild_metadata(self.local, package, name)
            except GlueError:
                continue
            # With a keyword that is always accepted: only the others of Portage's reasons count.
            accepted = dict(metadata, KEYWORDS=self.settings.get("ARCH", ""))
            if self.local._visible(package, accepted) and self.use_can_fit(atom, package, metadata):
                return True
        return False

    def needs(self, cpv):
        """The atoms of a package of the overlay that the other repositories do not satisfy."""
        metadata = self.cache.metadata(cpv)
        use = self.use(cpv, metadata)
        found = {}
        for kind in DEPENDENCY_KINDS:
            tree = self.portage.dep.use_reduce(
                metadata[kind], uselist=use, eapi=metadata["EAPI"], token_class=self.portage.dep.Atom
            )
            for atom in self._all_of(tree, use):
                found.setdefault(str(atom), (atom, []))[1].append(kind)
        return [
            {"atom": text, "kinds": sorted(set(kinds)), "cpv": self.cache.best(atom)}
            for text, (atom, kinds) in found.items()
        ]

    def _all_of(self, tree, use):
        missing = []
        parts = iter(tree)
        for part in parts:
            if part == "||":
                missing += self._any_of(next(parts, []), use)
            elif isinstance(part, list):
                missing += self._all_of(part, use)
            elif not part.blocker:
                atom = part.evaluate_conditionals(use) if part.use is not None else part
                if not self.satisfied(atom):
                    missing.append(atom)
        return missing

    def _any_of(self, alternatives, use):
        """Nothing if one alternative is satisfied; else the first that the overlay completes, or the first of all."""
        options = []
        parts = iter(alternatives)
        for part in parts:
            group = ["||", next(parts, [])] if part == "||" else part if isinstance(part, list) else [part]
            options.append(self._all_of(group, use))
        if not options or not all(options):
            return []
        return next((option for option in options if all(map(self.cache.best, option))), options[0])


@functools.cache
def _overlay_view(name, location, ours):
    return OverlayView(name, location, ours)


@call
def overlay_choices(overlay, ours, atoms):
    """For each atom the version of the overlay that is taken for it, or None."""
    view = _overlay_view(overlay["name"], overlay["location"], ours)
    return [view.cache.best(portage_module().dep.Atom(atom, allow_repo=True)) for atom in atoms]


@call
def overlay_needs(overlay, ours, packages):
    """For each package of the overlay what no other repository satisfies, and which of the overlay's own would."""
    view = _overlay_view(overlay["name"], overlay["location"], ours)
    return [view.needs(cpv) for cpv in packages]


@call
def overlay_eclasses(overlay, ours, names):
    """The eclasses that ebuilds of the overlay inherit by these names; unknown ones are left out."""
    known = _overlay_view(overlay["name"], overlay["location"], ours).repository.eclass_db.eclasses
    return {name: {"path": known[name].location, "md5": known[name].md5} for name in names if name in known}


@call
def unread_cache_entries(repository, packages):
    """The packages of a configured repository whose metadata cache Portage would not take."""
    portdb = target_trees()["porttree"].dbapi
    location = portdb.settings.repositories[repository].location
    unread = []
    for cpv in packages:
        path = portdb.findname(cpv, myrepo=repository)
        if path is None or portdb._pull_valid_cache(cpv, path, location)[0] is None:
            unread.append(cpv)
    return unread
