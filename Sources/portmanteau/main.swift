import CommandSupport
import Glibc
import SuiteVersion

let program = MultiCall(
    [Depgraph.self, Binpkg.self, Olm.self, Fastrel.self, Binpkgd.self, PortageCall.self], version: SuiteVersion.text)
exit(await program.run(CommandLine.arguments))
