/// One clause such as `>=1.2`, as the version specifiers specification (PEP 440) defines it.
struct VersionSpecifier: Hashable, Sendable, CustomStringConvertible {
    enum Comparison: String, CaseIterable, Sendable {
        case arbitrary = "==="
        case compatible = "~="
        case equal = "=="
        case unequal = "!="
        case atMost = "<="
        case atLeast = ">="
        case less = "<"
        case greater = ">"
    }

    let comparison: Comparison
    let version: PythonVersion
    /// Whether `.*` follows: the version is a prefix.
    let isPrefix: Bool

    init(_ comparison: Comparison, _ version: PythonVersion, isPrefix: Bool = false) {
        self.comparison = comparison
        self.version = version
        self.isPrefix = isPrefix
    }

    var description: String { "\(comparison.rawValue)\(version)\(isPrefix ? ".*" : "")" }

    /// Reads a list of clauses with commas between them; an empty text is an empty list.
    static func list(_ text: some StringProtocol) throws(ReleaseError) -> [VersionSpecifier] {
        var result: [VersionSpecifier] = []
        for part in text.split(separator: ",") {
            let clause = part.trimmed
            if clause.isEmpty { continue }
            guard let specifier = VersionSpecifier(clause: clause) else {
                throw ReleaseError(.refused, "'\(clause)' is not a version specifier")
            }
            result.append(specifier)
        }
        return result
    }

    private init?(clause: String) {
        guard let comparison = Comparison.allCases.first(where: { clause.hasPrefix($0.rawValue) }) else { return nil }
        var text = clause.dropFirst(comparison.rawValue.count).trimmed
        isPrefix = text.hasSuffix(".*")
        if isPrefix {
            guard comparison == .equal || comparison == .unequal else { return nil }
            text.removeLast(2)
        }
        guard let version = PythonVersion(text) else { return nil }
        if comparison == .compatible, version.release.count < 2 { return nil }
        if isPrefix, version.dev != nil || version.local != nil { return nil }
        self.comparison = comparison
        self.version = version
    }

    /// Whether a version fits, with the rules for pre-releases and post-releases of `<` and `>`.
    func contains(_ other: PythonVersion) -> Bool {
        var plain = other
        if version.local == nil { plain.local = nil }
        switch comparison {
        case .arbitrary: return other.description == version.description
        case .equal: return isPrefix ? hasPrefix(other, version) : plain == version
        case .unequal: return isPrefix ? !hasPrefix(other, version) : plain != version
        case .atMost: return plain <= version
        case .atLeast: return plain >= version
        case .less:
            guard other < version else { return false }
            return version.isPrerelease || !other.isPrerelease || other.strippedRelease != version.strippedRelease
        case .greater:
            guard other > version else { return false }
            if version.post == nil, other.post != nil, other.strippedRelease == version.strippedRelease { return false }
            return plain != version
        case .compatible: return plain >= version && hasPrefix(other, PythonVersion(Array(version.release.dropLast())))
        }
    }

    private func hasPrefix(_ other: PythonVersion, _ prefix: PythonVersion) -> Bool {
        guard other.epoch == prefix.epoch else { return false }
        let padded = other.release + Array(repeating: 0, count: max(0, prefix.release.count - other.release.count))
        guard Array(padded.prefix(prefix.release.count)) == prefix.release else { return false }
        if let pre = prefix.pre { return other.pre == pre && (prefix.post == nil || other.post == prefix.post) }
        return prefix.post == nil || other.post == prefix.post
    }
}
