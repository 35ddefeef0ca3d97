/// The packages that the running emerge has not finished: `resume.mergelist` of Portage's mtimedb.
public enum ResumeList {
    /// A package of the list.
    public struct Entry: Equatable, Sendable {
        /// `ebuild` or `binary`.
        public let type: String
        /// Where it is installed, with a slash at the end.
        public let root: String
        /// Category, name and version.
        public let cpv: String
    }

    /// Reads the list from the mtimedb's bytes. Nil when they are not JSON of the expected shape; empty when there is no
    /// list.
    public static func parse(_ bytes: [UInt8]) -> [Entry]? {
        var entries: [Entry] = []
        var scanner = JSONScanner(bytes)
        let done: Void? = scanner.object { scanner, key in
            guard key == "resume", scanner.isAtObject() else { return scanner.skip() }
            return scanner.object { scanner, key in
                guard key == "mergelist", scanner.isAtArray() else { return scanner.skip() }
                entries = []
                return scanner.array { scanner in
                    guard let entry = entry(&scanner) else { return nil }
                    entries.append(entry)
                    return ()
                }
            }
        }
        return done == nil ? nil : entries
    }

    /// An element `[type, root, cpv, action]`.
    private static func entry(_ scanner: inout JSONScanner) -> Entry? {
        var fields: [String] = []
        let done: Void? = scanner.array { scanner in
            guard scanner.isAtString() else { return scanner.skip() }
            guard let text = scanner.string() else { return nil }
            fields.append(text)
            return ()
        }
        guard done != nil, fields.count >= 3 else { return nil }
        return Entry(type: fields[0], root: fields[1], cpv: fields[2])
    }
}
