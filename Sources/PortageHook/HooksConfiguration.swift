public import AgentProtocol
import Posix

/// What etc/portmanteau/hooks.conf, and in source builds make.conf and package.env, say.
public struct HooksConfiguration: Equatable, Sendable {
    /// How the graph is drawn.
    public enum GraphMode: String, Sendable {
        /// With box-drawing characters where the locale has them.
        case auto
        /// With ASCII only.
        case ascii
        /// Not at all.
        case off
    }

    /// Whether distcc-guard is used.
    public enum GuardMode: String, Sendable {
        /// Where it and distcc are there.
        case auto
        /// Never.
        case off
    }

    /// How closely a builder must resemble this machine.
    public enum Accuracy: String, Sendable {
        case exact, abi, flags
    }

    /// A size in cells of a terminal.
    public struct Size: Equatable, Sendable {
        /// Columns.
        public var width: Int
        /// Lines.
        public var height: Int
    }

    /// The address of the build service; nil when there is none.
    public var service: String?
    /// What to do about packages that the service could provide.
    public var policy = BinpkgPolicy.waitAuto
    /// How closely builders must resemble this machine.
    public var accuracy = Accuracy.abi
    /// What the service is never asked for.
    public var never = NeverAsked.usual
    /// How the graph is drawn.
    public var graph = GraphMode.auto
    /// The size of the graph; nil for the terminal's width and 14 lines.
    public var graphSize: Size?

    /// Whether distcc-guard stands in front of distcc.
    public var distccGuard = GuardMode.auto

    /// The defaults.
    public init() {}

    /// The names of all settings.
    public static let names = [
        "BINPKG_SERVICE", "BINPKG_POLICY", "BINPKG_ACCURACY", "BINPKG_NEVER", "DEPGRAPH", "DEPGRAPH_SIZE",
        "DISTCC_GUARD",
    ]

    /// Reads a configuration file's text. Every line that cannot be used gives one message; the others count.
    ///
    /// - Parameter source: the file's path, for messages.
    public mutating func read(_ text: String, source: String) -> [String] {
        var messages: [String] = []
        var number = 0
        // Of bytes: each phase reads this, and what knows of Unicode is slow.
        for line in text.utf8.split(separator: UInt8(ascii: "\n"), omittingEmptySubsequences: false) {
            number += 1
            let line = Self.trimmed(Substring(line))
            if line.isEmpty || line.utf8.first == UInt8(ascii: "#") { continue }
            var place: String { "\(source.printable) line \(number)" }
            guard let equals = line.utf8.firstIndex(of: UInt8(ascii: "=")) else {
                messages.append("\(place): not KEY=VALUE (ignored)")
                continue
            }
            let key = String(Self.trimmed(line[..<equals]))
            guard let value = Self.value(line[line.utf8.index(after: equals)...]) else {
                messages.append("\(place): the value of \(key.printable) has no closing quote (ignored)")
                continue
            }
            if let problem = set(key, value) { messages.append("\(place): \(problem) (ignored)") }
        }
        return messages
    }

    /// Sets one value. Returns what is wrong with it; then nothing is changed.
    public mutating func set(_ key: String, _ value: String) -> String? {
        switch key {
        case "BINPKG_SERVICE":
            if value.isEmpty || value == "off" {
                service = nil
            } else if Self.isAddress(value) {
                service = value
            } else {
                return "BINPKG_SERVICE is `off` or begins with http:// or https://, not \(Self.shown(value))"
            }
        case "BINPKG_POLICY":
            guard let new = BinpkgPolicy(value) else {
                return "BINPKG_POLICY is off, ready, wait:auto, wait:DURATION or require, not \(Self.shown(value))"
            }
            policy = new
        case "BINPKG_ACCURACY":
            guard let new = Accuracy(rawValue: value) else {
                return "BINPKG_ACCURACY is exact, abi or flags, not \(Self.shown(value))"
            }
            accuracy = new
        case "BINPKG_NEVER":
            guard let new = NeverAsked(value) else {
                let kinds = NeverAsked.Kind.allCases.map(\.rawValue).joined(separator: ", ")
                return "BINPKG_NEVER has words CATEGORY/PACKAGE, with `*`, or \(kinds), not \(Self.shown(value))"
            }
            never = new
        case "DEPGRAPH":
            guard let new = GraphMode(rawValue: value) else {
                return "DEPGRAPH is auto, ascii or off, not \(Self.shown(value))"
            }
            graph = new
        case "DEPGRAPH_SIZE":
            if value.isEmpty {
                graphSize = nil
            } else if let size = Self.size(value) {
                graphSize = size
            } else {
                return "DEPGRAPH_SIZE is WIDTHxHEIGHT, such as 80x14, not \(Self.shown(value))"
            }
        case "DISTCC_GUARD":
            guard let new = GuardMode(rawValue: value) else {
                return "DISTCC_GUARD is auto or off, not \(Self.shown(value))"
            }
            distccGuard = new
        default:
            return "unknown key \(Self.shown(key))"
        }
        return nil
    }

    /// Why these settings do not let a package be asked for; nil when they do.
    ///
    /// - Parameter setup: the package, as ``NeverAsked/word(for:)`` looks at it.
    public func refusal(of setup: SetupRequest) -> String? {
        if service == nil { return "BINPKG_SERVICE is `off`" }
        if policy == .off { return "BINPKG_POLICY is `off`" }
        guard let word = never.word(for: setup) else { return nil }
        let meaning = NeverAsked.Kind(rawValue: word).map { ": " + $0.meaning } ?? ""
        return "BINPKG_NEVER has \(word)\(meaning)"
    }

    /// The settings as they would be written, by name.
    public var values: [(name: String, value: String)] {
        [
            ("BINPKG_SERVICE", service ?? "off"), ("BINPKG_POLICY", policy.text),
            ("BINPKG_ACCURACY", accuracy.rawValue), ("BINPKG_NEVER", never.text), ("DEPGRAPH", graph.rawValue),
            ("DEPGRAPH_SIZE", graphSize.map { "\($0.width)x\($0.height)" } ?? ""),
            ("DISTCC_GUARD", distccGuard.rawValue),
        ]
    }

    static func size(_ text: String) -> Size? {
        let parts = text.split(separator: "x", omittingEmptySubsequences: false)
        guard parts.count == 2, let width = Int(parts[0]), let height = Int(parts[1]), (20...1000).contains(width),
            (3...200).contains(height)
        else { return nil }
        return Size(width: width, height: height)
    }

    private static func isAddress(_ text: String) -> Bool {
        (text.hasPrefix("http://") || text.hasPrefix("https://"))
            && text.utf8.allSatisfy { $0 > 0x20 && $0 < 0x7f } && text.utf8.count > 8 && text.utf8.count <= 1000
    }

    /// The value of a line: quoted with ' or ", or up to a blank and `#`. Nil without its closing quote.
    private static func value(_ text: Substring) -> String? {
        let text = trimmed(text)
        guard let quote = text.first, quote == "\"" || quote == "'" else {
            var previous: Character = " "
            for index in text.indices {
                if text[index] == "#", previous == " " || previous == "\t" { return String(trimmed(text[..<index])) }
                previous = text[index]
            }
            return String(text)
        }
        let rest = text.dropFirst()
        return rest.firstIndex(of: quote).map { String(rest[..<$0]) }
    }

    private static func trimmed(_ text: Substring) -> Substring {
        func isBlank(_ byte: UInt8) -> Bool { byte == 0x20 || (0x09...0x0D).contains(byte) }
        let bytes = text.utf8
        guard let first = bytes.firstIndex(where: { !isBlank($0) }), let last = bytes.lastIndex(where: { !isBlank($0) })
        else { return text.prefix(0) }
        return text[first..<bytes.index(after: last)]
    }

    /// A value in a message: one line, not endless.
    private static func shown(_ text: String) -> String {
        "`" + (text.count > 60 ? String(text.prefix(60)) + "…" : text).printable + "`"
    }
}
