internal import BuildEnvironments
internal import Posix

/// A table `[[environment]]` of `binpkgd.toml`, by the names that its keys have there.
struct EnvironmentSettings: Decodable {
    /// The table `ssh` of a `target`.
    struct SSH: Decodable {
        let host: String
        let port: Int?
        let user: String
        let identity: String
        let known_hosts: String
    }

    let name: String
    let source: String
    let tarball: String?
    let ssh: SSH?
    let prefix: String?
    let directory: String?
    let image: String?
    let engine: [String]?
    let cpu: String?

    /// What is wrong with a table, as a sentence.
    struct Mistake: Error {
        let reason: String
    }

    /// The environment that the table describes.
    ///
    /// - Parameter eprefix: the Prefix of this machine.
    func environment(eprefix: String) throws(Mistake) -> BuildEnvironment {
        guard Self.isPlain(name), !name.hasPrefix(".") else {
            throw wrong("the name may have letters, digits and '_.-'")
        }
        let prefix = self.prefix ?? (source == "host" ? eprefix : "")
        guard prefix.isEmpty || (isPath(prefix) && !prefix.hasSuffix("/")) else {
            throw wrong("'prefix' must be empty or an absolute path without comma, colon and backslash")
        }
        if let cpu, !Self.isPlain(cpu) || !BuildEnvironment.isKnown(cpu: cpu) {
            throw wrong("'cpu' must be a value of -march for a processor of the x86 family, not '\(cpu.printable)'")
        }
        return BuildEnvironment(name: name, root: try root(prefix, eprefix), eprefix: prefix, cpu: cpu)
    }

    /// Refuses keys that belong to other sources.
    private func check(_ own: Set<String>) throws(Mistake) {
        let given: [(String, Bool)] = [
            ("tarball", tarball != nil), ("ssh", ssh != nil), ("directory", directory != nil), ("image", image != nil),
            ("engine", engine != nil),
        ]
        let wrong = given.filter { $0.1 && !own.contains($0.0) }.map { "'\($0.0)'" }
        guard wrong.isEmpty else {
            throw self.wrong("the source '\(source.printable)' takes no \(wrong.joined(separator: " and no "))")
        }
    }

    private func root(_ prefix: String, _ eprefix: String) throws(Mistake) -> Root {
        switch source {
        case "host":
            try check([])
            guard prefix == eprefix else {
                throw wrong("the source 'host' has the prefix of this machine, '\(eprefix)'")
            }
            return .host
        case "stage3":
            try check(["tarball"])
            guard let tarball, isPath(tarball) else { throw wrong("'tarball' must be the absolute path of an archive") }
            return .stage3(tarball: tarball)
        case "directory":
            try check(["directory"])
            guard let directory, isPath(directory), !directory.hasSuffix("/") else {
                throw wrong("'directory' must be the absolute path of a root, without a slash at its end")
            }
            return .directory(directory)
        case "image":
            try check(["image", "engine"])
            guard let image, !image.isEmpty, !image.hasPrefix("-"), image.utf8.allSatisfy({ $0 > 32 && $0 < 127 })
            else { throw wrong("'image' must be the name of an image") }
            let engine = engine ?? ["podman"]
            guard let program = engine.first, !program.isEmpty, !program.hasPrefix("-") else {
                throw wrong("'engine' must be a program and its options, as [\"docker\"]")
            }
            return .image(ContainerImage(name: image, engine: engine))
        case "target":
            try check(["ssh"])
            guard let ssh else { throw wrong("the source 'target' needs a table 'ssh'") }
            return .target(try target(ssh))
        default:
            throw wrong(
                "the source must be \"host\", \"stage3\", \"directory\", \"image\" or \"target\", not "
                    + "'\(source.printable)'")
        }
    }

    /// What ssh gets as one argument must not look like an option, and must not end one.
    private func target(_ ssh: SSH) throws(Mistake) -> SSHTarget {
        let isAddress = ssh.host.utf8.allSatisfy { Self.isPlainByte($0) || $0 == UInt8(ascii: ":") }
        guard isAddress, !ssh.host.isEmpty, !ssh.host.hasPrefix("-") else {
            throw wrong("'ssh.host' must be a name or an address")
        }
        guard Self.isPlain(ssh.user), !ssh.user.hasPrefix("-") else {
            throw wrong("'ssh.user' must be the name of a user")
        }
        let port = ssh.port ?? 22
        guard (1...65535).contains(port) else { throw wrong("'ssh.port' must be from 1 to 65535") }
        for (key, path) in [("identity", ssh.identity), ("known_hosts", ssh.known_hosts)] where !isPath(path) {
            throw wrong("'ssh.\(key)' must be an absolute path without blank, comma, colon and backslash")
        }
        return SSHTarget(
            host: ssh.host, port: port, user: ssh.user, identity: ssh.identity, knownHosts: ssh.known_hosts)
    }

    private func wrong(_ reason: String) -> Mistake { Mistake(reason: "environment '\(name.printable)': \(reason)") }

    private func isPath(_ text: String) -> Bool {
        text.hasPrefix("/") && !text.utf8.contains { ",:\\% \"'".utf8.contains($0) || $0 < 32 || $0 == 127 }
    }

    private static func isPlain(_ text: String) -> Bool { !text.isEmpty && text.utf8.allSatisfy(isPlainByte) }

    private static func isPlainByte(_ byte: UInt8) -> Bool {
        switch byte {
        case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
            UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "_"), UInt8(ascii: "."), UInt8(ascii: "-"):
            true
        default: false
        }
    }
}
