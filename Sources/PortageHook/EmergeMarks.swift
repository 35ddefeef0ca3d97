import AgentProtocol
import Glibc
import Posix

/// Small files below run/portmanteau/ that say what one emerge need not try again.
struct EmergeMarks {
    /// What a mark is about.
    enum Kind: String, CaseIterable {
        /// The graph could not be made.
        case graph
        /// A view shows the graph all the time.
        case live

        /// How long the mark counts, in seconds.
        var lifetime: Int64 { 24 * 3600 }
    }

    let directory: String
    let emerge: EmergeProcess

    private func path(_ kind: Kind) -> String { "\(directory)/\(kind.rawValue)-\(emerge.name)" }

    func has(_ kind: Kind) -> Bool {
        guard let status = Files.status(path(kind)) else { return false }
        return !isOver(kind, status)
    }

    /// Leaves a mark. When that is not possible, the next package tries again and loses no more than this one did.
    func leave(_ kind: Kind) {
        try? Files.makeDirectories(directory)
        removeOld()
        try? Files.replace(path(kind), with: [])
    }

    func remove(_ kind: Kind) { try? Files.removeTree(path(kind)) }

    /// Removes marks, also of earlier emerges, whose time is over.
    private func removeOld() {
        for name in (try? Files.list(directory)) ?? [] {
            let path = "\(directory)/\(name)"
            guard let kind = Kind.allCases.first(where: { name.hasPrefix($0.rawValue + "-") }),
                let status = Files.status(path), status.isRegular, isOver(kind, status)
            else { continue }
            try? Files.removeTree(path)
        }
    }

    private func isOver(_ kind: Kind, _ status: Files.Status) -> Bool {
        status.modified < (Int64(time(nil)) - kind.lifetime) * 1_000_000_000
    }
}

/// What a live view tells the hooks.
public enum LiveView {
    /// A view shows the graph of this emerge from now on, so that the hooks need not print it.
    public static func begin(prefix: String, pid: Int32, started: UInt64) {
        marks(prefix, pid, started)?.leave(.live)
    }

    /// There is no such view any more.
    public static func end(prefix: String, pid: Int32, started: UInt64) {
        marks(prefix, pid, started)?.remove(.live)
    }

    private static func marks(_ prefix: String, _ pid: Int32, _ started: UInt64) -> EmergeMarks? {
        guard let layout = InstallLayout(prefix: prefix) else { return nil }
        return EmergeMarks(directory: layout.run, emerge: EmergeProcess(pid: pid, started: started))
    }
}
