import Fetching
import FoundationEssentials
import PackageModel
import Subprocess

/// What the release API says of a project: the fields of GitHub's REST interface that are needed.
struct HostedProject: Decodable, Sendable {
    struct Licence: Decodable, Sendable {
        var spdx_id: String?
    }

    var full_name: String
    var description: String?
    var homepage: String?
    var html_url: String
    var clone_url: String
    var license: Licence?

    /// A release, with the files that were uploaded for it.
    struct Release: Decodable, Sendable {
        struct Asset: Decodable, Sendable {
            var name: String
            var size: Int
            var digest: String?
            var browser_download_url: String

            /// The SHA-256 that the API states.
            var sha256: String? {
                guard let digest, digest.hasPrefix("sha256:") else { return nil }
                let value = digest.dropFirst(7).lowercased()
                return value.utf8.count == 64 && value.allSatisfy(\.isHexDigit) ? value : nil
            }
        }

        var tag_name: String
        var draft: Bool
        var prerelease: Bool
        var assets: [Asset]
    }
}

/// One tag that could be made an ebuild of.
struct TaggedVersion: Sendable {
    var tag: String
    var version: Version
    var release: HostedProject.Release?
}

/// Choosing among tags.
enum TagChoice {
    /// The tag of the highest version, by version order and not by date; drafts and pre-releases are left out.
    static func newest(_ tags: [String], releases: [HostedProject.Release], project: String) -> TaggedVersion? {
        let byTag = Dictionary(releases.map { ($0.tag_name, $0) }, uniquingKeysWith: { first, _ in first })
        return tags.compactMap { tag -> TaggedVersion? in
            let release = byTag[tag]
            guard let version = TagVersion.version(tag, project: project), !(release?.draft ?? false),
                !(release?.prerelease ?? false), !TagVersion.isPrerelease(version)
            else { return nil }
            return TaggedVersion(tag: tag, version: version, release: release)
        }.max { ($0.version, $1.tag) < ($1.version, $0.tag) }
    }

    /// The uploaded source archive of a release: `NAME-VERSION.tar.*` and nothing more in its name.
    static func sourceAsset(
        _ release: HostedProject.Release, project: String, version: Version
    ) -> HostedProject.Release.Asset? {
        let tag = release.tag_name.drop { !$0.isNumber }
        let stems = [version.description, String(tag)].flatMap { ["\(project)-\($0)", "\(project)-v\($0)"] }
        let names = stems.flatMap { stem in [".tar.xz", ".tar.gz", ".tar.bz2", ".tgz"].map { stem.lowercased() + $0 } }
        return names.lazy.compactMap { name in release.assets.first { $0.name.lowercased() == name } }.first {
            SourceName.isPlain(file: $0.name) && SourceName.isPlain(url: $0.browser_download_url) && $0.size >= 0
        }
    }
}

/// The release API, and the tags of the git repository.
struct ReleaseAPI: Sendable {
    let url: String
    private let fetcher = Fetcher()

    init(url: String) throws(ReleaseError) {
        let text = url.hasSuffix("/") ? String(url.dropLast()) : url
        guard SourceName.isPlain(url: text) else {
            throw ReleaseError(.refused, "'\(url)' is not a plain http:// or https:// address of a release API")
        }
        self.url = text
    }

    func project(_ name: String) async throws(ReleaseError) -> HostedProject {
        let project: HostedProject = try await get("/repos/\(name)", subject: name)
        guard SourceName.isPlain(url: project.html_url), SourceName.isPlain(url: project.clone_url) else {
            throw ReleaseError(.broken, "\(name): the API's addresses are not plain ones")
        }
        return project
    }

    func releases(_ name: String) async throws(ReleaseError) -> [HostedProject.Release] {
        try await get("/repos/\(name)/releases?per_page=100", subject: "releases of \(name)")
    }

    /// The names of all tags, asked from git; `git` itself keeps to http and https.
    func tags(of project: HostedProject, environment: [String: String]) async throws(ReleaseError) -> [String] {
        var variables = environment
        variables["GIT_TERMINAL_PROMPT"] = "0"
        variables["GIT_ALLOW_PROTOCOL"] = "http:https"
        variables["GIT_ASKPASS"] = "true"
        variables["LC_ALL"] = "C"
        let subject = "tags of \(project.full_name)"
        let command = [
            "120", "git", "-c", "http.lowSpeedLimit=1", "-c", "http.lowSpeedTime=30", "ls-remote", "--tags", "--refs",
            "--",
            project.clone_url,
        ]
        do {
            let result = try await Subprocess.run(
                .name("timeout"), arguments: Arguments(command),
                environment: .custom(Array(variables.map { Array("\($0)=\($1)".utf8) + [0] })), input: .none,
                output: .string(limit: 16 << 20), error: .string(limit: 1 << 16))
            guard result.terminationStatus.isSuccess else {
                let reason = singleLine(result.standardError, limit: 200)
                throw ReleaseError(.away, "\(subject): git: \(reason)")
            }
            return result.standardOutput.split(separator: "\n").compactMap { line in
                let words = line.split(separator: "\t")
                guard words.count == 2, words[1].hasPrefix("refs/tags/") else { return nil }
                return String(words[1].dropFirst("refs/tags/".count))
            }
        } catch let error as ReleaseError {
            throw error
        } catch {
            throw ReleaseError(.broken, "\(subject): git cannot be run: \(error)")
        }
    }

    private func get<Answer: Decodable>(_ path: String, subject: String) async throws(ReleaseError) -> Answer {
        var request = Fetcher.Request(
            url + path, headers: [("Accept", "application/vnd.github+json"), ("User-Agent", "fastrel")])
        request.timeouts = SimpleIndex.timeouts
        request.redirects = 5
        let body: [UInt8]
        do {
            body = try await fetcher.send(request, limit: 32 << 20).body
        } catch {
            throw ReleaseError(error, subject: subject)
        }
        do {
            return try JSONDecoder().decode(Answer.self, from: Data(body))
        } catch {
            throw ReleaseError(.broken, "\(subject): the answer of \(url)\(path) is not that of a release API")
        }
    }
}
