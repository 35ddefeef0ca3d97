internal import BinpkgModel
public import BuildEnvironments
internal import GRDB
internal import Logging
internal import Posix

/// A binhost full of made-up packages, to measure with.
public struct BinhostTrial: Sendable {
    private static let name = "trial"
    let service: BuildService

    /// A text as a member of a gzip file, without Portage.
    public static func compressed(_ text: String) -> [UInt8] { Gzip.stored(Array(text.utf8)) }

    init(service: BuildService) { self.service = service }

    /// A state directory with one binhost.
    public init(directory: String, publisher: any PackagePublisher) async throws {
        var configuration = ServiceConfiguration()
        configuration.stateDirectory = directory
        let binhost = BinhostSettings(name: Self.name)
        configuration.binhosts = [binhost]
        service = try BuildService(
            configuration: configuration, engine: LocalEngine(builder: NoBuilder(), slots: 1), publisher: publisher,
            logger: Logger(label: Self.name) { _ in SwiftLogNoOpLogHandler() })
        try await service.publish(in: binhost)
    }

    /// Puts so many packages of different names into it, without files.
    ///
    /// - Parameters:
    ///   - category: where the packages are.
    ///   - size: what the index says of each file.
    ///   - modified: the same of its time, in seconds since 1970.
    public func fill(_ packages: Int, category: String, size: Int, modified: Int) async throws {
        try await fill(packages, binhost: Self.name, category: category, size: size, modified: modified)
    }

    /// Adds the package in a file, and makes what clients fetch: `Packages.gz`, or `Packages`. Returns the seconds.
    public func add(_ file: String, cpv: String, number: Int, compressed: Bool) async throws -> Double {
        let start = MonotonicTime.now
        try await service.add(
            file, id: ContentHash.sha256(Array("added \(number)".utf8)), name: "app-demo/hello", cpv: cpv, to: Self.name
        )
        _ = try await index(compressed: compressed)
        return Double(MonotonicTime.now.nanoseconds - start.nanoseconds) / 1e9
    }

    /// Where the file is that clients fetch now.
    public func index(compressed: Bool) async throws -> String {
        guard let file = try await service.indexFile(Self.name, compressed: compressed) else {
            throw ServiceError.store(path: service.configuration.stateDirectory, reason: "the index is gone")
        }
        let end = compressed ? "gz" : "txt"
        return "\(service.configuration.stateDirectory)/binhosts/\(Self.name)/\(file.timestamp).\(end)"
    }

    /// Puts packages into an index that is there, without files.
    func fill(
        _ count: Int, binhost: String, category: String = "app-trial", size: Int = 10_000,
        modified: Int = 1_700_000_000
    ) async throws {
        for start in stride(from: 0, to: count, by: Store.partLength) {
            let part = start / Store.partLength
            let entries = (start..<min(start + Store.partLength, count)).map { number in
                let path = "\(category)/p\(number)/p\(number)-1.0-1.gpkg.tar"
                return BinhostEntry(
                    binhost: binhost, artifact: ContentHash.sha256(Array("trial \(number)".utf8)),
                    cpv: "\(category)/p\(number)-1.0", build: 1, path: path, part: part,
                    stanza: Self.stanza("\(category)/p\(number)-1.0", path, size, modified))
            }
            let text = entries.sorted { $0.path.utf8.lexicographicallyPrecedes($1.path.utf8) }.map(\.stanza).joined()
            let gzip = try await service.publisher.compressed(text)
            try await service.store.write { db in
                for entry in entries { try entry.insert(db) }
                try db.execute(
                    sql: "INSERT OR REPLACE INTO binhost_part VALUES (?, ?, ?)",
                    arguments: [binhost, part, gzip.databaseBlob])
                try db.execute(sql: "UPDATE binhost SET timestamp = timestamp + 1 WHERE name = ?", arguments: [binhost])
            }
        }
    }

    /// About as long as a real one.
    private static func stanza(_ cpv: String, _ path: String, _ size: Int, _ modified: Int) -> String {
        let hash = ContentHash.sha256(Array(path.utf8))
        return """
            BUILD_ID: 1
            BUILD_TIME: \(modified)
            CPV: \(cpv)
            DEFINED_PHASES: compile configure install prepare
            DEPEND: >=dev-libs/openssl-1.1.1:0/3= sys-libs/zlib:0/1= virtual/pkgconfig
            EAPI: 8
            IUSE: debug doc nls ssl static-libs test
            KEYWORDS: amd64 arm64 ~riscv x86
            LICENSE: GPL-2+
            MD5: \(hash.prefix(32))
            MTIME: \(modified)
            PATH: \(path)
            RDEPEND: >=dev-libs/openssl-1.1.1:0/3= sys-libs/zlib:0/1=
            REPO: gentoo
            REQUIRES: x86_64: libc.so.6 libcrypto.so.3 libssl.so.3 libz.so.1
            SHA1: \(hash.prefix(40))
            SIZE: \(size)
            USE: amd64 elibc_glibc kernel_linux nls ssl


            """
    }
}

/// Builds nothing.
private struct NoBuilder: PackageBuilder {
    func itemsFromOutside(_ request: BuildRequest) async throws(BuildError) -> [ContentItem] { [] }

    func build(_ order: BuildOrder) async throws(BuildError) -> BuildResult {
        throw .declined(reason: "nothing is built here")
    }
}
