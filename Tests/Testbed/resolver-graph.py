"""The graph that Portage's own resolver makes for a request: what the tests compare ours with.

    resolver-graph.py MTIMEDB EMERGE_ARGUMENTS...

resolves as `emerge --pretend` does, writes the merge list to MTIMEDB as emerge would, and prints a line for each
dependency between packages: ROOT CPV ROOT CPV KINDS NEED. Kinds are `buildtime`, `runtime`, `installtime` and
`runtime_post`, joined by commas; the need is `needed` or, if the merge does not need it, `optional`.
"""

import json
import sys

from _emerge.actions import load_emerge_config
from _emerge.create_depgraph_params import create_depgraph_params
from _emerge.depgraph import backtrack_depgraph
from _emerge.main import parse_opts
from _emerge.Package import Package

KINDS = ("runtime_post", "installtime", "runtime", "buildtime")


def resolve(arguments):
    action, options, names = parse_opts(["--pretend", *arguments])
    config = load_emerge_config(action=action, args=names, opts=options)
    parameters = create_depgraph_params(options, action)
    success, depgraph, favorites = backtrack_depgraph(
        config.target_config.settings, config.trees, options, parameters, action, names, None
    )
    if not success:
        depgraph.display_problems()
        sys.exit("the request cannot be resolved")
    return depgraph, favorites, options


def kind(priority):
    return next((name for name in KINDS if getattr(priority, name, False)), "other")


def edges(depgraph):
    nodes = depgraph._dynamic_config.digraph.nodes
    for parent, (children, _, _) in nodes.items():
        if not isinstance(parent, Package) or parent.operation != "merge":
            continue
        for child, priorities in children.items():
            if isinstance(child, Package) and child is not parent:
                optional = all(priority.optional for priority in priorities)
                kinds = sorted({kind(priority) for priority in priorities})
                yield parent.root, parent.cpv, child.root, child.cpv, ",".join(kinds), "optional" if optional else "needed"


def main():
    path, *arguments = sys.argv[1:]
    depgraph, favorites, options = resolve(arguments)
    merges = [x for x in depgraph.altlist() if isinstance(x, Package) and x.operation == "merge"]
    resume = {
        "favorites": [str(favorite) for favorite in favorites],
        "mergelist": [[x.type_name, x.root, str(x.cpv), "merge"] for x in merges],
        "myopts": options,
        "binpkgs": [
            {"CPV": str(x.cpv), "BUILD_ID": x.cpv.build_id, "BUILD_TIME": x.cpv.build_time, "EROOT": x.root}
            for x in merges
            if x.type_name == "binary"
        ],
    }
    with open(path, "w") as file:
        json.dump({"resume": resume}, file)
    for edge in edges(depgraph):
        print(*edge)


main()
