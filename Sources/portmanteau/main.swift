import CommandSupport
import Glibc

let program = MultiCall(
    [Depgraph.self, Binpkg.self, Olm.self, Fastrel.self, Binpkgd.self, PortageCall.self], version: version)
exit(await program.run(CommandLine.arguments))
