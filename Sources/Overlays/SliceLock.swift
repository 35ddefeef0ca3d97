internal import EbuildRepository
internal import FoundationEssentials
internal import Posix

/// What a slice was made from and why each package is in it: `metadata/slice.json` of each generation.
public struct SliceLock: Codable, Equatable, Sendable {
    /// Who needs a package, and how.
    public struct Needer: Codable, Equatable, Sendable {
        /// The package that needs it.
        public let cpv: String
        /// The dependency, with the needer's USE evaluated.
        public let atom: String
        /// `DEPEND`, `RDEPEND`, …
        public let kinds: [String]

        /// A needer of these values.
        public init(cpv: String, atom: String, kinds: [String]) {
            self.cpv = cpv
            self.atom = atom
            self.kinds = kinds
        }
    }

    /// A package of the slice.
    public struct Package: Codable, Equatable, Sendable {
        /// Category, name and version.
        public let cpv: String
        /// SHA-256 over the files that were taken for it.
        public let hash: String
        /// The lines of the list that chose it; empty for a dependency.
        public let requests: [String]
        /// The packages that need it.
        public let needers: [Needer]

        /// A package of these values.
        public init(cpv: String, hash: String, requests: [String], needers: [Needer]) {
            self.cpv = cpv
            self.hash = hash
            self.requests = requests
            self.needers = needers
        }

        /// Why it is there, in one line.
        public var reason: String {
            if let request = requests.first { return request }
            guard let first = needers.first else { return "" }
            let more = needers.count > 1 ? ", and \(needers.count - 1) more" : ""
            return "\(first.cpv) needs \(first.atom) (\(first.kinds.joined(separator: " ")))\(more)"
        }
    }

    /// The form of this file.
    public var version = 1
    /// The overlay's name.
    public let overlay: String
    /// Where it came from.
    public let source: String
    /// The commit; `local` for a directory.
    public let commit: String
    /// SHA-256 over every file of the slice but this one.
    public let content: String
    /// The packages, sorted by name.
    public let packages: [Package]

    static let path = "metadata/slice.json"

    /// A lock of these values.
    public init(overlay: String, source: String, commit: String, content: String, packages: [Package]) {
        self.overlay = overlay
        self.source = source
        self.commit = commit
        self.content = content
        self.packages = packages
    }

    /// Why a package is there, step by step to a line of the list, by the shortest way.
    public func chain(from start: Package) -> [String] {
        let byName = Dictionary(packages.map { ($0.cpv, $0) }, uniquingKeysWith: { first, _ in first })
        var seen: Set<String> = [start.cpv]
        var open: [(package: Package, lines: [String])] = [(start, [])]
        while !open.isEmpty {
            let (package, lines) = open.removeFirst()
            if !package.requests.isEmpty { return lines + package.requests.map { "wanted: \($0)" } }
            for needer in package.needers where seen.insert(needer.cpv).inserted {
                guard let next = byName[needer.cpv] else { continue }
                let line = "\(needer.cpv) needs \(needer.atom) (\(needer.kinds.joined(separator: " ")))"
                open.append((next, lines + [line]))
            }
        }
        return []
    }

    /// The lock of a published slice; nil if there is none.
    public static func read(in directory: String) -> SliceLock? {
        guard let bytes = try? Files.read(directory + "/" + path) else { return nil }
        return try? JSONDecoder().decode(SliceLock.self, from: Data(bytes))
    }

    func write(into repository: RepositoryDirectory) throws(OverlaysError) {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.prettyPrinted, .sortedKeys, .withoutEscapingSlashes]
        guard let data = try? encoder.encode(self) else { throw OverlaysError(.refused, "the lock cannot be written") }
        try storing { () throws(RepositoryError) in try repository.write(Self.path, Array(data) + [10]) }
    }
}
