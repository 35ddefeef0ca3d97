import AgentProtocol
import ArgumentParser
import BinpkgClient
import CommandSupport
import Glibc
import PortageAPI
import Posix

/// Brings packages from the service beside emerge.
struct BinpkgAgent: ToolCommand {
    static let configuration = CommandConfiguration(
        commandName: "agent",
        abstract: "Bring packages from the service beside emerge, so that no phase waits for more than it must.",
        discussion: """
            A daemon for root. The setup phase of a package hands its request over and goes on; the agent asks the \
            service, fetches, verifies and unpacks, and the unpack phase of the package waits for the outcome. Without \
            the agent the setup phase does all of this itself. It listens on run/portmanteau/agent.sock, or on the \
            socket that an init system passes on (LISTEN_FDS), and takes requests of root only.
            """)

    @Option(help: "EPREFIX of the Portage that it works for; by default that of the environment, or none.")
    var eprefix: String?

    func run(_ context: Context) async throws {
        let paths = ClientPaths(prefix: eprefix ?? context.environment["EPREFIX"] ?? "")
        guard paths.prefix.isEmpty || paths.prefix.hasPrefix("/") else {
            throw CommandError("'\(paths.prefix)' is not an absolute path")
        }
        guard geteuid() == 0 else { throw CommandError("the agent unpacks packages with their owners: run it as root") }
        try Files.makeDirectories(paths.run)
        guard let lock = try FileLock(tryingPath: paths.run + "/agent.lock", mode: 0o600) else {
            throw CommandError("another agent works for '\(paths.prefix.isEmpty ? "/" : paths.prefix)' already")
        }
        let listener = try Self.listener(context, paths)
        let pool = PortagePool()
        let agent = Agent(paths: paths) { line in
            context.errors("binpkg agent: \(line)\n")
        } portage: { (setup, emerge) async throws(PortageError) in
            try await pool.portage(for: setup, prefix: paths.prefix, python: emerge.python)
        }
        context.errors("binpkg agent: listening on \(paths.agentSocket)\n")
        try await agent.serve(listener)
        _ = consume lock
    }

    /// The socket that an init system passes on as the first descriptor after the three usual ones, or a new one.
    private static func listener(_ context: Context, _ paths: ClientPaths) throws -> UnixSocket {
        if let count = context.environment["LISTEN_FDS"], context.environment["LISTEN_PID"] == String(getpid()) {
            guard count == "1" else { throw CommandError("LISTEN_FDS is \(count): the agent needs one socket") }
            guard fcntl(3, F_SETFD, FD_CLOEXEC) == 0, fcntl(3, F_SETFL, O_NONBLOCK) == 0 else {
                throw CommandError("LISTEN_FDS is set, but there is no socket")
            }
            return UnixSocket(owning: 3)
        }
        return try UnixSocket(listeningAt: paths.agentSocket, mode: 0o600)
    }
}
