import EbuildRepository
import Fetching
import Glibc
import PortageAPI
import Posix

/// This process.
enum ProcessIdentity {
    static var number: Int32 { getpid() }
}

/// Where files are fetched to, looked into, and thrown away again.
struct Workshop: Sendable {
    let folder: String
    let portage: PortageAPI
    private let fetcher = Fetcher()

    /// The largest archive that is fetched, in bytes.
    static let archiveLimit = 2 << 30

    /// Makes an empty folder below `parent`.
    init(parent: String, portage: PortageAPI) throws(ReleaseError) {
        var template = Array((parent + "/fastrel-XXXXXX").utf8CString)
        guard let made = template.withUnsafeMutableBufferPointer({ $0.baseAddress.flatMap { mkdtemp($0) } }) else {
            throw ReleaseError(PosixError("create directory", parent, code: errno))
        }
        folder = String(cString: made)
        self.portage = portage
    }

    /// Throws the folder away.
    func close() { try? Files.removeTree(folder) }

    /// Fetches a file, checked against what is stated.
    func fetch(_ url: String, name: String, sha256: String?, size: Int?) async throws(ReleaseError) -> String {
        let path = folder + "/" + name
        var request = Fetcher.Request(url, headers: [("User-Agent", "fastrel")])
        request.timeouts = .init(answer: 20_000, idle: 30_000, whole: 3_600_000)
        request.redirects = 5
        do {
            _ = try await fetcher.download(
                request, to: path, expecting: .init(sha256: sha256, size: size, limit: Self.archiveLimit))
        } catch {
            throw ReleaseError(error, subject: name)
        }
        return path
    }

    /// The Manifest line of a file: as stated where that is enough for the repository, else from the file itself.
    ///
    /// - Parameter path: gives the file when it is needed.
    func entry(
        name: String, sha256: String?, size: Int?, hashes: [String], path: () async throws(ReleaseError) -> String
    ) async throws(ReleaseError) -> Manifest.Entry {
        if let sha256, let size, hashes == ["SHA256"] {
            return Manifest.Entry(name: name, size: size, hashes: ["SHA256": sha256])
        }
        let file = try await path()
        do {
            let sums = try await portage.checksums(file, names: hashes)
            return Manifest.Entry(name: name, size: sums.size, hashes: sums.hashes)
        } catch {
            throw ReleaseError(error)
        }
    }

    /// Looks into an archive.
    func content(of path: String, wanted: [String]) async throws(ReleaseError) -> ArchiveContent {
        do {
            return try await portage.archiveContent(path, wanted: wanted)
        } catch {
            throw ReleaseError(.refused, error.description)
        }
    }
}
