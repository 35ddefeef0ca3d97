internal import BuildEnvironments
internal import Glibc
internal import Hummingbird
internal import Logging
internal import Posix
internal import ServiceLifecycle
internal import UnixSignals

/// The service as a program: HTTP on one side, workers on the other.
public enum BinpkgServer {
    /// The version of the service.
    public static let version = "0.1"

    /// Serves until SIGTERM or SIGINT. Then builds are stopped and queued again, and what they mounted goes away.
    ///
    /// - Parameter ready: called with the port once requests are taken.
    public static func serve(
        _ configuration: ServiceConfiguration, ready: @escaping @Sendable (Int) -> Void = { _ in }
    ) async throws(ServiceError) {
        guard configuration.isLoopback else {
            throw .notLoopback(address: "\(configuration.host):\(configuration.port)")
        }
        // A client that went away must be an error of write, not the end of the service.
        signal(SIGPIPE, SIG_IGN)
        var logger = Logger(label: "binpkgd", factory: { StreamLogHandler.standardError(label: $0) })
        logger.logLevel = .info
        let builder = LocalBuilder(host: configuration.buildHost, environments: configuration.environments)
        do {
            try await builder.check()
        } catch {
            throw .host(reason: error.description)
        }
        let service = try BuildService(configuration: configuration, builder: builder, logger: logger)
        let lockPath = configuration.stateDirectory + "/lock"
        let lock: FileLock?
        do {
            lock = try FileLock(tryingPath: lockPath)
        } catch {
            throw .store(path: lockPath, reason: "\(error)")
        }
        guard let lock else { throw .alreadyRunning(stateDirectory: configuration.stateDirectory) }
        try await service.recover()
        if !builder.boundsProcesses {
            logger.warning("without control groups, builds are not bounded in memory and processes")
        }
        let application = Application(
            router: Routes(service: service).router(),
            configuration: .init(
                address: .hostname(configuration.host, port: configuration.port), serverName: "binpkgd"),
            services: [Workers(service: service)],
            onServerRunning: { channel in ready(channel.localAddress?.port ?? configuration.port) },
            logger: logger)
        do {
            try await application.runService(gracefulShutdownSignals: [.sigterm, .sigint])
        } catch {
            throw .server(reason: "cannot serve on \(configuration.host):\(configuration.port): \(error)")
        }
        await builder.close()
        withExtendedLifetime(lock) {}
    }
}

/// The workers as a part of the program's life.
struct Workers: Service {
    let service: BuildService

    /// Works until shutdown begins; then stops the builds and ends the waiting requests.
    func run() async throws {
        let count = max(1, min(service.configuration.workers, service.configuration.maximumEnvironments))
        await cancelWhenGracefulShutdown {
            await withTaskGroup(of: Void.self) { group in
                for _ in 0..<count { group.addTask { await service.work() } }
            }
        }
        await service.changes.close()
    }
}
