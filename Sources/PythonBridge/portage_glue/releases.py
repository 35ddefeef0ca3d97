"""What new ebuilds are made with."""

import os
import re

from portage_glue.calls import GlueError, call
from portage_glue.objects import portage_module, target_trees


@call
def release_targets():
    """The configured repositories, and what an ebuild for this machine is made with."""
    settings = portage_module().settings
    repositories = settings.repositories
    main = repositories.mainRepo()
    return {
        "main": main.name if main is not None else "",
        "arch": settings.get("ARCH", ""),
        "repositories": [
            {"name": repo.name, "location": repo.location, "masters": [master.name for master in repo.masters or ()]}
            for repo in repositories
        ],
    }


REMOTE_PYPI = re.compile(rb"""<remote-id\s+type=["']pypi["']\s*>\s*([A-Za-z0-9._-]+)\s*</remote-id>""")
_remote_ids = {}


def _project(name):
    return re.sub("[-_.]+", "-", name).lower()


def _pypi_remote_ids():
    """CATEGORY/PN by project, for every package whose metadata.xml names its project."""
    if not _remote_ids:
        _remote_ids[""] = ""
        for repo in portage_module().settings.repositories:
            for category in portage_module().settings.categories:
                directory = os.path.join(repo.location, category)
                try:
                    names = sorted(os.listdir(directory))
                except OSError:
                    continue
                for name in names:
                    try:
                        with open(os.path.join(directory, name, "metadata.xml"), "rb") as file:
                            content = file.read(1 << 20)
                    except OSError:
                        continue
                    for project in REMOTE_PYPI.findall(content):
                        _remote_ids.setdefault(_project(project.decode()), f"{category}/{name}")
    return _remote_ids


@call
def python_packages(projects):
    """The packages that stand for projects of the Python index: by metadata.xml, else by their name in dev-python."""
    portdb = target_trees()["porttree"].dbapi
    found = {}
    for project, package in projects.items():
        for cp in (f"dev-python/{package}", _pypi_remote_ids().get(project)):
            cpvs = portdb.cp_list(cp) if cp else []
            if not cpvs:
                continue
            iuse = portdb.aux_get(cpvs[-1], ["IUSE"])[0].split()
            found[project] = {
                "cp": cp,
                "versions": sorted({cpv.version for cpv in cpvs}),
                "pythonTargets": any(flag.lstrip("+-").startswith("python_targets_") for flag in iuse),
            }
            break
    return found


@call
def checksums(path, names):
    """A file's size and hashes, as a Manifest has them."""
    import portage.checksum

    unknown = [name for name in names if name not in portage.checksum.get_valid_checksum_keys()]
    if unknown:
        raise GlueError(f"Portage cannot compute {' '.join(unknown)}")
    sums = portage.checksum.perform_multiple_checksums(path, hashes=names)
    return {"size": os.path.getsize(path), "hashes": {name: sums[name] for name in names}}
