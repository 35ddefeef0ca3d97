public import BuildEnvironments
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
        try checkAddress(configuration)
        let builder = LocalBuilder(host: configuration.buildHost, environments: configuration.environments)
        do {
            try await builder.check()
        } catch {
            throw .host(reason: error.description)
        }
        if !builder.boundsProcesses {
            logger.warning("without control groups, builds are not bounded in memory and processes")
        }
        try await serve(configuration, builder: builder, ready: ready)
        await builder.close()
    }

    /// The same with another builder, and with another Portage to publish with; nil for this machine's.
    public static func serve(
        _ configuration: ServiceConfiguration, builder: any PackageBuilder,
        publisher: (any PackagePublisher)? = nil,
        ready: @escaping @Sendable (Int) -> Void = { _ in }
    ) async throws(ServiceError) {
        try checkAddress(configuration)
        let identity = try configuration.tls.map { files throws(ServiceError) in try TLSIdentity(files) }
        // A client that went away must be an error of write, not the end of the service.
        signal(SIGPIPE, SIG_IGN)
        do {
            try Files.makeDirectories(configuration.stateDirectory, mode: 0o711)
        } catch {
            throw .store(path: configuration.stateDirectory, reason: "\(error)")
        }
        let lockPath = configuration.stateDirectory + "/lock"
        let lock: FileLock?
        do {
            lock = try FileLock(tryingPath: lockPath)
        } catch {
            throw .store(path: lockPath, reason: "\(error)")
        }
        guard let lock else { throw .alreadyRunning(stateDirectory: configuration.stateDirectory) }
        // Only who holds the lock opens the store.
        let service = try BuildService(
            configuration: configuration, engine: LocalEngine(builder: builder, slots: configuration.workers),
            publisher: publisher, logger: logger)
        if !configuration.isLoopback {
            let hasToken = try await TokenBook(store: service.store).hasValid()
            guard hasToken else {
                throw .notLoopback(address: configuration.address, missing: ["a token (binpkgd token add NAME)"])
            }
        }
        try await service.recover()
        var parts: [any Service] = [Workers(service: service)]
        if let identity { parts.append(TLSReload(identity: identity, logger: logger)) }
        let application = Application(
            router: Routes(service: service).router(),
            server: GuardedChannel.server(limits: configuration.limits, identity: identity),
            configuration: .init(
                address: .hostname(configuration.host, port: configuration.port), serverName: "binpkgd",
                availableConnectionsDelegate: .maximum(configuration.limits.connections, logger: logger)),
            services: parts,
            onServerRunning: { channel in
                // One by one: of several that are taken at once, some could be more than are allowed.
                try? await channel.setOption(.maxMessagesPerRead, value: 1).get()
                ready(channel.localAddress?.port ?? configuration.port)
            },
            logger: logger)
        do {
            try await application.runService(gracefulShutdownSignals: [.sigterm, .sigint])
        } catch {
            throw .server(reason: "cannot serve on \(configuration.address): \(error)")
        }
        withExtendedLifetime(lock) {}
    }

    private static let logger: Logger = {
        var logger = Logger(label: "binpkgd", factory: { StreamLogHandler.standardError(label: $0) })
        logger.logLevel = .info
        return logger
    }()

    /// What can be known before the store is open: beyond loopback there must be TLS.
    private static func checkAddress(_ configuration: ServiceConfiguration) throws(ServiceError) {
        guard configuration.isLoopback || configuration.tls != nil else {
            throw .notLoopback(
                address: configuration.address, missing: ["TLS (tls.certificate and tls.key in binpkgd.toml)"])
        }
    }
}

/// The workers as a part of the program's life.
struct Workers: Service {
    let service: BuildService

    /// Works until shutdown begins; then stops the builds and ends the waiting requests.
    func run() async throws {
        await cancelWhenGracefulShutdown {
            await withTaskGroup(of: Void.self) { group in
                for _ in 0..<service.engine.slots { group.addTask { await service.work() } }
                group.addTask {
                    await service.refreshHeaders()
                    await service.publish()
                }
                group.addTask { await service.keepHouse() }
                group.addTask {
                    while (try? await Task.sleep(for: .seconds(15))) != nil { await service.changes.tellAll() }
                }
            }
        }
        await service.publisher.close()
        await service.changes.close()
    }
}
