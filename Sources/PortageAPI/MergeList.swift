/// What emerge still has to merge: `resume` of mtimedb, in the order of the merges.
public struct MergeList: Codable, Equatable, Sendable {
    /// One line of the list.
    public struct Entry: Codable, Equatable, Sendable {
        /// `ebuild` or `binary`.
        public let type: String
        /// The root it is merged into, with a slash at the end.
        public let root: String
        /// Category, name and version.
        public let cpv: String

        /// An entry of these values.
        public init(type: String, root: String, cpv: String) {
            self.type = type
            self.root = root
            self.cpv = cpv
        }
    }

    /// The packages that are not merged yet; those being built are among them.
    public let entries: [Entry]
    /// Changes whenever mtimedb was replaced; empty if there is no such file.
    public let stamp: String

    /// A list of these entries.
    public init(entries: [Entry], stamp: String) {
        self.entries = entries
        self.stamp = stamp
    }
}
