"""Portage's own objects. Its files are only read."""

import functools

from portage_glue.calls import GlueError

DEPENDENCY_KINDS = ("BDEPEND", "DEPEND", "RDEPEND", "PDEPEND", "IDEPEND")
BUILD_KINDS = ("BDEPEND", "DEPEND")
METADATA = DEPENDENCY_KINDS + (
    "DEFINED_PHASES",
    "EAPI",
    "INHERITED",
    "IUSE",
    "KEYWORDS",
    "LICENSE",
    "PROPERTIES",
    "REQUIRED_USE",
    "RESTRICT",
    "SLOT",
    "repository",
)


@functools.cache
def portage_module():
    import portage

    if portage.settings.get("RPMDIR") is None:
        # Portage's own event loop would wait for ever for the first ebuild without metadata cache.
        raise GlueError("Portage is not installed completely: its make.globals is missing")
    return portage


def own_settings(settings=None):
    """A copy of the settings, by default those of the target root, that may be changed for one package."""
    portage = portage_module()
    return portage.config(clone=portage.settings if settings is None else settings)


def target_trees():
    """The trees of the root that emerge merges into."""
    trees = portage_module().db
    return trees[trees._target_eroot]


def trees_of(root):
    """The trees of a root of this emerge; those that it merges into if the root is unknown."""
    trees = portage_module().db
    return trees[root] if root in trees else trees[trees._target_eroot]


def running_trees():
    """The trees of the running system."""
    trees = portage_module().db
    return trees[trees._running_eroot]


def ebuild_metadata(portdb, cpv, repository=None):
    try:
        values = portdb.aux_get(cpv, list(METADATA), myrepo=repository)
    except KeyError:
        where = f" in repository {repository}" if repository else ""
        raise GlueError(f"there is no valid ebuild for {cpv}{where}") from None
    return dict(zip(METADATA, values))


def package_settings(cpv, repository, use_override=None):
    """The ebuild's metadata, settings for it, and its effective USE."""
    metadata = ebuild_metadata(target_trees()["porttree"].dbapi, cpv, repository)
    settings = own_settings()
    settings.setcpv(cpv, mydb=metadata)
    use = settings["PORTAGE_USE"].split() if use_override is None else use_override
    return metadata, settings, frozenset(use)


def plain_iuse(metadata):
    return sorted({flag.lstrip("+-") for flag in metadata["IUSE"].split()})
