/// The text of a package's Manifest (GLEP 74, as far as ebuild repositories use it).
public struct Manifest: Equatable, Sendable {
    /// One line: a file with its size and hashes.
    public struct Entry: Equatable, Sendable {
        /// `DIST`, `EBUILD`, `AUX` or `MISC`.
        public var kind: String
        /// The file's name, without a path but for AUX.
        public var name: String
        /// Bytes.
        public var size: Int
        /// Hexadecimal hashes by name.
        public var hashes: [String: String]

        /// An entry of these values.
        public init(kind: String = "DIST", name: String, size: Int, hashes: [String: String]) {
            self.kind = kind
            self.name = name
            self.size = size
            self.hashes = hashes
        }

        var line: String {
            let sums = hashes.sorted { $0.key < $1.key }.map { " \($0.key) \($0.value)" }.joined()
            return "\(kind) \(name) \(size)\(sums)"
        }
    }

    private static let kinds = ["AUX", "DIST", "EBUILD", "MISC"]

    /// The lines, by kind and name.
    public private(set) var entries: [Entry] = []

    /// An empty Manifest.
    public init() {}

    /// Reads a Manifest; nil when a line is something else, as in a signed one.
    public init?(_ text: String) {
        for line in text.split(whereSeparator: \.isNewline) {
            let words = line.split(separator: " ").map(String.init)
            guard words.count >= 5, words.count % 2 == 1, Self.kinds.contains(words[0]), let size = Int(words[2]),
                size >= 0
            else { return nil }
            var hashes: [String: String] = [:]
            for index in stride(from: 3, to: words.count, by: 2) { hashes[words[index]] = words[index + 1] }
            put(Entry(kind: words[0], name: words[1], size: size, hashes: hashes))
        }
    }

    /// Adds an entry, in the place of one for the same file.
    public mutating func put(_ entry: Entry) {
        entries.removeAll { $0.kind == entry.kind && $0.name == entry.name }
        entries.append(entry)
        entries.sort { ($0.kind, $0.name) < ($1.kind, $1.name) }
    }

    /// The entry of a distfile.
    public func distfile(_ name: String) -> Entry? { entries.first { $0.kind == "DIST" && $0.name == name } }

    /// The file's text.
    public var text: String { entries.map { $0.line + "\n" }.joined() }
}
