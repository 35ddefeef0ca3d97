"""The files of a repository that an ebuild consists of."""

import os
import stat

from portage_glue.calls import GlueError
from portage_glue.objects import portage_module, target_trees


def is_readable_file(path):
    try:
        return stat.S_ISREG(os.stat(path).st_mode) and os.access(path, os.R_OK)
    except OSError:
        return False


def files_below(directory):
    """Regular files, and links to such, as name and path, sorted by name."""
    found = []
    for parent, directories, names in os.walk(directory):
        directories.sort()
        for name in names:
            path = os.path.join(parent, name)
            if is_readable_file(path):
                found.append({"name": os.path.relpath(path, directory), "path": path})
    return sorted(found, key=lambda file: os.fsencode(file["name"]))


def _eclasses(tree, metadata):
    known = portage_module().settings.repositories.get_repo_for_location(tree).eclass_db.eclasses
    files = []
    for name in sorted(set(metadata["INHERITED"].split())):
        if name not in known:
            raise GlueError(f"the eclass {name} is not there")
        files.append({"name": name, "path": known[name].location})
    return files


def ebuild_files(cpv, metadata):
    """The ebuild, the eclasses that it inherits, directly or not, its FILESDIR and its Manifest."""
    ebuild, tree = target_trees()["porttree"].dbapi.findname2(cpv, myrepo=metadata["repository"])
    directory = os.path.dirname(ebuild)
    manifest = os.path.join(directory, "Manifest")
    return {
        "ebuild": ebuild,
        "eclasses": _eclasses(tree, metadata),
        "files": files_below(os.path.join(directory, "files")),
        "manifest": manifest if is_readable_file(manifest) else None,
    }
