import BinpkgModel
import PortageAPI
import Posix

/// Files that were read, by their paths.
struct KnownFiles {
    fileprivate var files: [String: (bytes: [UInt8], hash: String)] = [:]

    /// A file and its hash.
    fileprivate mutating func file(_ path: String) throws(RequestError) -> (bytes: [UInt8], hash: String) {
        if let file = files[path] { return file }
        do throws(PosixError) {
            let bytes = try Files.read(path, limit: BuildRequest.maximumItemSize)
            let file = (bytes, ContentHash.sha256(bytes))
            files[path] = file
            return file
        } catch {
            throw .unreadable(error)
        }
    }
}

/// Puts the files of a package, and of what it is built with, together.
struct ContentReader {
    var known: KnownFiles
    private(set) var content: [String: [UInt8]] = [:]
    private var items: [ContentItem] = []

    init(known: KnownFiles) { self.known = known }

    /// The files of a package.
    mutating func read(_ inputs: KeyInputs) throws(RequestError) -> [ContentItem] {
        items = []
        try addEbuild(inputs.cpv, inputs.ebuild, inputs.eclasses, inputs.files, inputs.manifest)
        for file in inputs.patches { try add(.patch, file.name, file.path) }
        for file in inputs.envs { try add(.env, file.name, file.path) }
        for file in inputs.bashrcs {
            // The call of our own hooks is no input of a package.
            let bytes = Self.withoutHooks(try known.file(file.path).bytes)
            guard bytes.contains(where: { $0 > 32 }) else { continue }
            add(.bashrc, Self.bashrcName(file.name), bytes, ContentHash.sha256(bytes))
        }
        return items
    }

    /// An ebuild of what a package is built with.
    mutating func read(_ ebuild: KeyInputs.DependencyEbuild) throws(RequestError) -> DependencyEbuild {
        items = []
        try addEbuild(ebuild.cpv, ebuild.ebuild, ebuild.eclasses, ebuild.files, ebuild.manifest)
        return DependencyEbuild(
            cpv: ebuild.cpv, repository: ebuild.repository, slot: "\(ebuild.slot)/\(ebuild.subSlot)", use: ebuild.use,
            content: items)
    }

    private mutating func addEbuild(
        _ cpv: String, _ ebuild: String, _ eclasses: [KeyInputs.File], _ files: [KeyInputs.File], _ manifest: String?
    ) throws(RequestError) {
        try add(.ebuild, "\(cpv.drop { $0 != "/" }.dropFirst()).ebuild", ebuild)
        for file in eclasses { try add(.eclass, file.name + ".eclass", file.path) }
        for file in files { try add(.files, file.name, file.path) }
        if let manifest { try add(.manifest, "Manifest", manifest) }
    }

    private mutating func add(_ role: ContentItem.Role, _ name: String, _ path: String) throws(RequestError) {
        let file = try known.file(path)
        add(role, name, file.bytes, file.hash)
    }

    private mutating func add(_ role: ContentItem.Role, _ name: String, _ bytes: [UInt8], _ hash: String) {
        content[hash] = bytes
        items.append(ContentItem(role: role, name: name, sha256: hash, size: bytes.count))
    }

    /// The text without the lines that source the hooks of this suite.
    private static func withoutHooks(_ bytes: [UInt8]) -> [UInt8] {
        let call = Array("/portmanteau/hooks/bashrc".utf8)
        let lines = bytes.split(separator: 10, omittingEmptySubsequences: false)
        guard lines.contains(where: { $0.firstRange(of: call) != nil }) else { return bytes }
        return Array(lines.filter { $0.firstRange(of: call) == nil }.joined(separator: [10]))
    }

    /// `user:bashrc` is `bashrc`, `profile:X` is `profile/X`.
    private static func bashrcName(_ name: String) -> String {
        if name.hasPrefix("user:") { return String(name.dropFirst(5)) }
        if name.hasPrefix("profile:") { return "profile/" + name.dropFirst(8).drop { $0 == "/" } }
        return name
    }
}
