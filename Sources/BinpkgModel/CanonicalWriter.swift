/// Writes the records of a canonical form.
struct CanonicalWriter {
    private(set) var bytes: [UInt8] = []

    /// Appends a record.
    mutating func record(_ tag: String, _ items: [String]) {
        bytes += Array("\(tag) \(items.count)\n".utf8)
        for item in items {
            bytes += Array("\(item.utf8.count):".utf8)
            bytes += Array(item.utf8)
            bytes.append(UInt8(ascii: "\n"))
        }
    }

    /// A slot with its sub-slot, which is the slot itself where none is written.
    static func slot(_ text: String) -> String {
        text.utf8.contains(UInt8(ascii: "/")) ? text : "\(text)/\(text)"
    }

    /// The rows sorted by bytes, equal ones once, one after the other. Compares bytes and not characters: Swift takes
    /// texts of different bytes for equal when Unicode does.
    static func set(_ rows: [[String]]) -> [String] {
        var result: [[String]] = []
        for row in rows.sorted(by: precedes) where result.last.map({ !equals($0, row) }) ?? true { result.append(row) }
        return result.flatMap { $0 }
    }

    private static func equals(_ a: [String], _ b: [String]) -> Bool {
        a.elementsEqual(b) { $0.utf8.elementsEqual($1.utf8) }
    }

    private static func precedes(_ a: [String], _ b: [String]) -> Bool {
        for (x, y) in zip(a, b) where !x.utf8.elementsEqual(y.utf8) { return x.utf8.lexicographicallyPrecedes(y.utf8) }
        return a.count < b.count
    }
}
