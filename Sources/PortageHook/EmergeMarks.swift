import Glibc
import Posix

/// Small files below run/portmanteau/ that say what one emerge need not try again.
struct EmergeMarks {
    /// What a mark is about.
    enum Kind: String, CaseIterable {
        /// The service was away.
        case away
        /// The graph could not be made.
        case graph

        /// How long the mark counts, in seconds: a service may come back, and asking a silent one costs about 2 s.
        var lifetime: Int64 { self == .away ? 60 : 24 * 3600 }
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
