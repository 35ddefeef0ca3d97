internal import Glibc
internal import Logging
internal import NIOSSL
internal import Posix
internal import ServiceLifecycle
internal import Synchronization
internal import UnixSignals

/// The files of a service's identity, in PEM.
public struct TLSFiles: Equatable, Sendable {
    /// The certificate, followed by those that lead to a known authority.
    public var certificate: String
    /// Its private key. Only its owner may read it.
    public var key: String

    /// These files.
    public init(certificate: String, key: String) {
        self.certificate = certificate
        self.key = key
    }
}

/// Who the service is: what its files said when they were last read.
final class TLSIdentity: Sendable {
    private let files: TLSFiles
    private let state: Mutex<NIOSSLContext>

    /// Reads the files.
    init(_ files: TLSFiles) throws(ServiceError) {
        self.files = files
        state = Mutex(try Self.read(files))
    }

    /// What new connections are made with.
    var context: NIOSSLContext { state.withLock { $0 } }

    /// Reads the files again. If they cannot be used, what was known before stays.
    func reload() throws(ServiceError) {
        let new = try Self.read(files)
        state.withLock { $0 = new }
    }

    private static func read(_ files: TLSFiles) throws(ServiceError) -> NIOSSLContext {
        let chain: [NIOSSLCertificateSource]
        do {
            let bytes = try Files.read(files.certificate, limit: 1 << 20)
            chain = try NIOSSLCertificate.fromPEMBytes(bytes).map { .certificate($0) }
        } catch let error as PosixError {
            throw .tls(path: files.certificate, reason: error.reason)
        } catch {
            throw .tls(path: files.certificate, reason: "this is no certificate in PEM")
        }
        guard !chain.isEmpty else { throw .tls(path: files.certificate, reason: "there is no certificate in it") }
        try checkSecrecy(files.key)
        let key: NIOSSLPrivateKey
        do {
            key = try NIOSSLPrivateKey(bytes: try Files.read(files.key, limit: 1 << 20), format: .pem)
        } catch let error as PosixError {
            throw .tls(path: files.key, reason: error.reason)
        } catch {
            throw .tls(path: files.key, reason: "this is no private key in PEM, or it has a password")
        }
        var configuration = TLSConfiguration.makeServerConfiguration(
            certificateChain: chain, privateKey: .privateKey(key))
        configuration.minimumTLSVersion = .tlsv12
        configuration.applicationProtocols = ["http/1.1"]
        do {
            return try NIOSSLContext(configuration: configuration)
        } catch {
            throw .tls(path: files.key, reason: "it does not belong to \(files.certificate)")
        }
    }

    /// A key that others can read is no secret.
    private static func checkSecrecy(_ path: String) throws(ServiceError) {
        var status = stat()
        guard stat(path, &status) == 0 else {
            throw .tls(path: path, reason: PosixError("read", path, code: errno).reason)
        }
        guard status.st_mode & 0o077 == 0 else {
            throw .tls(path: path, reason: "others can read this key: chmod 600 \(path)")
        }
    }
}

/// Reads certificate and key again on SIGHUP.
struct TLSReload: Service {
    let identity: TLSIdentity
    let logger: Logger

    func run() async throws {
        await cancelWhenGracefulShutdown {
            for await _ in await UnixSignalsSequence(trapping: .sighup) {
                do throws(ServiceError) {
                    try identity.reload()
                    logger.info("the certificate was read again")
                } catch {
                    logger.error("the certificate stays as it was: \(error)")
                }
            }
        }
    }
}
