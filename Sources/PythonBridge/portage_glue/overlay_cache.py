"""The packages of an overlay as its metadata cache describes them."""

import contextlib
import functools
import os

from portage_glue.calls import GlueError
from portage_glue.objects import METADATA, portage_module


def overlay_cache(view):
    """The packages of an overlay as its metadata cache describes them; no ebuild is read."""
    portage = portage_module()
    from portage.cache.cache_errors import CacheError
    from portage.cache.flat_hash import md5_database
    from portage.dbapi import dbapi
    from portage.eapi import eapi_is_supported

    class OverlayCache(dbapi):
        _use_mutable = True

        def __init__(self):
            location = view.repository.location
            self.settings = view.settings
            self.directory = os.path.join(location, "metadata", "md5-cache")
            self.database = md5_database(location, "metadata/md5-cache", METADATA, readonly=True)
            self.entries = {}
            self.lists = {}

        def metadata(self, cpv):
            cpv = str(cpv)
            if cpv not in self.entries:
                try:
                    entry = self.database[cpv]
                except (KeyError, CacheError):
                    raise GlueError(f"the overlay has no readable metadata of {cpv}") from None
                values = {key: entry.get(key, "") for key in METADATA}
                values["EAPI"] = values["EAPI"] or "0"
                values["SLOT"] = values["SLOT"] or "0"
                values["repository"] = view.repository.name
                self.entries[cpv] = values
            return self.entries[cpv]

        def aux_get(self, cpv, keys, myrepo=None):
            values = self.metadata(cpv)
            return [values.get(key, "") for key in keys]

        def cp_list(self, cp, use_cache=1):
            if cp not in self.lists:
                category, name = cp.split("/", 1)
                path = os.path.join(self.directory, category)
                found = []
                for entry in sorted(os.listdir(path)) if os.path.isdir(path) else ():
                    split = portage.versions.catpkgsplit(f"{category}/{entry}")
                    if split is None or split[1] != name:
                        continue
                    values = self.metadata(f"{category}/{entry}")
                    if eapi_is_supported(values["EAPI"]):
                        with contextlib.suppress(portage.exception.InvalidData):
                            found.append(
                                portage.versions._pkg_str(
                                    f"{category}/{entry}",
                                    metadata=values,
                                    settings=view.settings,
                                    repo=view.repository.name,
                                )
                            )
                self.lists[cp] = found
            return self.lists[cp]

        def standing(self, package):
            """What a version is preferred for: not masked, licence and keywords accepted, not live, high."""
            values = dict(self.metadata(package), CHOST=view.settings.get("CHOST", ""))
            values["USE"] = " ".join(view.use(package, values)) if "?" in values["LICENSE"] else ""
            return (
                not view.settings._getMaskAtom(package, values),
                not view.settings._getMissingLicenses(package, values),
                not view.settings._getMissingKeywords(package, values),
                bool(values["KEYWORDS"]),
                functools.cmp_to_key(portage.versions.vercmp)(package.version),
            )

        def best(self, atom):
            """The version of the overlay that is taken for an atom, or None."""
            packages = [
                package
                for package in self._iter_match(atom.without_repo, self.cp_list(atom.cp))
                if view.use_can_fit(atom, package, self.metadata(package))
            ]
            return str(max(packages, key=self.standing)) if packages else None

    return OverlayCache()
