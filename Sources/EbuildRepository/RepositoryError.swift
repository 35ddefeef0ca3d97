public import Posix

/// Why a repository could not be written or published.
public enum RepositoryError: Error, Equatable, CustomStringConvertible {
    /// A path inside the repository that could lead out of it, or that is no path.
    case unsafePath(String)
    /// A name that no repository can have (PMS 3.1.5).
    case badName(String)
    /// There is no earlier generation to go back to.
    case noEarlierGeneration(String)
    /// Something that is not ours stands where the published repository should be.
    case occupied(String)
    /// The system refused.
    case system(PosixError)

    /// One line for people.
    public var description: String {
        switch self {
        case .unsafePath(let path): "the path '\(path.printable)' is refused: it could leave the repository"
        case .badName(let name): "'\(name.printable)' is not a repository's name"
        case .noEarlierGeneration(let name): "\(name.printable) has no earlier generation"
        case .occupied(let path): "\(path.printable) is there, but it is not a link to a generation; move it away"
        case .system(let error): error.description
        }
    }
}

/// Runs a body of file operations and turns their errors into this module's.
func filing<R>(_ body: () throws(PosixError) -> R) throws(RepositoryError) -> R {
    do { return try body() } catch { throw .system(error) }
}
