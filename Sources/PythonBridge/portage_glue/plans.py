"""What emerge would merge if a service had every package ready."""

import contextlib
import io
import os

from portage_glue.binary_packages import verified_metadata
from portage_glue.build_dependencies import BuildDependencies
from portage_glue.calls import GlueError, call
from portage_glue.key_inputs import configured_inputs, package_inputs
from portage_glue.objects import ebuild_metadata, own_settings, portage_module
from portage_glue.offers import OfferedTree, is_compiled, make_offers

# What changes which machine is meant, or does something else than to merge.
FOREIGN_OPTIONS = (
    "--autounmask-only",
    "--buildpkgonly",
    "--config-root",
    "--fetch-all-uri",
    "--fetchonly",
    "--prefix",
    "--quickpkg-direct",
    "--resume",
    "--root",
    "--sysroot",
)


def _parse(arguments):
    """The options as emerge itself reads them, its default options included."""
    import shlex

    from _emerge.main import parse_opts

    said = io.StringIO()
    try:
        with contextlib.redirect_stdout(said), contextlib.redirect_stderr(said):
            action, options, files = parse_opts(list(arguments), silent=True)
            defaults = []
            if "--ignore-default-opts" not in options:
                defaults = shlex.split(portage_module().settings.get("EMERGE_DEFAULT_OPTS", ""))
            action, options, files = parse_opts(defaults + list(arguments))
    except SystemExit:
        lines = said.getvalue().strip().splitlines() or ["the arguments are not understood"]
        raise GlueError("emerge says: " + lines[-1].partition("error: ")[2] or lines[-1]) from None
    if action is not None:
        raise GlueError(f"'{action}' merges nothing: there is nothing to plan")
    for option in FOREIGN_OPTIONS:
        if options.get(option) not in (None, False, "n"):
            raise GlueError(f"{option} cannot be planned")
    for option in ("--usepkgonly", "--getbinpkgonly"):
        if options.get(option) is True:
            raise GlueError(f"{option} would allow only packages that are here already: say --require to binpkg instead")
    if not files:
        raise GlueError("nothing is named that could be merged")
    return options, files


def _prepare(options):
    """The trees as emerge has them, with the options that make it take binary packages."""
    from _emerge.actions import ensure_required_sets
    from _emerge.RootConfig import RootConfig
    from portage._sets import load_default_config

    portage = portage_module()
    trees = portage.db
    for tree in trees.values():
        if "root_config" not in tree:
            settings = tree["vartree"].settings
            tree["root_config"] = RootConfig(settings, tree, load_default_config(settings, tree))
            tree["porttree"].dbapi.freeze()
    ensure_required_sets(trees)
    for name in ("--getbinpkg", "--getbinpkgonly", "--usepkgonly", "--ask", "--pretend"):
        options.pop(name, None)
    # With --usepkgonly the resolver rebuilds what a new sub-slot binds only under --rebuilt-binaries, and that takes each
    # offer of an installed version for a rebuild.
    options["--usepkg"] = True
    return trees


@contextlib.contextmanager
def _with_offers(trees, refused, everything, configured):
    """The trees with offers in place of binary packages."""
    before = {root: tree["bintree"] for root, tree in trees.items()}
    try:
        for tree in trees.values():
            offers = make_offers(tree["porttree"].dbapi, own_settings(), refused, everything, configured)
            tree["bintree"] = OfferedTree(offers)
        yield {root: tree["bintree"].dbapi.configured for root, tree in trees.items()}
    finally:
        for root, tree in before.items():
            trees[root]["bintree"] = tree


def _resolve(arguments, refused, only_offers, configured):
    """The resolver's graph, the packages to merge, what Portage says, and what `configured` gave for each offer of each
    root. Without a solution there is no graph."""
    from _emerge.actions import expand_set_arguments
    from _emerge.create_depgraph_params import create_depgraph_params
    from _emerge.depgraph import backtrack_depgraph
    from _emerge.stdout_spinner import stdout_spinner

    portage = portage_module()
    options, files = _parse(arguments)
    portage.output.havecolor = 0
    trees = _prepare(options)
    root_config = trees[trees._target_eroot]["root_config"]
    files, code = expand_set_arguments(files, None, root_config)
    if code != os.EX_OK:
        raise GlueError("a set cannot be expanded")
    parameters = create_depgraph_params(options, None)
    spinner = stdout_spinner()
    spinner.mode = spinner.QUIET
    said = io.StringIO()
    offered = _with_offers(trees, refused, only_offers, configured)
    with offered as offers, contextlib.redirect_stdout(said), contextlib.redirect_stderr(said):
        try:
            success, graph, _ = backtrack_depgraph(
                root_config.settings, trees, options, parameters, None, files, spinner
            )
        except portage.exception.PackageSetNotFound as error:
            raise GlueError(f"there is no set {error}") from None
        packages = graph.altlist() if success else []
        graph.display_problems()
    if not success:
        return None, [], said.getvalue(), offers
    packages = [package for package in packages if getattr(package, "operation", None) == "merge"]
    return graph, packages, said.getvalue(), offers


class Planned:
    """The packages of one root as they will be installed after the merge."""

    def __init__(self, graph, root, settings):
        from _emerge.PackageVirtualDbapi import PackageVirtualDbapi

        self._database = PackageVirtualDbapi(settings)
        for package in graph._dynamic_config._package_tracker.all_pkgs(root):
            self._database.cpv_inject(package)

    def match(self, atom):
        return self._database.match(atom)

    def aux_get(self, cpv, _):
        package = self._database._cpv_map[cpv]
        slot = f"{package.slot}/{package.sub_slot}"
        return [slot, " ".join(package.use.enabled), " ".join(package.iuse.all), package.repo or ""]


def _unblocks(graph, packages):
    """For each package, how many others of the list need it, directly or not."""
    digraph = graph._dynamic_config.digraph
    place = {package: number for number, package in enumerate(packages)}
    above = [0] * len(packages)
    # What needs a package comes behind it in the list, save in a cycle.
    for number in range(len(packages) - 1, -1, -1):
        package = packages[number]
        if package in digraph:
            for parent in digraph.parent_nodes(package):
                other = place.get(parent)
                if other is not None and other != number:
                    above[number] |= above[other] | 1 << other
    return [mask.bit_count() for mask in above]


@call
def plan(arguments, refused, variables, only_offers=False):
    """The merge list of `emerge ARGUMENTS`, with the key inputs of each package that a service could build."""
    portage = portage_module()
    absent = {(item["cpv"], item["repository"]) for item in refused}

    def configured(cpv, metadata, settings):
        return configured_inputs(cpv, metadata, settings, variables)

    graph, packages, said, offers = _resolve(arguments, absent, only_offers, configured)
    if graph is None:
        return {"isSolved": False, "messages": said, "packages": []}
    trees = portage.db
    settings = own_settings()
    planned = {root: Planned(graph, root, tree["vartree"].settings) for root, tree in trees.items()}
    result, known = [], {}
    for package, unblocks in zip(packages, _unblocks(graph, packages)):
        installed = trees[package.root]["vartree"].dbapi.match(package.slot_atom)
        cpv, portdb = str(package.cpv), trees[package.root]["porttree"].dbapi
        metadata = ebuild_metadata(portdb, cpv, package.repo)
        use = frozenset(package.use.enabled)
        entry = {
            "kind": package.type_name,
            "isCompiled": is_compiled(portdb, cpv, package.repo, metadata),
            "properties": sorted(set(portage.dep.use_reduce(metadata["PROPERTIES"], uselist=use, flat=True))),
            "inherited": sorted(set(metadata["INHERITED"].split())),
            "cpv": cpv,
            "repository": package.repo,
            "slot": package.slot,
            "subSlot": package.sub_slot,
            "use": sorted(package.use.enabled),
            "replaces": str(installed[-1]) if installed else None,
            "unblocks": unblocks,
            "inputs": None,
        }
        if package.type_name == "binary":
            dependencies = BuildDependencies(
                metadata, use, target=planned[package.root], running=planned[trees._running_eroot]
            )
            entry["inputs"] = package_inputs(
                cpv,
                metadata,
                settings,
                use,
                dependencies,
                variables,
                known=known,
                configured=offers[package.root][cpv, package.repo],
            )
        result.append(entry)
    return {"isSolved": True, "messages": said, "packages": result}


@call
def index_packages(directory):
    """Writes the index of a directory of binary packages, as Portage itself does; returns the packages in it."""
    import stat

    from portage.dbapi.bintree import binarytree

    class Tree(binarytree):
        """Takes what was read when a package was verified: each file is opened once."""

        def _read_metadata(self, filename, st, keys=None, binpkg_format=None):
            known = verified_metadata(st)
            if known is None or keys is None:
                return super()._read_metadata(filename, st, keys=keys, binpkg_format=binpkg_format)
            own = {"_mtime_": str(st[stat.ST_MTIME]), "SIZE": str(st.st_size)}
            return {key: own.get(key, " ".join(known.get(key, "0" if key == "EAPI" else "").split())) for key in keys}

    settings = own_settings()
    settings.unlock()
    settings["PKGDIR"] = directory
    settings.backup_changes("PKGDIR")
    settings.features.discard("compress-index")
    settings.lock()
    tree = Tree(pkgdir=directory, settings=settings)
    tree.populate(force_reindex=True)
    return sorted(str(cpv) for cpv in tree.dbapi.cpv_all())
