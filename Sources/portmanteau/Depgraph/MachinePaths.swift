import CommandSupport
internal import FoundationEssentials
import Glibc
import Posix

/// Where this machine's Portage keeps what a live view reads.
struct MachinePaths {
    /// EPREFIX, empty on an ordinary system.
    let prefix: String
    /// The resume list.
    let mtimedb: String
    /// emerge's log.
    let log: String
    /// Where packages are built: a directory CATEGORY/PF for each.
    let builds: String

    /// Where the graph of an emerge is kept.
    func graph(of emerge: String) -> String { "\(prefix)/var/cache/portmanteau/graphs/\(emerge).graph" }

    /// Reads Portage's answer to `question`; nil when it is none.
    init?(answer: [UInt8]) {
        guard let settings = try? JSONDecoder().decode([String: String].self, from: Data(answer)) else { return nil }
        prefix = settings["EPREFIX"] ?? ""
        mtimedb = (settings["EROOT"] ?? "/") + "var/cache/edb/mtimedb"
        log = (settings["EMERGE_LOG_DIR"] ?? prefix + "/var/log") + "/emerge.log"
        builds = (settings["PORTAGE_TMPDIR"] ?? prefix + "/var/tmp") + "/portage"
    }

    /// Asks Portage, and waits for the answer.
    static func find(_ context: Context) throws -> MachinePaths {
        let child = try OwnProgram.start(question, environment: context.environment)
        while let descriptor = child.descriptor {
            var waiting = pollfd(fd: descriptor, events: Int16(POLLIN), revents: 0)
            poll(&waiting, 1, -1)
            child.read()
        }
        guard let paths = MachinePaths(answer: child.output) else {
            throw CommandError("Portage did not say where it keeps its files", hint: "`emerge --info` tells why")
        }
        return paths
    }

    /// What asks Portage, in a process of its own, so that its memory does not stay.
    static let question = [
        "portage-call", "settings", #"{"names":["EPREFIX","EROOT","EMERGE_LOG_DIR","PORTAGE_TMPDIR"]}"#,
    ]
}

/// This program once more, in the background.
enum OwnProgram {
    /// Starts it with these arguments.
    static func start(_ arguments: [String], environment: [String: String]) throws(PosixError) -> BackgroundChild {
        try BackgroundChild(
            "/proc/self/exe", arguments: ["portmanteau"] + arguments,
            environment: environment.map { "\($0.key)=\($0.value)" })
    }
}
