internal import BinpkgModel
internal import BuildEnvironments
internal import GRDB
internal import Posix

/// A store full of made-up packages, to measure with.
public struct StoreTrial: Sendable {
    private let store: Store

    /// A new store in a file.
    public init(path: String) throws(ServiceError) { store = try Store(path: path) }

    /// Puts packages into it, one for each key; a thousand packages are of one name.
    public func fill(_ count: Int) async throws(ServiceError) {
        let vector = Self.request(0).vector
        try await store.write { db in
            let text = try JSONColumn.text(vector)
            for number in 0..<count {
                let request = Self.request(number)
                let key = Self.key(number)
                let recipe = try StoredRecipe(request, key: key)
                try recipe.insert(db)
                try StoredArtifact(
                    id: ContentHash.sha256(Array("artifact \(number)".utf8)), key: key, name: recipe.name, vector: text,
                    sha256: key, size: 1, seconds: 1, built: Double(number), request: key
                ).insert(db)
            }
        }
    }

    /// Puts packages into the store of a state directory that a service can serve: their keys are those of their
    /// requests, and each has a file.
    public static func fill(stateDirectory: String, _ count: Int) async throws {
        try Files.makeDirectories(stateDirectory + "/artifacts")
        let store = try Store(path: stateDirectory + "/store.sqlite")
        let packages = PackageFiles(directory: stateDirectory + "/artifacts")
        let artifacts = try await store.write { db in
            try (0..<count).map { number in
                let request = request(number)
                let recipe = try StoredRecipe(request, key: request.primaryKey)
                let bytes = Array("package \(number)".utf8)
                let hash = ContentHash.sha256(bytes)
                try recipe.insert(db)
                try StoredArtifact(
                    id: hash, key: recipe.key, name: recipe.name, vector: try JSONColumn.text(request.vector),
                    sha256: hash, size: bytes.count, seconds: 1, built: Double(number), request: request.id
                ).insert(db)
                return (hash, bytes)
            }
        }
        for (id, bytes) in artifacts { try Files.replace(packages.path(id), with: bytes) }
    }

    /// Puts one package of so many bytes into the store of a state directory; its name there.
    public static func fill(stateDirectory: String, bytes: Int) async throws -> String {
        let packages = PackageFiles(directory: stateDirectory + "/artifacts")
        try Files.makeDirectories(packages.directory)
        let request = request(0)
        let id = request.primaryKey
        let piece = (0..<1009).map { UInt8(truncatingIfNeeded: $0 &* 167) }
        var content: [UInt8] = []
        content.reserveCapacity(bytes + piece.count)
        while content.count < bytes { content += piece }
        try Files.replace(packages.path(id), with: Array(content.prefix(bytes)))
        let hash = try FileHash.sha256(ofFile: packages.path(id))
        try await Store(path: stateDirectory + "/store.sqlite").write { db in
            let recipe = try StoredRecipe(request, key: id)
            try recipe.insert(db)
            try StoredArtifact(
                id: id, key: id, name: recipe.name, vector: try JSONColumn.text(request.vector), sha256: hash,
                size: bytes, seconds: 1, built: 1_700_000_000, request: request.id
            ).insert(db)
        }
        return id
    }

    /// A request for one of those packages, as `POST /v1/requests` takes it.
    public static func body(_ number: Int) throws -> [UInt8] { Array(try JSONColumn.text(request(number)).utf8) }

    /// Looks keys up as a request does; returns the seconds of each.
    public func lookUp(_ count: Int, of packages: Int) async throws(ServiceError) -> [Double] {
        let vector = Self.request(0).vector
        var times: [Double] = []
        for number in 0..<count {
            let key = Self.key(number &* 7919 % max(packages, 1))
            let start = MonotonicTime.now
            let match = try store.best(key: key, vector: vector, for: EnvironmentNeeds.everybody)
            times.append(Double(MonotonicTime.now.nanoseconds - start.nanoseconds) / 1e9)
            guard match?.satisfies(.exact) == true else {
                throw .store(path: key, reason: "a package that was put there is not found")
            }
        }
        return times
    }

    private static func key(_ number: Int) -> String { ContentHash.sha256(Array("key \(number)".utf8)) }

    private static func request(_ number: Int) -> BuildRequest {
        BuildRequest(
            cpv: "app-demo/p\(number / 1000)-1.\(number % 1000)", repository: "gentoo", eapi: "8", slot: "0",
            use: ["nls"],
            iuse: ["nls", "test"], chost: "x86_64-pc-linux-gnu", cbuild: "", eprefix: "", tmpdir: "/var/tmp",
            variables: ["CFLAGS": "-O2 -pipe"], features: [], profile: "",
            content: [
                ContentItem(
                    role: .ebuild, name: "p\(number / 1000)-1.\(number % 1000).ebuild",
                    sha256: ContentHash.sha256(Array("ebuild \(number)".utf8)), size: 1000)
            ],
            buildDependencies: (0..<12).map {
                InstalledPackage(cpv: "dev-libs/l\($0)-1.\($0)", slot: "0/\($0)", use: ["nls"])
            }, libc: "sys-libs/glibc-2.41", accuracy: .exact)
    }
}
