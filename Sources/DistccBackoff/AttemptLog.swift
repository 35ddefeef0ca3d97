/// What distcc's log tells about one compile.
public struct AttemptLog: Equatable, Sendable {
    /// Where the compiler ran at last, in the words of the host list; nil when no compiler ran.
    public private(set) var place: String?
    /// Whether the preprocessor, which runs on this machine, refused the source: nothing was sent then.
    public private(set) var preprocessingFailed = false
    /// The marks that this distcc set, as paths.
    public private(set) var marks: [String] = []

    /// Whether distcc did not distribute the compile: what came of it is this machine's own result.
    public var ranHere: Bool { place == "localhost" }

    /// The server whose compiler ran; nil when none did.
    public var server: Host? {
        guard !preprocessingFailed, let host = place.flatMap({ Host($0) }), host.way != .local else { return nil }
        return host
    }

    /// Reads the lines that the distcc of this process number wrote; others, such as a server's, are passed over.
    public init(_ text: String, pid: Int32) {
        let prefix = "distcc[\(pid)] "
        for line in text.split(whereSeparator: \.isNewline) where line.hasPrefix(prefix) {
            var line = line.dropFirst(prefix.count)
            for word in ["ERROR: ", "Warning: "] where line.hasPrefix(word) { line = line.dropFirst(word.count) }
            if line.hasPrefix("compile "), let place = Self.place(in: line) {
                self.place = String(place.name)
            } else if line.hasPrefix("cpp "), let place = Self.place(in: line) {
                preprocessingFailed = place.rest != " completed ok"
            } else if line.hasPrefix("(dcc_mark_timefile) mark ") {
                marks.append(String(line.dropFirst("(dcc_mark_timefile) mark ".count)))
            }
        }
    }

    /// The place in `compile FILE on PLACE failed`, `… completed ok` or `… on PLACE: SIGNAL`. Places have no blanks.
    private static func place(in line: Substring) -> (name: Substring, rest: Substring)? {
        var start = line.startIndex
        var found: Substring?
        while let range = line[start...].firstRange(of: " on ") {
            found = line[range.upperBound...]
            start = line.index(after: range.lowerBound)
        }
        guard let found else { return nil }
        let word = found.prefix { $0 != " " }
        let rest = found[word.endIndex...]
        if rest.hasPrefix(" failed") || rest == " completed ok" { return (word, rest) }
        if word.last == ":" { return (word.dropLast(), rest) }
        return nil
    }

    /// Standard error without the lines that distcc's own programs wrote.
    public static func withoutOwnLines(_ errors: [UInt8]) -> [UInt8] {
        guard errors.contains(UInt8(ascii: "[")) else { return errors }
        var result: [UInt8] = []
        var rest = errors[...]
        while !rest.isEmpty {
            let end = rest.firstIndex(of: UInt8(ascii: "\n")).map { $0 + 1 } ?? rest.endIndex
            if !isOwnLine(rest[..<end]) { result += rest[..<end] }
            rest = rest[end...]
        }
        return result
    }

    private static func isOwnLine(_ line: ArraySlice<UInt8>) -> Bool {
        for name in ["distcc[", "distccd["] where line.starts(with: name.utf8) {
            let rest = line.dropFirst(name.utf8.count)
            let digits = rest.prefix { (UInt8(ascii: "0")...UInt8(ascii: "9")).contains($0) }
            return !digits.isEmpty && rest[digits.endIndex...].starts(with: "] ".utf8)
        }
        return false
    }
}
