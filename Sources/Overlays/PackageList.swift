public import PackageModel
public import Posix

/// The packages that a person wants from overlays: `/etc/overlayman/packages`, a file or a directory of files. Each line
/// is an atom with its overlay, `category/package::overlay`, with version or slot if wanted; `#` begins a comment.
public struct PackageList: Equatable, Sendable {
    /// One line.
    public struct Entry: Equatable, Sendable {
        /// What is wanted.
        public let atom: Atom
        /// The overlay's name.
        public let overlay: String
        /// The file that the line is in.
        public let file: String
        /// The line's number, from 1; 0 for what was not read from a file.
        public let line: Int

        /// Reads an entry. Blockers and USE dependencies are refused: they choose no version.
        public init(_ text: String, file: String = "", line: Int = 0) throws(OverlaysError) {
            let place = file.isEmpty ? "" : "\(file):\(line): "
            let atom: Atom
            do { atom = try Atom(text) } catch { throw OverlaysError(.refused, "\(place)\(error)") }
            guard let overlay = atom.repository else {
                throw OverlaysError(
                    .refused, "\(place)'\(text)' does not say which overlay it is from",
                    hint: "write it as \(text)::OVERLAY")
            }
            guard atom.blocker == nil, atom.use.isEmpty else {
                throw OverlaysError(.refused, "\(place)'\(text)' has a blocker or USE flags, which choose no version")
            }
            self.atom = atom
            self.overlay = overlay
            self.file = file
            self.line = line
        }

        /// The reason that a package of this line is there.
        public var reason: String { file.isEmpty ? "\(atom)" : "\(atom) in \(file)" }
    }

    /// All lines, in the order of the files' names.
    public var entries: [Entry]

    /// A list of these lines.
    public init(entries: [Entry] = []) {
        self.entries = entries
    }

    /// Reads the list. One bad line refuses all of it: else a slip of the pen would remove packages.
    ///
    /// - Parameter path: a file or a directory; hidden files and those that end in `~` are passed over. What is not
    ///   there is an empty list.
    public static func read(_ path: String) throws(OverlaysError) -> PackageList {
        var entries: [Entry] = []
        for file in try files(path) {
            let text = try filing { () throws(PosixError) in try Files.readText(file, limit: 1 << 20) }
            entries += try parse(text, file: file)
        }
        return PackageList(entries: entries)
    }

    /// Reads the lines of one file.
    public static func parse(_ text: String, file: String) throws(OverlaysError) -> [Entry] {
        var entries: [Entry] = []
        for (index, line) in TextLines.split(text).enumerated() {
            let content = trimmed(line)
            if content.isEmpty { continue }
            entries.append(try Entry(content, file: file, line: index + 1))
        }
        return entries
    }

    /// The names of the overlays that are wanted, sorted.
    public var overlays: [String] { Set(entries.map(\.overlay)).sorted() }

    /// The file that new lines go to: the list itself, or the file `olm` in the directory.
    public static func fileForNewLines(_ path: String) -> String {
        Files.status(path)?.isDirectory == true ? path + "/olm" : path
    }

    /// That file with lines added at its end, ready to take its place; nil when there are none to add.
    public static func draft(adding new: [Entry], to path: String) throws(OverlaysError) -> FileDraft? {
        if new.isEmpty { return nil }
        let file = fileForNewLines(path)
        var text = ""
        if Files.exists(file) {
            text = try filing { () throws(PosixError) in try Files.readText(file, limit: 1 << 20) }
            if !text.isEmpty, !text.hasSuffix("\n") { text += "\n" }
        }
        text += new.map { "\($0.atom)\n" }.joined()
        return try draft(file, text)
    }

    /// Removes the lines of these entries from their files; all else stays as it is.
    public static func remove(_ old: [Entry]) throws(OverlaysError) {
        for file in Set(old.map(\.file)) where !file.isEmpty {
            let text = try filing { () throws(PosixError) in try Files.readText(file, limit: 1 << 20) }
            let gone = Set(old.filter { $0.file == file }.map(\.line))
            let lines = TextLines.split(text)
            let kept = lines.enumerated().filter { !gone.contains($0.offset + 1) }.map(\.element)
            let draft = try draft(file, kept.joined(separator: "\n"))
            try filing { () throws(PosixError) in try draft.publish() }
        }
    }

    private static func draft(_ file: String, _ text: String) throws(OverlaysError) -> FileDraft {
        try filing { () throws(PosixError) in
            if let slash = file.lastIndex(of: "/") { try Files.makeDirectories(String(file[..<slash])) }
            Files.removeAbandonedDrafts(of: file)
            return try FileDraft(
                of: file, Array(text.utf8), mode: Files.status(file).map { $0.mode & 0o777 } ?? 0o644)
        }
    }

    private static func files(_ path: String) throws(OverlaysError) -> [String] {
        guard let status = Files.status(path) else { return [] }
        guard status.isDirectory else { return [path] }
        let names = try filing { () throws(PosixError) in try Files.list(path) }
        return names.filter { !$0.hasPrefix(".") && !$0.hasSuffix("~") }.map { path + "/" + $0 }
            .filter { Files.status($0)?.isRegular == true }
    }

    private static func trimmed(_ line: String) -> String {
        let content = line.prefix { $0 != "#" }
        let front = content.drop { $0 == " " || $0 == "\t" }
        guard let last = front.lastIndex(where: { $0 != " " && $0 != "\t" && $0 != "\r" }) else { return "" }
        return String(front[...last])
    }
}
