"""Simple questions."""

from portage_glue.calls import call
from portage_glue.objects import package_settings, plain_iuse, portage_module, target_trees


@call
def settings(names):
    """The values of variables; unset ones are left out."""
    settings = portage_module().settings
    return {name: value for name in names if isinstance(value := settings.get(name), str)}


@call
def best_visible(atom):
    """The best version that nothing masks, or None."""
    portage = portage_module()
    wanted = portage.dep.Atom(atom, allow_repo=True)
    best = target_trees()["porttree"].dbapi.xmatch("bestmatch-visible", wanted)
    if not best:
        return None
    return {"cpv": str(best), "repository": best.repo, "slot": best.slot, "subSlot": best.sub_slot}


@call
def use_flags(cpv, repository=None, use_override=None):
    """The USE flags of an ebuild."""
    metadata, settings, use = package_settings(cpv, repository, use_override)
    iuse = plain_iuse(metadata)
    return {
        "use": sorted(use),
        "iuse": iuse,
        "forced": [flag for flag in iuse if flag in settings.useforce],
        "masked": [flag for flag in iuse if flag in settings.usemask],
    }


@call
def repositories():
    """The configured repositories, in Portage's order."""
    repositories = portage_module().settings.repositories
    return [
        {
            "name": repository.name,
            "location": repository.location,
            "aliases": list(repository.aliases or ()),
            "isMain": repository is repositories.mainRepo(),
        }
        for repository in repositories
        if repository.location
    ]
