public import BinpkgModel

/// What machines asked for in the course of time: the input of a simulation.
public struct Trace: Codable, Equatable, Sendable {
    /// One request.
    public struct Request: Codable, Equatable, Sendable {
        /// When it was made, in seconds from any moment; requests are in the order of time.
        public var at: Double
        /// Who made it, for people.
        public var machine: String
        /// The primary key, or any text that is equal for equal keys.
        public var key: String
        /// What the machine builds with: indices into ``Trace/packages``.
        public var needs: [Int]
        /// The machine's C library; empty when unknown.
        public var libc: String
        /// The least accuracy that it accepts.
        public var accuracy: Accuracy
    }

    /// A root that the service builds on.
    public struct Root: Codable, Equatable, Sendable {
        /// What is installed in it: indices into ``Trace/packages``.
        public var packages: [Int]
        /// Its C library.
        public var libc: String
    }

    /// The version of this structure.
    public static let currentVersion = 1

    /// The version; only ``currentVersion`` is accepted.
    public var version: Int
    /// All installed packages that occur.
    public var packages: [InstalledPackage]
    /// The roots.
    public var roots: [Root]
    /// The requests.
    public var requests: [Request]

    /// Refuses what cannot be simulated.
    public func validate() throws(TraceError) {
        guard version == Self.currentVersion else { throw TraceError("it is of version \(version), not 1") }
        guard !roots.isEmpty else { throw TraceError("it has no root") }
        let known = packages.indices
        guard roots.allSatisfy({ $0.packages.allSatisfy(known.contains) }) else {
            throw TraceError("a root has a package that is not in 'packages'")
        }
        var last = -Double.infinity
        for (number, request) in requests.enumerated() {
            guard request.needs.allSatisfy(known.contains) else {
                throw TraceError("request \(number) needs a package that is not in 'packages'")
            }
            guard request.at >= last else { throw TraceError("request \(number) is earlier than the one before it") }
            last = request.at
        }
    }
}

/// Why a trace cannot be simulated.
public struct TraceError: Error, Equatable, CustomStringConvertible {
    /// A sentence for people.
    public let description: String

    init(_ description: String) { self.description = description }
}
