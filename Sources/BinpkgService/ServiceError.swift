/// What keeps the service from starting or working: what, and what to do about it.
public enum ServiceError: Error, Equatable, CustomStringConvertible {
    /// The configuration file cannot be used.
    case configuration(file: String, reason: String)
    /// It would listen where everybody can reach it.
    case notLoopback(address: String, missing: [String])
    /// The certificate or its key cannot be used.
    case tls(path: String, reason: String)
    /// Another service works on the same state directory.
    case alreadyRunning(stateDirectory: String)
    /// The store cannot be read or written.
    case store(path: String, reason: String)
    /// The server ended with an error, or could not listen.
    case server(reason: String)
    /// This machine cannot build.
    case host(reason: String)

    /// A line for people.
    public var description: String {
        switch self {
        case .configuration(let file, let reason): "\(file): \(reason)"
        case .notLoopback(let address, let missing):
            "refusing to listen on \(address), beyond this machine, without \(missing.joined(separator: " and "))"
        case .tls(let path, let reason): "\(path): \(reason)"
        case .alreadyRunning(let directory): "another binpkgd works in \(directory)"
        case .store(let path, let reason): "\(path): \(reason)"
        case .server(let reason): reason
        case .host(let reason): reason
        }
    }
}
