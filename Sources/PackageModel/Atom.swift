/// Why a text is not an atom.
public struct AtomError: Error, Sendable, Equatable, CustomStringConvertible {
    /// The text that was read.
    public let text: String
    /// What is wrong with it.
    public let reason: String

    /// One line for people.
    public var description: String { "not a package atom: '\(text)': \(reason)" }
}

/// A package dependency specification (PMS 8.3): blocker, operator, name, version, slot, repository, USE dependencies.
public struct Atom: Sendable, Hashable, CustomStringConvertible {
    /// The version operator.
    public enum Operator: String, Sendable, Hashable, CaseIterable {
        /// `<=`
        case atMost = "<="
        /// `>=`
        case atLeast = ">="
        /// `<`
        case less = "<"
        /// `>`
        case greater = ">"
        /// `~`: the version with any revision.
        case anyRevision = "~"
        /// `=`
        case equal = "="
    }

    /// Whether the atom forbids what it names.
    public enum Blocker: String, Sendable, Hashable {
        /// `!`
        case weak = "!"
        /// `!!`
        case strong = "!!"
    }

    /// The blocker, if it is one.
    public let blocker: Blocker?
    /// The operator; nil when any version will do.
    public let versionOperator: Operator?
    /// Whether `=` ends in `*`: the version is a prefix.
    public let isPrefix: Bool
    /// The category.
    public let category: String
    /// The package name.
    public let name: String
    /// The version; there is one exactly when there is an operator.
    public let version: Version?
    /// The slot dependency, if there is one.
    public let slot: SlotDependency?
    /// The repository after `::`, if there is one.
    public let repository: String?
    /// The USE dependencies in the order they were written.
    public let use: [UseDependency]

    /// Reads an atom; wildcards in the name are not part of PMS and are refused.
    public init(_ text: String) throws(AtomError) {
        var rest = Array(text.utf8)[...]
        blocker = rest.starts(with: "!!".utf8) ? .strong : rest.first == UInt8(ascii: "!") ? .weak : nil
        rest = rest.dropFirst(blocker?.rawValue.utf8.count ?? 0)
        let found = Operator.allCases.first { rest.starts(with: $0.rawValue.utf8) }
        versionOperator = found
        rest = rest.dropFirst(found?.rawValue.utf8.count ?? 0)

        use = try Atom.takeUse(&rest, of: text)
        repository = try Atom.takeRepository(&rest, of: text)
        if let colon = rest.firstIndex(of: UInt8(ascii: ":")) {
            guard let dependency = SlotDependency(String(decoding: rest[(colon + 1)...], as: UTF8.self)) else {
                throw AtomError(text: text, reason: "what follows ':' is not a slot")
            }
            slot = dependency
            rest = rest[..<colon]
        } else {
            slot = nil
        }
        isPrefix = found == .equal && rest.last == UInt8(ascii: "*")
        if isPrefix { rest = rest.dropLast() }

        guard let slash = rest.firstIndex(of: UInt8(ascii: "/")), Characters.isCategory(rest[..<slash]) else {
            throw AtomError(text: text, reason: "a category and '/' are missing")
        }
        category = String(decoding: rest[..<slash], as: UTF8.self)
        rest = rest[(slash + 1)...]
        let parts = Characters.splitVersion(rest)
        if found != nil, parts == nil { throw AtomError(text: text, reason: "the operator needs a version") }
        if found == nil, parts != nil { throw AtomError(text: text, reason: "a version needs an operator") }
        let name = parts?.name ?? rest
        guard Characters.isPackageName(name) else {
            throw AtomError(text: text, reason: "the package name is not allowed")
        }
        self.name = String(decoding: name, as: UTF8.self)
        version = parts?.version
    }

    /// `dev-libs/openssl`
    public var categoryAndName: String { category + "/" + name }

    /// Whether name and version of `package` are what the atom names; slot, repository and USE are not looked at.
    public func matches(_ package: CPV) -> Bool {
        guard package.category == category, package.name == name else { return false }
        guard let version, let versionOperator else { return true }
        switch versionOperator {
        case .atMost: return package.version <= version
        case .atLeast: return package.version >= version
        case .less: return package.version < version
        case .greater: return package.version > version
        case .anyRevision: return package.version.isSameIgnoringRevision(as: version)
        case .equal:
            guard isPrefix else { return package.version == version }
            let wanted = Array(version.description.utf8)
            let tail = package.version.description.utf8.dropFirst(wanted.count)
            guard package.version.description.utf8.starts(with: wanted) else { return false }
            // The prefix ends where a component ends: 1.2* takes 1.2.3 and 1.2a, not 1.23.
            guard let next = tail.first, let last = wanted.last else { return true }
            return !(Characters.isDigit(next) && Characters.isDigit(last))
        }
    }

    /// The atom as it is written.
    public var description: String {
        var text = (blocker?.rawValue ?? "") + (versionOperator?.rawValue ?? "") + category + "/" + name
        if let version { text += "-" + version.description }
        if isPrefix { text += "*" }
        if let slot { text += ":" + slot.description }
        if let repository { text += "::" + repository }
        if !use.isEmpty { text += "[" + use.map(\.description).joined(separator: ",") + "]" }
        return text
    }

    private static func takeUse(
        _ rest: inout ArraySlice<UInt8>, of text: String
    ) throws(AtomError) -> [UseDependency] {
        guard let open = rest.firstIndex(of: UInt8(ascii: "[")) else { return [] }
        guard rest.last == UInt8(ascii: "]") else { throw AtomError(text: text, reason: "']' is missing") }
        var use: [UseDependency] = []
        let inside = rest[(open + 1)...].dropLast()
        for word in inside.split(separator: UInt8(ascii: ","), omittingEmptySubsequences: false) {
            guard let entry = UseDependency(String(decoding: word, as: UTF8.self)) else {
                throw AtomError(text: text, reason: "what stands in [] is not a USE dependency")
            }
            use.append(entry)
        }
        rest = rest[..<open]
        return use
    }

    private static func takeRepository(
        _ rest: inout ArraySlice<UInt8>, of text: String
    ) throws(AtomError) -> String? {
        guard let last = rest.lastIndex(of: UInt8(ascii: ":")), last > rest.startIndex,
            rest[last - 1] == UInt8(ascii: ":")
        else { return nil }
        guard Characters.isRepository(rest[(last + 1)...]) else {
            throw AtomError(text: text, reason: "what follows '::' is not a repository name")
        }
        let name = String(decoding: rest[(last + 1)...], as: UTF8.self)
        rest = rest[..<(last - 1)]
        return name
    }
}
