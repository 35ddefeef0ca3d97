import EbuildRepository
import PackageModel
import PortageAPI
import Posix

/// Makes ebuilds out of releases and tags of hosted projects.
struct HostedReleases {
    let api: ReleaseAPI
    let target: TargetRepository
    let workshop: Workshop
    let licence: String?
    let environment: [String: String]

    /// The package of a project.
    ///
    /// - Parameters:
    ///   - name: OWNER/REPO.
    ///   - tag: nil for the newest version.
    func package(_ name: HostedName, tag: String?, category: String) async throws(ReleaseError) -> GeneratedPackage {
        let project = try await api.project(name.description)
        let releases = try await api.releases(name.description)
        let chosen = try await choose(name, project, releases, tag: tag)
        do {
            return try await assemble(name, project, chosen, category)
        } catch {
            let subject = "\(name) \(chosen.tag)"
            throw ReleaseError(error.kind, "\(subject): \(error.message)", hint: error.hint)
        }
    }

    private func choose(
        _ name: HostedName, _ project: HostedProject, _ releases: [HostedProject.Release], tag: String?
    ) async throws(ReleaseError) -> TaggedVersion {
        let published = releases.filter { !$0.draft }
        if let tag {
            let release = published.first { $0.tag_name == tag }
            if release == nil, !(try await api.tags(of: project, environment: environment)).contains(tag) {
                throw ReleaseError(.notFound, "\(name) has no tag '\(tag)'")
            }
            guard let version = TagVersion.version(tag, project: name.repository) else {
                throw ReleaseError(.refused, "\(name): no version can be read from the tag '\(tag)'")
            }
            return TaggedVersion(tag: tag, version: version, release: release)
        }
        let tags = published.map(\.tag_name)
        if let found = TagChoice.newest(tags, releases: published, project: name.repository) { return found }
        let all = try await api.tags(of: project, environment: environment)
        if let found = TagChoice.newest(all, releases: releases, project: name.repository) { return found }
        throw ReleaseError(.notFound, "\(name) has no release and no tag that is a final version")
    }

    private func assemble(
        _ name: HostedName, _ project: HostedProject, _ chosen: TaggedVersion, _ category: String
    ) async throws(ReleaseError) -> GeneratedPackage {
        let packageName = name.packageName
        let version = chosen.version.description
        guard Self.isPlain(tag: chosen.tag) else { throw ReleaseError(.refused, "the tag cannot stand in an address") }
        let asset = chosen.release.flatMap {
            TagChoice.sourceAsset($0, project: name.repository, version: chosen.version)
        }
        let url = asset?.browser_download_url ?? "\(project.html_url)/archive/refs/tags/\(chosen.tag).tar.gz"
        let file = asset?.name ?? "\(packageName)-\(version).tar.gz"
        let path = try await workshop.fetch(url, name: file, sha256: asset?.sha256, size: asset?.size)
        let content = try await workshop.content(of: path, wanted: BuildSystem.wanted)
        guard content.directories.count == 1 else {
            throw ReleaseError(.refused, "\(file) does not have exactly one directory at its top")
        }
        let system = try BuildSystem(content)
        let entry = try await workshop.entry(
            name: file, sha256: asset?.sha256, size: asset?.size, hashes: target.manifestHashes,
            path: { () throws(ReleaseError) in path })
        let directory = content.directories[0]
        guard directory.utf8.allSatisfy({ $0 > 0x20 && $0 < 0x7f }) else {
            throw ReleaseError(.refused, "the archive's directory has a name that is not plain")
        }

        var ebuild = Ebuild()
        (ebuild.nameAndVersion, ebuild.version) = ("\(packageName)-\(version)", version)
        ebuild.origin = [
            "Made by fastrel from \(name), tag \(chosen.tag):",
            asset == nil ? "the archive of the tag" : "\(file), uploaded for the release",
            "built with \(system.rawValue)",
        ]
        system.complete(&ebuild)
        for eclass in ebuild.eclasses where target.text(of: "eclass/\(eclass).eclass") == nil {
            throw ReleaseError(.refused, "it is built with \(system.rawValue), and the tree has no \(eclass).eclass")
        }
        ebuild.description = descriptionLine(project.description ?? "", name: name.repository)
        let homepage = project.homepage ?? ""
        ebuild.homepage = SourceName.isPlain(url: homepage) ? homepage : project.html_url
        ebuild.source = (url, file)
        if directory != "\(packageName)-\(version)" { ebuild.directory = directory }
        ebuild.licence = try licence(of: project)
        ebuild.keywords = ["~\(target.arch)"]
        return GeneratedPackage(
            category: category, name: packageName, version: version, ebuild: ebuild.text, distfiles: [entry],
            metadata: GeneratedPackage.metadata(kind: "github", name: name.description),
            notes: ["its dependencies are not known: fill in DEPEND and RDEPEND where it has some"])
    }

    private func licence(of project: HostedProject) throws(ReleaseError) -> String {
        if let licence { return licence }
        let stated = project.license?.spdx_id ?? ""
        guard !stated.isEmpty, stated != "NOASSERTION" else {
            throw ReleaseError(.refused, "the API does not name its licence", hint: "name it with --licence")
        }
        let map = LicenceMap(configuration: target.text(of: "metadata/license-mapping.conf"))
        return try map.checked(map.licence(expression: stated), against: target.licences)
    }

    private static func isPlain(tag: String) -> Bool {
        guard !tag.isEmpty, !tag.contains(".."), tag.first != "-", tag.first != "/" else { return false }
        return tag.utf8.allSatisfy { $0.isAlphanumeric || "-._/+".utf8.contains($0) }
    }
}

/// OWNER/REPO, both plain words.
struct HostedName: Hashable, Sendable, CustomStringConvertible {
    let owner: String
    let repository: String

    init?(_ text: String) {
        let parts = text.split(separator: "/", omittingEmptySubsequences: false).map(String.init)
        guard parts.count == 2,
            parts.allSatisfy({ part in
                guard let first = part.utf8.first, part.utf8.count <= 100 else { return false }
                return (first.isAlphanumeric || first == UInt8(ascii: "_"))
                    && part.utf8.allSatisfy { $0.isAlphanumeric || "-._".utf8.contains($0) }
            })
        else { return nil }
        (owner, repository) = (parts[0], parts[1])
    }

    var description: String { "\(owner)/\(repository)" }

    /// The ebuild's name: lower case, hyphens for what a package name may not have.
    var packageName: String {
        let plain = repository.lowercased().split { "._-".contains($0) }.joined(separator: "-")
        return ProjectName(plain)?.packageName ?? plain
    }
}
