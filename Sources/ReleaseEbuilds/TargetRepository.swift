public import EbuildRepository
import PackageModel
import PortageAPI
import Posix

/// The repository that ebuilds are written into, and what its masters offer.
struct TargetRepository: Sendable {
    /// Where it is, absolute.
    let path: String
    /// Whether it has to be made.
    let isNew: Bool
    let layout: RepositoryLayout
    /// ARCH of this machine.
    let arch: String
    let mainLocation: String
    private let name: String
    private let categories: Set<String>

    /// The mark in the first comment of every file that may be replaced.
    static let mark = "# Made by fastrel from "

    /// Looks at the directory, which may be missing or empty.
    init(path: String, configured: ConfiguredRepositories) throws(ReleaseError) {
        var path = path
        while path.count > 1, path.hasSuffix("/") { path.removeLast() }
        guard path.hasPrefix("/"), path.count > 1 else {
            throw ReleaseError(.refused, "'\(path)' is not an absolute path of a repository")
        }
        self.path = path
        arch = configured.arch
        guard let main = configured.repositories.first(where: { $0.name == configured.main }) else {
            throw ReleaseError(.refused, "this machine has no main repository")
        }
        mainLocation = main.location
        let text = try? Files.readText(path + "/profiles/repo_name", limit: 1000)
        if let text {
            isNew = false
            name = text.trimmed
            guard let layoutText = try? Files.readText(path + "/metadata/layout.conf", limit: 1 << 20) else {
                throw ReleaseError(.refused, "\(path) has no metadata/layout.conf")
            }
            layout = RepositoryLayout(parsing: layoutText)
            guard layout.thinManifests else {
                throw ReleaseError(
                    .refused, "\(path) wants Manifests with a line for every file",
                    hint: "set thin-manifests = true in its metadata/layout.conf")
            }
        } else {
            let entries: [String] = Files.exists(path) ? (try? Files.list(path)) ?? ["?"] : []
            guard entries.isEmpty else {
                throw ReleaseError(.refused, "\(path) has files, but it is not a repository (no profiles/repo_name)")
            }
            isNew = true
            name = Self.name(from: path)
            guard RepositoryNames.isRepository(name) else {
                throw ReleaseError(.refused, "'\(name)' cannot be the name of a repository")
            }
            layout = RepositoryLayout(
                masters: [main.name], thinManifests: true, manifestHashes: ["SHA256"],
                manifestRequiredHashes: ["SHA256"])
        }
        let lists = [path, main.location].map { (try? Files.readText($0 + "/profiles/categories")) ?? "" }
        categories = Set(lists.joined(separator: "\n").split(whereSeparator: \.isNewline).map { $0.trimmed })
    }

    private static func name(from path: String) -> String {
        String((path.split(separator: "/").last ?? "").map { $0.isASCII && ($0.isLetter || $0.isNumber) ? $0 : "-" })
    }

    /// The hashes that a Manifest line of this repository must have.
    var manifestHashes: [String] {
        let wanted = layout.manifestHashes.isEmpty ? ["BLAKE2B", "SHA512"] : layout.manifestHashes
        return Set(wanted + layout.manifestRequiredHashes).sorted()
    }

    /// A file of the repository, else of the main one.
    func text(of relative: String) -> String? {
        for location in [path, mainLocation] {
            if let text = try? Files.readText(location + "/" + relative, limit: 16 << 20) { return text }
        }
        return nil
    }

    /// What its eclasses know.
    var eclasses: EclassFacts {
        EclassFacts(
            pythonUtils: text(of: "eclass/python-utils-r1.eclass") ?? "",
            distutils: text(of: "eclass/distutils-r1.eclass") ?? "", pypi: text(of: "eclass/pypi.eclass") ?? "")
    }

    /// The licences of the tree; nil when it keeps no list.
    var licences: Set<String>? {
        let all = [path, mainLocation].flatMap { (try? Files.list($0 + "/licenses")) ?? [] }
        return all.isEmpty ? nil : Set(all)
    }

    /// The versions of a package that the repository itself has.
    func versions(of package: String) -> [Version] {
        let name = String(package.split(separator: "/").last ?? "")
        let files = (try? Files.list(path + "/" + package)) ?? []
        return files.compactMap { file in
            guard file.hasPrefix(name + "-"), file.hasSuffix(".ebuild") else { return nil }
            return Version(String(file.dropFirst(name.count + 1).dropLast(".ebuild".count)))
        }
    }

    /// Makes the repository when it is new; it appears by one rename.
    private func make() throws(ReleaseError) {
        let new = Files.draft(of: path)
        do {
            Files.removeAbandonedDrafts(of: path)
            try Files.removeTree(new)
            if let slash = path.lastIndex(of: "/"), slash > path.startIndex {
                try Files.makeDirectories(String(path[..<slash]))
            }
            do {
                try RepositoryDirectory(new).writeSkeleton(
                    RepositorySkeleton(name: name, layout: layout, categories: [], profilesEAPI: "8"))
                try Files.move(new, to: path)
            } catch {
                try? Files.removeTree(new)
                throw error
            }
        } catch let error as PosixError {
            throw ReleaseError(error)
        } catch {
            throw ReleaseError(.broken, "\(error)")
        }
    }

    /// Writes packages, in this order; each ebuild appears by one rename, after all that belongs to it.
    ///
    /// - Returns: for each, whether it is new, changed or was there.
    func write(_ packages: [GeneratedPackage]) throws(ReleaseError) -> [PackageState] {
        let states = try packages.map { (package) throws(ReleaseError) in try state(of: package) }
        if isNew { try make() }
        do {
            guard let lock = try FileLock(tryingPath: path + "/profiles/repo_name") else {
                throw ReleaseError(.away, "another fastrel writes into \(path)")
            }
            try addCategories(packages.map(\.category))
            let directory = RepositoryDirectory(path)
            for (package, state) in zip(packages, states) where state != .unchanged {
                for file in [package.directory + "/Manifest", package.ebuildPath] {
                    Files.removeAbandonedDrafts(of: path + "/" + file)
                }
                try directory.write(package.directory + "/Manifest", text: try manifest(with: package))
                let metadata = package.directory + "/metadata.xml"
                if !Files.exists(path + "/" + metadata) { try directory.write(metadata, text: package.metadata) }
                try directory.write(package.ebuildPath, text: package.ebuild)
            }
            _ = consume lock
        } catch let error as ReleaseError {
            throw error
        } catch let error as PosixError {
            throw ReleaseError(error)
        } catch {
            throw ReleaseError(.broken, "\(error)")
        }
        return states
    }

    /// What writing a package would do. An ebuild that fastrel did not make is never replaced.
    func state(of package: GeneratedPackage) throws(ReleaseError) -> PackageState {
        let target = path + "/" + package.ebuildPath
        guard Files.status(target) != nil else { return .new }
        guard let old = try? Files.readText(target, limit: 1 << 20) else {
            throw ReleaseError(.broken, "cannot read \(target)")
        }
        let isOurs = old.split(separator: "\n").prefix(4).contains { $0.hasPrefix(Self.mark) }
        let manifest = try manifest(with: package)
        if old == package.ebuild, (try? Files.readText(path + "/\(package.directory)/Manifest")) == manifest {
            return .unchanged
        }
        guard isOurs else {
            throw ReleaseError(.refused, "\(target) is there, and fastrel did not make it", hint: "move it away first")
        }
        return .changed
    }

    /// The package's Manifest with the lines of what is written now.
    func manifest(with package: GeneratedPackage) throws(ReleaseError) -> String {
        let target = path + "/" + package.directory + "/Manifest"
        var manifest = Manifest()
        if Files.exists(target) {
            guard let text = try? Files.readText(target, limit: 16 << 20), let read = Manifest(text) else {
                throw ReleaseError(.refused, "\(target) is signed, or not a Manifest")
            }
            manifest = read
        }
        for entry in package.distfiles {
            if let old = manifest.distfile(entry.name), let hash = entry.hashes["SHA256"],
                let before = old.hashes["SHA256"], before != hash
            {
                throw ReleaseError(
                    .refused,
                    "\(entry.name) is not the file any more that \(target) knows (SHA-256 \(hash), was \(before))")
            }
            manifest.put(entry)
        }
        return manifest.text
    }

    private func addCategories(_ wanted: [String]) throws {
        let missing = Set(wanted).subtracting(categories).sorted()
        let file = path + "/profiles/categories"
        let old = Files.exists(file) ? try Files.readText(file) : ""
        guard !missing.isEmpty else { return }
        let separator = old.isEmpty || old.hasSuffix("\n") ? "" : "\n"
        try RepositoryDirectory(path).write(
            "profiles/categories", text: old + separator + missing.map { $0 + "\n" }.joined())
    }
}

/// What became of a package.
public enum PackageState: String, Sendable {
    /// It was not there.
    case new
    /// The ebuild of before was replaced.
    case changed
    /// It was there already, byte for byte.
    case unchanged
}

/// A package that was made: all its texts.
public struct GeneratedPackage: Sendable, Equatable {
    /// The category.
    public let category: String
    /// Its name, PN.
    public let name: String
    /// Its version, PV.
    public let version: String
    /// The ebuild's text.
    public let ebuild: String
    /// The lines of the distfiles.
    public let distfiles: [Manifest.Entry]
    /// The text of metadata.xml.
    public let metadata: String
    /// Lines for a person: what was left out, what is missing.
    public let notes: [String]

    /// The lines that its Manifest gets.
    public var manifestLines: String {
        var manifest = Manifest()
        for entry in distfiles { manifest.put(entry) }
        return manifest.text
    }

    /// CATEGORY/PN
    public var directory: String { category + "/" + name }
    /// CATEGORY/PN/PN-PV.ebuild
    public var ebuildPath: String { "\(directory)/\(name)-\(version).ebuild" }
    /// CATEGORY/PN-PV
    public var cpv: String { "\(category)/\(name)-\(version)" }

    /// metadata.xml that names where a package comes from; both are plain words.
    static func metadata(kind: String, name: String) -> String {
        """
        <?xml version="1.0" encoding="UTF-8"?>
        <!DOCTYPE pkgmetadata SYSTEM "https://www.gentoo.org/dtd/metadata.dtd">
        <pkgmetadata>
        \t<!-- maintainer-needed -->
        \t<upstream>
        \t\t<remote-id type="\(kind)">\(name)</remote-id>
        \t</upstream>
        </pkgmetadata>

        """
    }
}
