import Fetching
import FoundationEssentials

/// One project's page of a simple index, in the JSON form (PEP 691, with the sizes and times of PEP 700).
struct ProjectPage: Decodable, Sendable {
    struct File: Decodable, Sendable {
        var filename: String
        var url: String
        var hashes: [String: String]
        var size: Int?
        var requiresPython: String?
        var yanked: Flag?
        var coreMetadata: Stated?
        var distInfoMetadata: Stated?

        enum CodingKeys: String, CodingKey {
            case filename, url, hashes, size, yanked
            case requiresPython = "requires-python"
            case coreMetadata = "core-metadata"
            case distInfoMetadata = "dist-info-metadata"
        }
    }

    struct Status: Decodable, Sendable {
        var status: String?
    }

    /// `false`, `true`, or a reason.
    struct Flag: Decodable, Sendable {
        var isSet: Bool

        init(from decoder: any Decoder) throws {
            let container = try decoder.singleValueContainer()
            isSet = (try? container.decode(Bool.self)) ?? ((try? container.decode(String.self)) != nil)
        }
    }

    /// `false`, `true`, or the hashes of the metadata file.
    struct Stated: Decodable, Sendable {
        var isThere: Bool
        var sha256: String?

        init(from decoder: any Decoder) throws {
            let container = try decoder.singleValueContainer()
            if let hashes = try? container.decode([String: String].self) {
                (isThere, sha256) = (true, hashes["sha256"])
            } else {
                (isThere, sha256) = ((try? container.decode(Bool.self)) ?? false, nil)
            }
        }
    }

    var name: String
    var files: [File]
    var projectStatus: Status?

    enum CodingKeys: String, CodingKey {
        case name, files
        case projectStatus = "project-status"
    }
}

/// A file of a release, checked: its name, hash and size can stand in a Manifest.
struct ReleaseFile: Sendable, Equatable {
    var name: String
    var url: String
    var sha256: String
    /// nil: the index does not state it.
    var size: Int?
    var requiresPython: String
    var isYanked: Bool
    /// Whether `URL.metadata` is there, and its SHA-256.
    var hasMetadata: Bool
    var metadataSHA256: String?
    var version: PythonVersion
    var isWheel: Bool
}

extension ProjectPage {
    /// The source archives and wheels of the page that can be used; the others are left out.
    func releaseFiles(of project: ProjectName, base: String) -> [ReleaseFile] {
        files.compactMap { file in
            let url = Self.absolute(file.url, base: base)
            guard SourceName.isPlain(file: file.filename), SourceName.isPlain(url: url),
                let sha256 = file.hashes["sha256"]?.lowercased(), sha256.utf8.count == 64,
                sha256.allSatisfy(\.isHexDigit), file.size.map({ $0 >= 0 }) ?? true,
                let (version, isWheel) = Self.version(of: file.filename, project: project)
            else { return nil }
            let stated = file.coreMetadata ?? file.distInfoMetadata
            return ReleaseFile(
                name: file.filename, url: String(url.prefix { $0 != "#" }), sha256: sha256, size: file.size,
                requiresPython: file.requiresPython ?? "", isYanked: file.yanked?.isSet ?? false,
                hasMetadata: stated?.isThere ?? false, metadataSHA256: stated?.sha256, version: version,
                isWheel: isWheel)
        }
    }

    /// The version in a file's name; nil when it is neither a wheel nor a source archive of the project.
    static func version(of file: String, project: ProjectName) -> (PythonVersion, isWheel: Bool)? {
        if file.hasSuffix(".whl") {
            let parts = file.dropLast(4).split(separator: "-", omittingEmptySubsequences: false)
            guard parts.count == 5 || parts.count == 6, ProjectName(parts[0]) == project,
                let version = PythonVersion(parts[1])
            else { return nil }
            return (version, true)
        }
        for suffix in [".tar.gz", ".tar.bz2", ".tar.xz", ".zip"] where file.hasSuffix(suffix) {
            let stem = file.dropLast(suffix.count)
            // The name may have hyphens itself: the version starts after the one that leaves the project's name.
            for (offset, character) in stem.enumerated().reversed() where character == "-" {
                let name = stem.prefix(offset)
                if ProjectName(name) == project, let version = PythonVersion(stem.dropFirst(offset + 1)) {
                    return (version, false)
                }
            }
        }
        return nil
    }

    /// An address of the page, which may be relative to it.
    static func absolute(_ url: String, base: String) -> String {
        if url.hasPrefix("http://") || url.hasPrefix("https://") { return url }
        guard let scheme = base.firstRange(of: "://") else { return url }
        let host = base[scheme.upperBound...].prefix { $0 != "/" }
        let origin = base[..<scheme.upperBound] + host
        if url.hasPrefix("//") { return base[..<scheme.lowerBound] + ":" + url }
        if url.hasPrefix("/") { return origin + url }
        var path = base[base.index(origin.endIndex, offsetBy: 0)...].split(
            separator: "/", omittingEmptySubsequences: false)
        path = Array(path.dropLast())
        for part in url.split(separator: "/", omittingEmptySubsequences: false) {
            if part == ".." {
                if path.count > 1 { path.removeLast() }
            } else if part != "." {
                path.append(part)
            }
        }
        return origin + path.joined(separator: "/")
    }
}

/// A simple index over HTTP.
struct SimpleIndex: Sendable {
    /// Its address, with a slash at the end.
    let url: String
    private let fetcher = Fetcher()

    init(url: String) throws(ReleaseError) {
        let text = url.hasSuffix("/") ? url : url + "/"
        guard SourceName.isPlain(url: text) else {
            throw ReleaseError(
                .refused, "the index '\(url)' is not a plain http:// or https:// address",
                hint: "an index with a password is not supported")
        }
        self.url = text
    }

    static let timeouts = Fetcher.Timeouts(answer: 20_000, idle: 20_000, whole: 600_000)

    /// The files of a project.
    func files(of project: ProjectName) async throws(ReleaseError) -> [ReleaseFile] {
        let address = url + project.normal + "/"
        let subject = "project \(project.normal)"
        let body = try await get(
            address, subject: subject, accept: "application/vnd.pypi.simple.v1+json", limit: 64 << 20)
        let page: ProjectPage
        do {
            page = try JSONDecoder().decode(ProjectPage.self, from: Data(body))
        } catch {
            throw ReleaseError(
                .broken, "\(subject): the answer of \(address) is not that of a simple index in JSON (PEP 691)")
        }
        if let status = page.projectStatus?.status, ["quarantined", "archived"].contains(status),
            status == "quarantined"
        {
            throw ReleaseError(.refused, "\(subject): the index has put it in quarantine")
        }
        guard ProjectName(page.name) == project else {
            throw ReleaseError(.broken, "\(subject): the index answered with another project")
        }
        return page.releaseFiles(of: project, base: address)
    }

    /// The metadata file beside a file (PEP 658); nil when there is none.
    func metadata(of file: ReleaseFile) async throws(ReleaseError) -> CoreMetadata? {
        guard file.hasMetadata else { return nil }
        let subject = "metadata of \(file.name)"
        let body = try await get(file.url + ".metadata", subject: subject, accept: "*/*", limit: 8 << 20)
        if let expected = file.metadataSHA256 {
            let found = Digest.sha256(body)
            guard found == expected.lowercased() else {
                throw ReleaseError(.broken, "\(subject): SHA-256 is \(found), expected \(expected)")
            }
        }
        return CoreMetadata(String(decoding: body, as: UTF8.self))
    }

    private func get(
        _ address: String, subject: String, accept: String, limit: Int
    ) async throws(ReleaseError) -> [UInt8] {
        var request = Fetcher.Request(address, headers: [("Accept", accept), ("User-Agent", "fastrel")])
        request.timeouts = Self.timeouts
        request.redirects = 5
        do {
            return try await fetcher.send(request, limit: limit).body
        } catch {
            throw ReleaseError(error, subject: subject)
        }
    }
}
