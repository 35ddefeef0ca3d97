"""Ebuilds of what a package is built with, as far as another machine may not have them."""

from portage_glue.calls import GlueError
from portage_glue.ebuild_files import ebuild_files
from portage_glue.objects import DEPENDENCY_KINDS, package_settings, plain_iuse, portage_module, target_trees

# More than any package needs; a service takes no more.
LIMIT = 256


def dependency_ebuilds(own, dependencies):
    """Those that come from another than the main repository, with what they need in turn. What has an ebuild in the main
    repository is everybody's own business, and `own`, which one of them may be built with in turn, is sent anyway."""
    repositories = portage_module().settings.repositories
    main = repositories.mainRepo()
    if main is None or all(repository.name == main.name for repository in repositories):
        return []
    found = {}
    waiting = [dependencies]
    while waiting:
        for cpv, repository, installed_use in _chosen(waiting.pop()):
            if repository in ("", main.name) or (cpv, repository) in found or len(found) == LIMIT:
                continue
            try:
                metadata, _, use = package_settings(cpv, repository, installed_use)
                files = ebuild_files(cpv, metadata)
            except GlueError:
                # Installed from a repository that is gone, or no longer has it.
                continue
            slot, _, sub_slot = metadata["SLOT"].partition("/")
            found[cpv, repository] = {
                "cpv": cpv,
                "repository": repository,
                "slot": slot,
                "subSlot": sub_slot or slot,
                "use": sorted(use.intersection(plain_iuse(metadata))),
                **files,
            }
            waiting.append(dependencies.of_another(metadata, use, DEPENDENCY_KINDS))
    return [found[key] for key in sorted(found) if key != own]


def _chosen(dependencies):
    """What satisfies dependencies here, or would be merged for them: CPV, repository, and its flags if it is installed."""
    portdb = target_trees()["porttree"].dbapi
    new_atom = portage_module().dep.Atom
    for cpv, database in dependencies.found.items():
        _, use, _, repository = database.aux_get(cpv, ["SLOT", "USE", "IUSE", "repository"])
        yield cpv, repository, use.split()
    for text in dependencies.unsatisfied:
        for word in text.split():
            if word in ("||", "(", ")"):
                continue
            best = portdb.xmatch("bestmatch-visible", new_atom(word))
            if best:
                # Portage gives a name with its repository, or only the name.
                tree = portdb.findname2(best, myrepo=getattr(best, "repo", None))[1]
                yield str(best), portdb.getRepositoryName(tree), None
                break
