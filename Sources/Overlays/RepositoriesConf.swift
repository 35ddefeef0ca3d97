import EbuildRepository
internal import Posix

/// Our part of `repos.conf`: a file of its own where that is a directory, else a block between two marked lines. Nothing
/// else in it is ever touched.
public struct RepositoriesConf: Sendable {
    /// A slice that Portage is to see.
    public struct Section: Equatable, Sendable {
        /// The repository's name.
        public let name: String
        /// Its directory.
        public let location: String
        /// Its priority; nil for Portage's default.
        public let priority: Int?

        /// A section of these values.
        public init(name: String, location: String, priority: Int? = nil) {
            self.name = name
            self.location = location
            self.priority = priority
        }

        var text: String {
            let lines = ["[\(name)]", "location = \(location)"] + (priority.map { ["priority = \($0)"] } ?? [])
            return (lines + ["auto-sync = no", ""]).joined(separator: "\n")
        }
    }

    static let begin = "# >>> slices of overlays, kept by olm: lines up to the next mark are replaced"
    static let end = "# <<< slices of overlays"
    static let fileName = "portmanteau-slices.conf"

    private let path: String

    /// The configuration at this path, `…/etc/portage/repos.conf`.
    public init(_ path: String) {
        self.path = path
    }

    /// Makes these the only sections of ours. A file that is right already is not written.
    ///
    /// - Returns: whether anything was changed.
    @discardableResult
    public func write(_ sections: [Section]) throws(OverlaysError) -> Bool {
        let body = sections.sorted { $0.name < $1.name }.map(\.text).joined()
        let block = sections.isEmpty ? "" : "\(Self.begin)\n\(body)\(Self.end)\n"
        if let status = Files.status(path), !status.isDirectory, !leadsToDirectory {
            guard status.isRegular else {
                throw OverlaysError(.refused, "\(path) is neither a file nor a directory", hint: "make it a directory")
            }
            return try replaceBlock(in: path, by: block, mode: status.mode & 0o777)
        }
        let file = path + "/" + Self.fileName
        guard let status = Files.status(file) else {
            if block.isEmpty { return false }
            try filing { () throws(PosixError) in
                try Files.makeDirectories(path)
                try Files.replace(file, with: Array(block.utf8))
            }
            return true
        }
        guard status.isRegular, try read(file).hasPrefix(Self.begin) else {
            throw OverlaysError(.refused, "\(file) is there and was not written by olm", hint: "move it away")
        }
        if block.isEmpty {
            try filing { () throws(PosixError) in try Files.removeTree(file) }
        } else if try read(file) != block {
            try filing { () throws(PosixError) in
                try Files.replace(file, with: Array(block.utf8), mode: status.mode & 0o777)
            }
        } else {
            return false
        }
        return true
    }

    private var leadsToDirectory: Bool { Files.exists(path + "/.") }

    private func read(_ file: String) throws(OverlaysError) -> String {
        try filing { () throws(PosixError) in try Files.readText(file, limit: 1 << 20) }
    }

    private func replaceBlock(in file: String, by block: String, mode: UInt32) throws(OverlaysError) -> Bool {
        let text = try read(file)
        var lines = TextLines.split(text)
        let first = lines.firstIndex(of: Self.begin)
        let last = lines.firstIndex(of: Self.end)
        switch (first, last) {
        case (nil, nil):
            if block.isEmpty { return false }
            if lines.last == "" { lines.removeLast() }
            lines += block.split(separator: "\n", omittingEmptySubsequences: false).map(String.init)
        case (let first?, let last?) where first < last:
            lines.replaceSubrange(first...last, with: block.split(separator: "\n").map(String.init))
        default:
            throw OverlaysError(
                .refused, "\(file) has one of olm's two marks only",
                hint: "remove the line that begins with '# >>>' or '# <<<'")
        }
        let new = lines.joined(separator: "\n")
        if new == text { return false }
        try filing { () throws(PosixError) in try Files.replace(file, with: Array(new.utf8), mode: mode) }
        return true
    }
}
