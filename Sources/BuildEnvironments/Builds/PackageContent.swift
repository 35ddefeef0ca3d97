import BinpkgModel
import Posix

/// The files of one ebuild of a request, and where this host has them or does not.
struct PackageContent: Sendable {
    /// `CATEGORY/PF`.
    let cpv: String
    /// The name of the repository that it comes from.
    let repositoryName: String
    let items: [ContentItem]
    let facts: HostFacts
    /// Whether the repositories are this machine's own, so that they can be read here. Those of another root are not:
    /// their links would lead somewhere else.
    let isHost: Bool

    /// The package of a request.
    init(_ request: BuildRequest, facts: HostFacts, isHost: Bool) {
        (cpv, repositoryName, items) = (request.cpv, request.repository, request.content)
        (self.facts, self.isHost) = (facts, isHost)
    }

    /// Something that it is built with.
    init(_ ebuild: DependencyEbuild, facts: HostFacts, isHost: Bool) {
        (cpv, repositoryName, items) = (ebuild.cpv, ebuild.repository, ebuild.content)
        (self.facts, self.isHost) = (facts, isHost)
    }

    /// The package of a request, and what else came with it.
    static func all(of request: BuildRequest, facts: HostFacts, isHost: Bool) -> [PackageContent] {
        [PackageContent(request, facts: facts, isHost: isHost)]
            + (request.dependencyEbuilds ?? []).map { PackageContent($0, facts: facts, isHost: isHost) }
    }

    /// The repository; nil when the host has none of that name.
    var repository: HostFacts.Repository? { facts.repositories[repositoryName] }

    /// The package's directory below a repository.
    var directory: String { PackageNames.name(of: cpv) ?? cpv }

    /// Where a file of the package is in the host's repositories: for an eclass the repository's own, then its masters'.
    func places(of item: ContentItem) -> [String] {
        guard let repository else {
            guard item.role == .eclass, let main = facts.repositories[facts.mainRepository] else { return [] }
            return ["\(main.location)/eclass/\(item.name)"]
        }
        let directory = "\(repository.location)/\(directory)"
        switch item.role {
        case .ebuild, .manifest: return ["\(directory)/\(item.name)"]
        case .files: return ["\(directory)/files/\(item.name)"]
        case .eclass:
            let masters = repository.masters.reversed().compactMap { facts.repositories[$0]?.location }
            return ([repository.location] + masters).map { "\($0)/eclass/\(item.name)" }
        case .patch, .bashrc, .env: return []
        }
    }

    /// The bytes of an item that the host's own repositories have where Portage would look first; nil when that file
    /// is another one, or is not there.
    func hostBytes(of item: ContentItem) -> [UInt8]? {
        guard isHost, let path = places(of: item).first(where: { Files.exists($0) }),
            let bytes = try? Files.read(path, limit: BuildRequest.maximumItemSize),
            bytes.count == item.size, ContentHash.sha256(bytes) == item.sha256
        else { return nil }
        return bytes
    }

    /// The items that have to be sent because the host's repositories do not have them.
    func itemsFromOutside() -> [ContentItem] {
        items.filter { hostBytes(of: $0) == nil && !Self.isOfProfile($0) }
    }

    /// A bashrc of the profile comes with the profile, whose digest is compared.
    static func isOfProfile(_ item: ContentItem) -> Bool { item.role == .bashrc && item.name.hasPrefix("profile/") }
}
