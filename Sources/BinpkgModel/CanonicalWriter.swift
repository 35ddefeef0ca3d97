/// Writes the records of a canonical form.
struct CanonicalWriter {
    private(set) var bytes: [UInt8]

    /// An empty form.
    init() {
        bytes = []
        bytes.reserveCapacity(4096)
    }

    /// Appends a record.
    mutating func record(_ tag: String, _ items: [String]) {
        bytes += tag.utf8
        bytes.append(UInt8(ascii: " "))
        write(items.count)
        bytes.append(UInt8(ascii: "\n"))
        for item in items {
            write(item.utf8.count)
            bytes.append(UInt8(ascii: ":"))
            bytes += item.utf8
            bytes.append(UInt8(ascii: "\n"))
        }
    }

    /// Appends a number that is not negative.
    private mutating func write(_ number: Int) {
        if number >= 10 { write(number / 10) }
        bytes.append(UInt8(ascii: "0") + UInt8(number % 10))
    }

    /// A slot with its sub-slot, which is the slot itself where none is written.
    static func slot(_ text: String) -> String {
        text.utf8.contains(UInt8(ascii: "/")) ? text : "\(text)/\(text)"
    }

    /// The texts sorted by bytes, equal ones once. Compares bytes and not characters: Swift takes texts of different bytes for
    /// equal when Unicode does.
    static func set(_ texts: [String]) -> [String] {
        // Most lists come as they are wanted.
        if zip(texts, texts.dropFirst()).allSatisfy({ order($0, $1) < 0 }) { return texts }
        var result: [String] = []
        for text in texts.sorted(by: { order($0, $1) < 0 })
        where result.last.map({ order($0, text) != 0 }) ?? true { result.append(text) }
        return result
    }

    /// The rows sorted in the same way, first by their first texts, one after the other.
    static func set(_ rows: [[String]]) -> [String] {
        var result: [[String]] = []
        for row in rows.sorted(by: { order($0, $1) < 0 })
        where result.last.map({ order($0, row) != 0 }) ?? true { result.append(row) }
        return result.flatMap { $0 }
    }

    private static func order(_ a: [String], _ b: [String]) -> Int {
        for (x, y) in zip(a, b) {
            let order = order(x, y)
            if order != 0 { return order }
        }
        return a.count - b.count
    }

    /// Less than 0 when the bytes of the first come before those of the second, 0 when they are the same.
    private static func order(_ a: String, _ b: String) -> Int {
        let known = a.utf8.withContiguousStorageIfAvailable { a in
            b.utf8.withContiguousStorageIfAvailable { b in
                for place in 0..<min(a.count, b.count) where a[place] != b[place] {
                    return Int(a[place]) - Int(b[place])
                }
                return a.count - b.count
            }
        }
        if let known = known ?? nil { return known }
        if a.utf8.elementsEqual(b.utf8) { return 0 }
        return a.utf8.lexicographicallyPrecedes(b.utf8) ? -1 : 1
    }
}
