import CommandSupport
import Glibc

let program = MultiCall([Depgraph.self, Binpkg.self, Binpkgd.self, PortageCall.self], version: "0.1.0")
exit(await program.run(CommandLine.arguments))
