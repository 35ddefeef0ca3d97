import Crypto
import Glibc
public import Posix
import Sandbox

/// An archive of a root directory, as a stage3 is one: unpacked once, and from then on only read.
struct RootArchive: Sendable {
    /// The archive, of any compression that `tar` knows.
    let tarball: String
    /// The directory of unpacked archives. Each is named by the SHA-256 of its archive.
    let library: String

    /// The longest that unpacking may take, in seconds.
    private static let seconds = 1800

    /// The directory of the unpacked root. If it is not there, it is made in `scratch`, and appears by one rename.
    ///
    /// - Parameter hash: the name below the library: SHA-256 of the archive.
    func unpacked(hash: String, scratch: String) async throws(BuildError) -> String {
        let root = "\(library)/\(hash)"
        if Files.exists(root) { return root }
        do {
            try Files.makeDirectories(library, mode: 0o700)
            try Files.makeDirectories(scratch)
        } catch {
            throw .failed(reason: "\(error)")
        }
        try await unpack(into: scratch)
        do {
            try Files.move(scratch, to: root)
        } catch {
            // Another worker was first.
            guard Files.exists(root) else { throw .failed(reason: "\(error)") }
        }
        return root
    }

    /// Runs `tar` where it can write to this directory and nowhere else. Devices are not made: an environment has its own.
    private func unpack(into directory: String) async throws(BuildError) {
        var sandbox = SandboxCommand()
        sandbox.steps = [.readOnly("/", at: "/"), .bind(directory, at: directory)]
        sandbox.environment = ["PATH": "/usr/sbin:/usr/bin:/sbin:/bin", "LANG": "C.UTF-8"]
        let tail = LogTail()
        let command = [
            "tar", "--extract", "--preserve-permissions", "--numeric-owner", "--xattrs", "--xattrs-include=*",
            "--anchored", "--exclude=./dev/*", "--exclude=dev/*", "--directory", directory, "--file", tarball,
        ]
        let code: Int32
        do {
            code = try await sandbox.run(command, seconds: Self.seconds) { await tail.append($0) }
        } catch .cancelled {
            throw .cancelled
        } catch {
            throw .failed(reason: "cannot unpack \(tarball): \(error)")
        }
        guard code == 0 else {
            let reason = await tail.lastLine ?? "tar ended with code \(code)"
            throw .unusableHost(reason: "cannot unpack \(tarball): \(reason)")
        }
    }
}

/// Hashes of files of any size.
public enum FileHash {
    /// SHA-256 in lower-case hexadecimal.
    public static func sha256(ofFile path: String) throws(PosixError) -> String { try hex(ofFile: path, SHA256()) }

    /// A hash in lower-case hexadecimal.
    static func hex(ofFile path: String, _ new: some HashFunction) throws(PosixError) -> String {
        let fd = open(path, O_RDONLY | O_CLOEXEC)
        guard fd >= 0 else { throw PosixError("read", path, code: errno) }
        defer { close(fd) }
        var hash = new
        var buffer = [UInt8](repeating: 0, count: 1 << 20)
        while true {
            let count = read(fd, &buffer, buffer.count)
            if count < 0 { throw PosixError("read", path, code: errno) }
            if count == 0 { break }
            buffer.withUnsafeBytes { hash.update(bufferPointer: UnsafeRawBufferPointer(rebasing: $0[..<count])) }
        }
        return hash.finalize().map { ($0 < 16 ? "0" : "") + String($0, radix: 16) }.joined()
    }
}
