/// A dependency as the dependency specifiers specification (PEP 508) writes it: `name[extra]>=1 ; marker`.
struct Requirement: Hashable, Sendable {
    let name: ProjectName
    /// Extras asked for, in normal form, sorted.
    let extras: [String]
    let specifiers: [VersionSpecifier]
    let marker: Marker?

    init(_ text: String) throws(ReleaseError) {
        let parts = text.split(separator: ";", maxSplits: 1, omittingEmptySubsequences: false)
        var scanner = TextScanner(parts[0].trimmed)
        let word = scanner.take { $0.isAlphanumeric || "-_.".utf8.contains($0) }
        guard let name = ProjectName(word) else { throw ReleaseError(.refused, "'\(text)' is not a requirement") }
        self.name = name
        scanner.skipBlanks()
        var extras: Set<String> = []
        if scanner.take("[") {
            let inside = scanner.take { $0 != UInt8(ascii: "]") }
            guard scanner.take("]") else { throw ReleaseError(.refused, "'\(text)': ']' is missing") }
            for extra in inside.split(separator: ",") {
                guard let extra = ProjectName(extra.trimmed) else {
                    throw ReleaseError(.refused, "'\(text)': '\(extra)' is not an extra's name")
                }
                extras.insert(extra.normal)
            }
            scanner.skipBlanks()
        }
        self.extras = extras.sorted()
        if scanner.first == UInt8(ascii: "@") {
            throw ReleaseError(.refused, "requirement '\(text)' is an address, not a release")
        }
        var clauses = scanner.remaining.trimmed
        if clauses.hasPrefix("("), clauses.hasSuffix(")") { clauses = String(clauses.dropFirst().dropLast()) }
        do {
            specifiers = try VersionSpecifier.list(clauses)
        } catch {
            throw ReleaseError(.refused, "requirement '\(text)': \(error.message)")
        }
        if parts.count > 1, !parts[1].trimmed.isEmpty {
            do {
                marker = try Marker(String(parts[1]))
            } catch {
                throw ReleaseError(.refused, "requirement '\(text)': \(error.message)")
            }
        } else {
            marker = nil
        }
    }
}

/// A project's name on the index.
struct ProjectName: Hashable, Sendable, CustomStringConvertible {
    /// As it was written.
    let description: String
    /// In lower case, with runs of `-`, `_` and `.` as one hyphen (PEP 503).
    let normal: String

    init?(_ text: some StringProtocol) {
        let bytes = Array(text.utf8)
        guard let first = bytes.first, let last = bytes.last, first.isAlphanumeric, last.isAlphanumeric,
            bytes.count <= 200, bytes.allSatisfy({ $0.isAlphanumeric || "-_.".utf8.contains($0) })
        else { return nil }
        description = String(text)
        normal = Self.normalise(String(text), separator: "-")
    }

    /// The form that file names of source archives have: lower case, runs of separators as one underscore.
    var fileName: String { Self.normalise(description, separator: "_") }

    /// The name of an ebuild for it: a hyphen before what looks like a version becomes an underscore (PMS 3.1.2).
    var packageName: String {
        var parts = normal.split(separator: "-")
        guard let last = parts.popLast(), !parts.isEmpty else { return normal }
        let isVersion = Array(last.utf8).first?.isDigit == true
        return parts.joined(separator: "-") + (isVersion ? "_" : "-") + last
    }

    private static func normalise(_ text: String, separator: String) -> String {
        text.lowercased().split { "-_.".contains($0) }.joined(separator: separator)
    }

    static func == (left: Self, right: Self) -> Bool { left.normal == right.normal }
    func hash(into hasher: inout Hasher) { hasher.combine(normal) }
}
