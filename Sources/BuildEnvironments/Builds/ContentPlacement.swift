import BinpkgModel
import Posix

/// Puts ebuilds, their files and their eclasses where Portage in the environment finds them, so that they are those of
/// the request byte for byte.
struct ContentPlacement: Sendable {
    /// Where repositories appear that the host does not have, each below its name.
    static let extraPlace = PrivateConfiguration.place + "/repositories"

    /// The package, and what came with it.
    let contents: [PackageContent]
    let layout: RootLayout
    /// The outside directory that appears as ``PrivateConfiguration/place``.
    let configuration: String
    let bytes: @Sendable (ContentItem) throws(BuildError) -> [UInt8]

    /// What was made for a request.
    struct Result: Sendable {
        /// Locations inside of repositories that were made up because the host has none of that name, by name.
        var repositories: [String: String] = [:]
        /// Directories of the outside that take the place of a package's in its repository, and these places.
        var packages: [(source: String, place: String)] = []
    }

    /// Writes what differs from the host's repositories.
    func place() throws(BuildError) -> Result {
        var result = Result()
        do {
            for (name, contents) in Dictionary(grouping: contents, by: \.repositoryName) {
                guard let repository = contents[0].repository else {
                    try makeRepository(name, contents)
                    result.repositories[name] = "\(Self.extraPlace)/\(name)"
                    continue
                }
                try placeEclasses(of: contents, in: repository)
                for (directory, versions) in Dictionary(grouping: contents, by: \.directory)
                where versions.contains(where: isOther) || hasOtherFiles(versions, in: repository) {
                    // A directory of its own, so that what else the host has in that place does not show through.
                    let place = "\(repository.location)/\(directory)"
                    let own = "\(configuration).packages/\(result.packages.count)"
                    for version in versions { try writePackage(version, to: own) }
                    try Files.makeDirectories(layout.upper(of: place))
                    result.packages.append((own, place))
                }
            }
        } catch let error as BuildError {
            throw error
        } catch {
            throw .failed(reason: "\(error)")
        }
        return result
    }

    private func placeEclasses(of contents: [PackageContent], in repository: HostFacts.Repository) throws {
        for content in contents {
            for item in content.itemsFromOutside() where item.role == .eclass {
                let directory = layout.upper(of: repository.location + "/eclass")
                try Files.makeDirectories(directory)
                try Files.replace("\(directory)/\(item.name)", with: try bytes(item))
            }
        }
    }

    /// Whether the package's own files are not those of the host.
    private func isOther(_ content: PackageContent) -> Bool {
        content.itemsFromOutside().contains { [.ebuild, .files, .manifest].contains($0.role) }
    }

    /// Whether FILESDIR has files that the request does not have.
    private func hasOtherFiles(_ versions: [PackageContent], in repository: HostFacts.Repository) -> Bool {
        guard versions[0].isHost else { return true }
        let wanted = Set(versions.flatMap(\.items).filter { $0.role == .files }.map(\.name))
        let base = "\(repository.location)/\(versions[0].directory)/files"
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

    private func writePackage(_ content: PackageContent, to directory: String) throws {
        try Files.makeDirectories(directory)
        for item in content.items {
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

    /// A repository with these packages.
    private func makeRepository(_ name: String, _ contents: [PackageContent]) throws {
        let base = configuration + Self.extraPlace.dropFirst(PrivateConfiguration.place.utf8.count) + "/" + name
        for name in ["profiles", "metadata", "eclass"] { try Files.makeDirectories("\(base)/\(name)") }
        try Files.replace("\(base)/profiles/repo_name", with: Array("\(name)\n".utf8))
        let layout = "masters = \(contents[0].facts.mainRepository)\nthin-manifests = true\n"
        try Files.replace("\(base)/metadata/layout.conf", with: Array(layout.utf8))
        let categories = Set(contents.map { $0.cpv.prefix { $0 != "/" } }).sorted()
        try Files.replace("\(base)/profiles/categories", with: Array((categories.joined(separator: "\n") + "\n").utf8))
        for content in contents {
            for item in content.items where item.role == .eclass {
                try Files.replace("\(base)/eclass/\(item.name)", with: try bytes(item))
            }
            try writePackage(content, to: "\(base)/\(content.directory)")
        }
    }
}
