/// The repositories of this machine.
public struct ConfiguredRepositories: Codable, Equatable, Sendable {
    /// One of them.
    public struct Repository: Codable, Equatable, Sendable {
        /// Its name.
        public let name: String
        /// Its directory.
        public let location: String
        /// The names of its masters.
        public let masters: [String]
    }

    /// The name of the main one; empty if there is none.
    public let main: String
    /// ARCH of this machine, e.g. `amd64`.
    public let arch: String
    /// All, in Portage's order.
    public let repositories: [Repository]
}

/// A package that stands for a project of the Python index.
public struct PythonPackage: Codable, Equatable, Sendable {
    /// Category and name.
    public let cp: String
    /// Versions with revision that ebuilds exist for.
    public let versions: [String]
    /// Whether it has USE flags for the Pythons that it is built for.
    public let pythonTargets: Bool
}

/// A file's size and hashes.
public struct FileSums: Codable, Equatable, Sendable {
    /// Bytes.
    public let size: Int
    /// Hexadecimal hashes by the names that Manifests give them.
    public let hashes: [String: String]
}

/// What a source archive has at its top.
public struct ArchiveContent: Codable, Equatable, Sendable {
    /// The names at the very top, two of them at most; a source archive has one directory there.
    public let directories: [String]
    /// The names in it, with a slash after those of directories.
    public let names: [String]
    /// The text of the files asked for that are there.
    public let files: [String: String]

    /// Content of these parts.
    public init(directories: [String], names: [String], files: [String: String]) {
        self.directories = directories
        self.names = names
        self.files = files
    }
}

extension PortageAPI {
    /// The configured repositories, and ARCH.
    public func releaseTargets() async throws(PortageError) -> ConfiguredRepositories {
        try await ask("release_targets", [String: String]())
    }

    /// The packages of all repositories that stand for projects: by metadata.xml, else by their name in dev-python.
    ///
    /// - Parameter projects: the name of an ebuild for it, by the project's normal name.
    /// - Returns: what was found, by the project's normal name.
    public func pythonPackages(_ projects: [String: String]) async throws(PortageError) -> [String: PythonPackage] {
        try await ask("python_packages", ["projects": projects])
    }

    /// Hashes a file with Portage's own functions.
    ///
    /// - Parameter names: hashes as Manifests name them, e.g. `BLAKE2B`.
    public func checksums(_ path: String, names: [String]) async throws(PortageError) -> FileSums {
        try await ask("checksums", ChecksumsQuestion(path: path, names: names))
    }

    /// Looks into a tar or zip archive; nothing is unpacked.
    ///
    /// - Parameter wanted: names of files, directly below the archive's directory, whose text is wanted.
    public func archiveContent(_ path: String, wanted: [String]) async throws(PortageError) -> ArchiveContent {
        try await ask("archive_content", ArchiveQuestion(path: path, wanted: wanted))
    }
}

private struct ChecksumsQuestion: Encodable {
    let path: String
    let names: [String]
}

private struct ArchiveQuestion: Encodable {
    let path: String
    let wanted: [String]
}
