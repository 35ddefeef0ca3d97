import Glibc
import PortageHook

exit(HookCommand.run(Array(CommandLine.arguments.dropFirst())))
