import BinpkgModel
import Posix

/// Puts the ebuild, its files and its eclasses where Portage in the environment finds them, so that they are those of
/// the request byte for byte.
struct ContentPlacement: Sendable {
    /// Where repositories appear that the host does not have.
    static let extraPlace = "/cfg/repository"

    let content: PackageContent
    let layout: RootLayout
    /// The outside directory that appears as ``PrivateConfiguration/place``.
    let configuration: String
    let bytes: @Sendable (ContentItem) throws(BuildError) -> [UInt8]

    /// What was made for a request.
    struct Result: Sendable {
        /// The location inside of a repository that was made up because the host has none of that name, else nil.
        var extraRepository: String?
        /// A directory of the outside that takes the place of the package's in its repository, and that place.
        var package: (source: String, place: String)?
    }

    /// Writes what differs from the host's repositories.
    func place() throws(BuildError) -> Result {
        do {
            let outside = content.itemsFromOutside()
            let roles = Set(outside.map(\.role))
            guard let repository = content.repository else {
                try makeRepository()
                return Result(extraRepository: Self.extraPlace)
            }
            for item in outside where item.role == .eclass {
                let directory = layout.upper(of: repository.location + "/eclass")
                try Files.makeDirectories(directory)
                try Files.replace("\(directory)/\(item.name)", with: try bytes(item))
            }
            if !roles.isDisjoint(with: [.ebuild, .files, .manifest]) || hasOtherFiles(in: repository) {
                // A directory of its own, so that what else the host has in that place does not show through.
                let place = "\(repository.location)/\(content.packageDirectory)"
                let directory = configuration + ".package"
                try writePackage(to: directory)
                try Files.makeDirectories(layout.upper(of: place))
                return Result(package: (directory, place))
            }
            return Result()
        } catch let error as BuildError {
            throw error
        } catch {
            throw .failed(reason: "\(error)")
        }
    }

    /// Whether FILESDIR has files that the request does not have.
    private func hasOtherFiles(in repository: HostFacts.Repository) -> Bool {
        guard content.isHost else { return true }
        let wanted = Set(content.request.content.filter { $0.role == .files }.map(\.name))
        let base = "\(repository.location)/\(content.packageDirectory)/files"
        func hasOther(_ prefix: String) -> Bool {
            guard let names = try? Files.list(base + "/" + prefix) else { return false }
            return names.contains { name in
                let path = prefix + name
                guard let status = Files.status("\(base)/\(path)") else { return false }
                return status.isDirectory ? hasOther(path + "/") : !wanted.contains(path)
            }
        }
        return hasOther("")
    }

    private func writePackage(to directory: String) throws {
        try Files.makeDirectories(directory)
        for item in content.request.content {
            let target: String
            switch item.role {
            case .ebuild, .manifest: target = "\(directory)/\(item.name)"
            case .files: target = "\(directory)/files/\(item.name)"
            case .eclass, .patch, .bashrc, .env: continue
            }
            try Files.makeDirectories(String(target[..<(target.lastIndex(of: "/") ?? target.endIndex)]))
            try Files.replace(target, with: try bytes(item))
        }
    }

    /// A repository with this one package.
    private func makeRepository() throws {
        let base = configuration + String(Self.extraPlace.dropFirst(PrivateConfiguration.place.utf8.count))
        for name in ["profiles", "metadata", "eclass"] { try Files.makeDirectories("\(base)/\(name)") }
        try Files.replace("\(base)/profiles/repo_name", with: Array("\(content.request.repository)\n".utf8))
        let layout = "masters = \(content.facts.mainRepository)\nthin-manifests = true\n"
        try Files.replace("\(base)/metadata/layout.conf", with: Array(layout.utf8))
        let category = "\(content.request.category)\n"
        try Files.replace("\(base)/profiles/categories", with: Array(category.utf8))
        for item in content.request.content where item.role == .eclass {
            try Files.replace("\(base)/eclass/\(item.name)", with: try bytes(item))
        }
        try writePackage(to: "\(base)/\(content.packageDirectory)")
    }
}
