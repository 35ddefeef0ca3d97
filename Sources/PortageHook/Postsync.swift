import AgentProtocol
import Glibc
import Posix

/// After a sync: lets the overlays follow, where `olm` is installed. Never fails.
enum Postsync {
    /// How long `olm sync` may take, in seconds.
    static let limit = 600

    /// What this process was told about the way to the network.
    private static var proxies: [String] {
        let names = [
            "http_proxy", "https_proxy", "no_proxy", "HTTP_PROXY", "HTTPS_PROXY", "NO_PROXY", "all_proxy", "ALL_PROXY",
            "SSL_CERT_FILE", "SSL_CERT_DIR", "GIT_SSL_CAINFO",
        ]
        return names.compactMap { name in ProcessEnvironment.variable(name).map { "\(name)=\($0)" } }
    }

    static func run(_ request: PhaseRequest, context: HookContext) {
        guard Files.exists(request.layout.overlays) else { return }
        do throws(PosixError) {
            let result = try ChildProcess.run(
                request.layout.overlays, ["sync"],
                environment: HelperEnvironment.make(for: request.setup, prefix: request.layout.prefix) + proxies,
                deadline: .now.advanced(byMilliseconds: limit * 1000))
            try Files.writeAll(1, result.output)
            if result.outcome == .timedOut { context.say("portmanteau: `olm sync` took over \(limit) s and was ended") }
        } catch {
            context.say("portmanteau: `olm sync` was not run: \(error)")
        }
    }
}
