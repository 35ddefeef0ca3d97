import Glibc
import Posix
import Subprocess
import SystemPackage
import Testbed

/// A place for compiles through distcc: a folder with a DISTCC_DIR of its own, and real servers on loopback.
struct DistccBench: Sendable {
    /// What a script did.
    struct Result: Sendable {
        let code: Int32
        let output: String
        let errors: String
    }

    let folder: String

    /// The guard, as it is installed: release, with the runtime inside.
    static var program: String { (environment("PORTMANTEAU_HOTDIR") ?? folderOfThisProgram) + "/distcc-guard" }

    /// Makes a bench, passes it on, and removes it.
    static func with<R: Sendable>(_ body: (DistccBench) async throws -> R) async throws -> R {
        let scratch = try ScratchDirectory()
        let path = scratch.path
        let bench = DistccBench(folder: path)
        for name in ["distcc", "masquerade", "front", "compilers", "work", "state"] {
            try Files.makeDirectories("\(path)/\(name)")
        }
        for name in ["gcc", "g++", "cc"] {
            symlink(program, "\(path)/masquerade/\(name)")
            symlink("/usr/bin/distcc", "\(path)/distcc/\(name)")
        }
        symlink("/usr/bin/distcc", path + "/front/distcc")
        try bench.compiler("compilers", "exec /usr/bin/gcc \"$@\"")
        return try await body(bench)
    }

    /// Puts a compiler `gcc`, a script of one line, into a folder of the bench.
    func compiler(_ folder: String, _ line: String) throws {
        try Files.makeDirectories("\(self.folder)/\(folder)")
        try Files.replace("\(self.folder)/\(folder)/gcc", with: Array("#!/bin/sh\n\(line)\n".utf8), mode: 0o755)
    }

    func write(_ name: String, _ text: String) throws {
        try Files.replace("\(folder)/work/\(name)", with: Array(text.utf8))
    }

    /// How compilers are called.
    enum Way { case plain, distcc, guarded }

    /// The environment of a build.
    func variables(_ way: Way, hosts: String, more: [String: String] = [:]) -> [String: String] {
        let distcc = "\(folder)/distcc:\(folder)/front:"
        let path =
            switch way {
            case .plain: ""
            case .distcc: distcc
            case .guarded: "\(folder)/masquerade:" + distcc
            }
        return [
            "PATH": "\(path)\(folder)/compilers:/usr/bin:/bin", "HOME": folder, "LC_ALL": "C.UTF-8",
            "DISTCC_DIR": folder + "/state", "DISTCC_HOSTS": hosts, "DISTCC_NO_REWRITE_CROSS": "1",
        ].merging(more) { $1 }
    }

    /// Runs a bash script in the bench's `work`.
    func run(_ script: String, _ variables: [String: String]) async throws -> Result {
        let done = try await Subprocess.run(
            .path("/bin/bash"), arguments: ["-c", script],
            environment: .custom(Array(variables.map { Array("\($0)=\($1)".utf8) + [0] })),
            workingDirectory: FilePath(folder + "/work"), output: .bytes(limit: 1 << 22),
            error: .bytes(limit: 1 << 22))
        let code: Int32 =
            switch done.terminationStatus {
            case .exited(let code): code
            case .signaled(let signal): 128 + signal
            }
        return Result(
            code: code, output: String(decoding: done.standardOutput, as: UTF8.self),
            errors: String(decoding: done.standardError, as: UTF8.self))
    }

    /// The marks that are there.
    var marks: [String] {
        ((try? Files.list(folder + "/state/lock")) ?? []).filter { $0.hasPrefix("backoff_") }
    }

    /// A port of loopback that nobody listens on now.
    static func freePort() throws -> UInt16 {
        let file = socket(AF_INET, Int32(SOCK_STREAM.rawValue) | Int32(SOCK_CLOEXEC.rawValue), 0)
        defer { close(file) }
        var address = loopback(port: 0)
        var size = socklen_t(MemoryLayout<sockaddr_in>.size)
        let code = withUnsafeMutablePointer(to: &address) { pointer in
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) { address in
                bind(file, address, size) == 0 && getsockname(file, address, &size) == 0
            }
        }
        guard code else { throw PosixError("bind", "127.0.0.1", code: errno) }
        return UInt16(bigEndian: address.sin_port)
    }

    fileprivate static func loopback(port: UInt16) -> sockaddr_in {
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        address.sin_port = port.bigEndian
        address.sin_addr.s_addr = UInt32(0x7f00_0001).bigEndian
        return address
    }

    private static func environment(_ name: String) -> String? { getenv(name).map { String(cString: $0) } }

    private static var folderOfThisProgram: String {
        guard let path = realpath("/proc/self/exe", nil) else { return "" }
        defer { free(path) }
        return "/" + String(cString: path).split(separator: "/").dropLast().joined(separator: "/")
    }
}

/// A real distccd on loopback.
struct Distccd: Sendable {
    let port: UInt16
    let log: String

    /// The server in a host list.
    var host: String { "127.0.0.1:\(port)/4" }

    /// The sources that its compiler took, or refused, as its log tells. It writes a line after it has answered: this
    /// waits a while for so many.
    func sources(_ result: String = "COMPILE_OK", atLeast count: Int) async throws -> [String] {
        var found: [String] = []
        for _ in 0..<250 {
            found = ((try? Files.readText(log)) ?? "").split(separator: "\n").filter { $0.contains(" \(result) ") }
                .compactMap { $0.split(separator: " ").last.map(String.init) }
            if found.count >= count { break }
            try await Task.sleep(for: .milliseconds(20))
        }
        return found
    }

    /// Runs a server while the body runs; it is ended by its process number.
    ///
    /// - Parameter compilers: its PATH before the system's.
    static func with<R: Sendable>(
        _ bench: DistccBench, compilers: String, _ body: @Sendable (Distccd) async throws -> R
    ) async throws -> R {
        let port = try DistccBench.freePort()
        let server = Distccd(port: port, log: "\(bench.folder)/distccd-\(port).log")
        try Files.replace(server.log, with: [], mode: 0o666)
        var options = PlatformOptions()
        options.createSession = true
        let result = try await Subprocess.run(
            .path("/usr/bin/distccd"),
            arguments: [
                "--daemon", "--no-detach", "--allow", "127.0.0.1", "--listen", "127.0.0.1", "-p", "\(port)", "-j", "4",
                "--log-file", server.log, "--log-level", "info", "--user", "nobody", "--enable-tcp-insecure",
            ],
            environment: .custom([
                Array("PATH=\(bench.folder)/\(compilers):/usr/bin:/bin".utf8) + [0], Array("LC_ALL=C.UTF-8".utf8) + [0],
                Array("TMPDIR=/tmp".utf8) + [0],
            ]), platformOptions: options, input: .none, output: .discarded, error: .discarded
        ) { execution -> Swift.Result<R, any Error> in
            let pid = execution.processIdentifier.value
            let result: Swift.Result<R, any Error>
            do {
                try await server.waitUntilItListens()
                result = .success(try await body(server))
            } catch {
                result = .failure(error)
            }
            // Its session is its own: this ends the server and its workers.
            kill(-pid, SIGTERM)
            return result
        }
        return try result.closureResult.get()
    }

    private func waitUntilItListens() async throws {
        for _ in 0..<500 {
            let file = socket(AF_INET, Int32(SOCK_STREAM.rawValue) | Int32(SOCK_CLOEXEC.rawValue), 0)
            var address = DistccBench.loopback(port: port)
            let size = socklen_t(MemoryLayout<sockaddr_in>.size)
            let isThere = withUnsafePointer(to: &address) { pointer in
                pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) { connect(file, $0, size) == 0 }
            }
            close(file)
            if isThere { return }
            try await Task.sleep(for: .milliseconds(20))
        }
        throw PosixError("reach", "distccd: is it installed?", code: ETIMEDOUT)
    }
}
