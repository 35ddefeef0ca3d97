import ArgumentParser
public import CommandSupport
import EbuildRepository
public import Overlays
import PortageAPI
import Posix

extension OverlaysError: UserFacingError {
    /// Away is temporary; what was not found is a negative answer.
    public var exitStatus: ExitStatus {
        switch kind {
        case .refused: .error
        case .unavailable: .temporary
        case .nothing: .negative
        }
    }
}

/// Runs `body` with this machine's slices. Whoever changes something holds the lock.
func withOverlayman<Result: Sendable>(
    _ context: Context, changing: Bool, _ body: (Overlayman) async throws -> Result
) async throws -> Result {
    let portage = try await childPortage(context)
    let roots = try await portage.settings(["EPREFIX", "PORTAGE_CONFIGROOT"])
    let paths = OverlaysPaths(eprefix: roots["EPREFIX"] ?? "", configRoot: roots["PORTAGE_CONFIGROOT"] ?? "/")
    let overlayman = Overlayman(paths: paths, portage: portage, environment: context.environment) { line in
        context.errors("olm: \(line)\n")
    }
    guard changing else { return try await body(overlayman) }
    try Files.makeDirectories(paths.slices)
    let lock = try overlaysLock(paths)
    let result = try await body(overlayman)
    _ = consume lock
    return result
}

/// The lock of who changes slices, or what Portage sees of them.
func overlaysLock(_ paths: OverlaysPaths) throws -> FileLock {
    guard let lock = try FileLock(tryingPath: paths.slices + "/.lock") else {
        throw CommandError("another olm is at work", hint: "try again when it is done", exitStatus: .temporary)
    }
    return lock
}

extension Overlayman.Outcome {
    /// A line for people about an overlay.
    func line(_ name: String) -> String {
        switch self {
        case .published(let generation, let packages):
            "\(name): \(packages) \(packages == 1 ? "package" : "packages"), generation \(generation)"
        case .unchanged(let packages): "\(name): nothing new, \(packages) \(packages == 1 ? "package" : "packages")"
        case .held(let generation): "\(name): stays at generation \(generation), to which it was taken back"
        case .removed: "\(name): nothing is wanted from it, the slice is gone"
        }
    }
}
