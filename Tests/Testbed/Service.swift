import Glibc
public import Posix

/// A binary-package service on a machine of the testbed, listening on loopback.
public struct Service: Sendable {
    /// The running program.
    public let process: BackgroundProcess
    /// Its port on 127.0.0.1.
    public let port: Int
    /// Whether it speaks TLS.
    var isSecure = false
    /// Where clients find it.
    public var url: String { (isSecure ? "https" : "http") + "://127.0.0.1:\(port)" }

    /// Ends it; returns its exit code.
    @discardableResult
    public func stop() async throws -> Int { try await process.stop() }
}

extension Machine {
    /// Starts `binpkgd serve` on this machine, which has Portmanteau installed, and waits until it listens.
    ///
    /// - Parameters:
    ///   - settings: further lines of `binpkgd.toml`, above its first table.
    ///   - address: where it listens.
    ///   - isSecure: whether the settings give it TLS.
    public func startService(
        settings: String = "", address: String = "127.0.0.1", isSecure: Bool = false
    ) async throws -> Service {
        let port = try FreePort.find()
        try write(
            "etc/portmanteau/binpkgd.toml",
            """
            listen = "\(address):\(port)"
            state = "\(prefix)/var/lib/portmanteau/binpkgd"
            \(settings)
            """)
        let process = try await start([prefix + "/usr/bin/binpkgd", "serve"])
        guard await process.waitForLog("listening", timeout: .seconds(30)) else {
            let log = process.log
            try await process.stop()
            throw TestbedError.command("binpkgd serve", reason: log)
        }
        return Service(process: process, port: port, isSecure: isSecure)
    }

    /// Points the hooks of this machine to a service.
    ///
    /// - Parameter settings: further lines of `hooks.conf`.
    public func useService(_ url: String, settings: String = "BINPKG_POLICY=wait:5m") throws {
        try write("etc/portmanteau/hooks.conf", "BINPKG_SERVICE=\(url)\n\(settings)\n")
    }
}

/// A port of 127.0.0.1 that nothing listens on.
public enum FreePort {
    /// Asks the kernel for one.
    public static func find() throws(PosixError) -> Int {
        let socket = Glibc.socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
        guard socket >= 0 else { throw PosixError("open a socket", code: errno) }
        defer { close(socket) }
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        address.sin_addr.s_addr = inet_addr("127.0.0.1")
        var length = socklen_t(MemoryLayout<sockaddr_in>.size)
        let bound = withUnsafeMutablePointer(to: &address) {
            $0.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                bind(socket, $0, length) == 0 && getsockname(socket, $0, &length) == 0
            }
        }
        guard bound else { throw PosixError("find a free port", code: errno) }
        return Int(UInt16(bigEndian: address.sin_port))
    }
}
