internal import BinpkgModel
internal import Posix

/// Files that were sent, each under its SHA-256. What is there was checked when it came, and is checked again when it is
/// read.
actor ContentStore {
    /// Why a file was not taken.
    enum Refusal: Error, Equatable {
        /// The bytes have another hash.
        case otherHash(String)
        /// The disk is full or cannot be written.
        case notWritten(reason: String)
    }

    private nonisolated let directory: String

    /// A store in a directory, which is made when needed.
    init(directory: String) { self.directory = directory }

    /// Takes a file. One that is there is written again: it is as new then, and whole.
    func put(_ hash: String, _ bytes: [UInt8]) throws(Refusal) {
        let found = ContentHash.sha256(bytes)
        guard found == hash else { throw .otherHash(found) }
        do {
            try Files.makeDirectories("\(directory)/\(hash.prefix(2))", mode: 0o700)
            try Files.replace(path(hash), with: bytes, mode: 0o600)
        } catch {
            throw .notWritten(reason: "\(error)")
        }
    }

    /// Removes what a service that ended left half written.
    nonisolated func removeUnfinished() throws(PosixError) {
        for part in try Files.list(directory) {
            for name in try Files.list("\(directory)/\(part)") where !ContentHash.isHash(name) {
                try Files.removeTree("\(directory)/\(part)/\(name)")
            }
        }
    }

    /// The hashes of all files.
    nonisolated func all() throws(PosixError) -> [String] {
        var result: [String] = []
        for part in try Files.list(directory) {
            result += try Files.list("\(directory)/\(part)").filter(ContentHash.isHash)
        }
        return result
    }

    /// Where a file is, or would be.
    nonisolated func place(of hash: String) -> String { path(hash) }

    /// Whether a file is there.
    nonisolated func has(_ hash: String) -> Bool { Files.exists(path(hash)) }

    /// A file's bytes; nil when it is not there or was damaged.
    nonisolated func bytes(_ hash: String) -> [UInt8]? {
        guard let bytes = try? Files.read(path(hash), limit: BuildRequest.maximumItemSize),
            ContentHash.sha256(bytes) == hash
        else { return nil }
        return bytes
    }

    /// The hash was checked to be one: only hexadecimal digits get into the path.
    private nonisolated func path(_ hash: String) -> String { "\(directory)/\(hash.prefix(2))/\(hash)" }
}
