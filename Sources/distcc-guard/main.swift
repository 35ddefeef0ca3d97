import DistccBackoff
import Glibc

exit(GuardCommand.run(argv: CommandLine.unsafeArgv, count: CommandLine.argc))
