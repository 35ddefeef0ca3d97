/// Reads a graph cache line by line; words are kept as ranges of the bytes.
struct CacheReader {
    private let bytes: [UInt8]
    private(set) var position = 0
    private var line = 0
    private var words: [Range<Int>] = []

    init(_ bytes: [UInt8]) { self.bytes = bytes }

    var isAtEnd: Bool { position == bytes.count }

    func error(_ reason: String) -> GraphCacheError { GraphCacheError(line: line, reason: reason) }

    /// Reads the lines before the index.
    mutating func head() throws(GraphCacheError) -> (stamp: FileStamp?, nodes: Int, edges: Int) {
        try nextLine()
        guard bytes[..<(position - 1)].elementsEqual(GraphCache.header.utf8) else {
            throw GraphCacheError(line: 0, reason: "it is not of this version")
        }
        try nextLine()
        var stamp: FileStamp?
        if words.count == 5, text(0) == "stamp", let seconds = Int(text(1)), let nanoseconds = integer(2),
            let size = integer(3), let inode = UInt64(text(4))
        {
            stamp = FileStamp(seconds: seconds, nanoseconds: nanoseconds, size: size, inode: inode)
        } else if words.count != 2 || text(0) != "stamp" || text(1) != "none" {
            throw error("not a stamp")
        }
        try next("counts", words: 3)
        guard let nodes = integer(1), let edges = integer(2), nodes <= GraphCache.limit, edges <= GraphCache.limit
        else { throw error("not the counts") }
        // Each line takes some bytes: a count that cannot be true is found before room is made for it.
        guard nodes + edges <= bytes.count else { throw error("the file is too short for its counts") }
        return (stamp, nodes, edges)
    }

    /// Goes to the next line, which must have this first word and this many words.
    mutating func next(_ tag: StaticString, words count: Int) throws(GraphCacheError) {
        try nextLine()
        guard words.count == count, tag.withUTF8Buffer({ $0.elementsEqual(bytes[words[0]]) }) else {
            throw error("a line that starts with '\(tag)' is missing")
        }
    }

    private mutating func nextLine() throws(GraphCacheError) {
        line += 1
        words.removeAll(keepingCapacity: true)
        let bytes = bytes
        var start = position
        var index = position
        while index < bytes.count, bytes[index] != 0x0A {
            if bytes[index] == 0x20 {
                words.append(start..<index)
                start = index + 1
            }
            index += 1
        }
        guard index < bytes.count else { throw error("the file ends too early") }
        words.append(start..<index)
        position = index + 1
    }

    /// Passes over lines that must start with this letter; what else is in them is not looked at.
    mutating func skip(_ tag: UInt8, lines: Int) throws(GraphCacheError) {
        let bytes = bytes
        for _ in 0..<lines {
            line += 1
            guard position + 1 < bytes.count, bytes[position] == tag, bytes[position + 1] == 0x20,
                let end = bytes[position...].firstIndex(of: 0x0A)
            else { throw error("a line of the index is missing") }
            position = end + 1
        }
    }

    /// Goes to the next line; nil when it is not this letter and four numbers.
    mutating func numbers(_ tag: UInt8) -> (Int, Int, Int, Int)? {
        line += 1
        let bytes = bytes
        var index = position
        guard bytes.count - index > 2, bytes[index] == tag, bytes[index + 1] == 0x20 else { return nil }
        index += 2
        /// A number of at most nine digits and the byte after it.
        func number(_ end: UInt8) -> Int? {
            let start = index
            var value = 0
            while index < bytes.count, index - start < 9, bytes[index] &- 0x30 < 10 {
                value = value * 10 + Int(bytes[index] - 0x30)
                index += 1
            }
            guard index > start, index < bytes.count, bytes[index] == end else { return nil }
            index += 1
            return value
        }
        guard let first = number(0x20), let second = number(0x20), let third = number(0x20), let fourth = number(0x0A)
        else { return nil }
        position = index
        return (first, second, third, fourth)
    }

    /// The value whose name a word is.
    func value<Value>(_ word: Int, of named: [(name: [UInt8], value: Value)]) -> Value? {
        let text = bytes[words[word]]
        return named.first { $0.name.count == text.count && text.elementsEqual($0.name) }?.value
    }

    func text(_ word: Int) -> String { String(decoding: bytes[words[word]], as: UTF8.self) }

    /// A number that is not negative.
    func integer(_ word: Int) -> Int? {
        let range = words[word]
        guard !range.isEmpty, range.count < 18 else { return nil }
        var value = 0
        for byte in bytes[range] {
            guard byte >= 0x30, byte <= 0x39 else { return nil }
            value = value * 10 + Int(byte - 0x30)
        }
        return value
    }

    func unescaped(_ word: Int) throws(GraphCacheError) -> String {
        let text = bytes[words[word]]
        guard text.contains(0x5C) else { return String(decoding: text, as: UTF8.self) }
        if text.elementsEqual("\\-".utf8) { return "" }
        var out: [UInt8] = []
        var index = text.startIndex
        while index < text.endIndex {
            if text[index] == 0x5C {
                guard index + 2 < text.endIndex, let high = CacheReader.digit(text[index + 1]),
                    let low = CacheReader.digit(text[index + 2])
                else { throw error("not an escape") }
                out.append(high << 4 | low)
                index += 3
            } else {
                out.append(text[index])
                index += 1
            }
        }
        return String(decoding: out, as: UTF8.self)
    }

    private static func digit(_ byte: UInt8) -> UInt8? {
        switch byte {
        case UInt8(ascii: "0")...UInt8(ascii: "9"): byte - UInt8(ascii: "0")
        case UInt8(ascii: "a")...UInt8(ascii: "f"): byte - UInt8(ascii: "a") + 10
        default: nil
        }
    }
}
