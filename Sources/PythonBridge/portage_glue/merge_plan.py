"""What emerge would merge, and why: the graph of Portage's own resolver."""

from portage_glue.calls import GlueError, call
from portage_glue.merge_graph import MergeGraph
from portage_glue.merge_packages import ListedPackage
from portage_glue.objects import METADATA

# The resolver knows a dependency by its time. Which variable it comes from is only guessed where ours does not say.
KINDS = (("runtime_post", "PDEPEND"), ("installtime", "IDEPEND"), ("runtime", "RDEPEND"), ("buildtime", "DEPEND"))


def _resolved(arguments):
    """Runs `emerge --pretend` with these arguments up to its end, and returns the graph that it resolved."""
    import portage
    from _emerge import actions, main

    action, options, _ = main.parse_opts(list(arguments), silent=True)
    if action is not None:
        raise GlueError(f"emerge --{action} merges nothing")
    found = []

    def keeping(resolve):
        def resolved(*arguments, **more):
            found.append(resolve(*arguments, **more))
            return found[-1]

        return resolved

    actions.backtrack_depgraph = keeping(actions.backtrack_depgraph)
    actions.resume_depgraph = keeping(actions.resume_depgraph)
    # Not even what `emerge --pretend` would write: moved packages, the resume list that it takes from its backup.
    portage.MtimeDB.commit = lambda _: None
    code = main.emerge_main(["--pretend", "--quiet", "--package-moves=n", *arguments, "--ask=n", "--color=n"])
    if not found or not found[-1][0]:
        raise GlueError(f"emerge cannot do this: exit code {code or 0}")
    return found[-1][1], options


def _listed(index, package):
    metadata = {key: package._metadata.get(key, "") for key in METADATA}
    metadata["repository"] = package.repo
    entry = {"type": package.type_name, "root": package.root, "cpv": str(package.cpv)}
    return ListedPackage(index, entry, metadata, frozenset(package.use.enabled), package.cpv)


def _kinds(priorities):
    names = {next((kind for time, kind in KINDS if getattr(x, time, False)), "DEPEND") for x in priorities}
    return tuple(kind for _, kind in reversed(KINDS) if kind in names)


def _settle(graph, resolver, packages):
    """Takes the edges between packages of the list from the resolver: nothing is 'maybe' that it has decided."""
    numbers = {package: index for index, package in enumerate(packages)}
    edges = {edge: value for edge, value in graph.edges.items() if edge[1] >= len(packages)}
    nodes = resolver._dynamic_config.digraph.nodes
    for package, index in numbers.items():
        for child, priorities in nodes[package][0].items() if package in nodes else ():
            if child in numbers and child is not package:
                kinds, _ = graph.edges.get((index, numbers[child]), (None, False))
                optional = all(getattr(priority, "optional", False) for priority in priorities)
                edges[(index, numbers[child])] = (kinds or _kinds(priorities), optional)
    graph.edges = edges


@call
def planned_graph(arguments):
    """The graph of what `emerge ARGUMENTS` would merge. Nothing is changed."""
    from _emerge.Package import Package

    resolver, options = _resolved(arguments)
    packages = [x for x in resolver.altlist() if isinstance(x, Package) and x.operation == "merge"]
    graph = MergeGraph([_listed(index, package) for index, package in enumerate(packages)], options)
    _settle(graph, resolver, packages)
    return graph.report()
