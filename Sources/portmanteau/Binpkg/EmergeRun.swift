import CommandSupport
import Glibc
import Posix

/// Runs the real emerge, which takes terminal and signals as if the user had started it.
enum EmergeRun {
    /// What makes emerge take the packages of its PKGDIR and of nowhere else. Where there is nothing but those, a package
    /// of the version that is installed is one that has to be built anew, since the plan has no others. Where there may
    /// be ebuilds, `--usepkgonly` must not be named at all: to Portage 3.0.83 `--usepkgonly=n` means the same as without
    /// the `n`.
    static func options(isRequired: Bool) -> [String] {
        ["--usepkg", "--getbinpkg=n", "--getbinpkgonly=n"]
            + (isRequired ? ["--usepkgonly", "--rebuilt-binaries=y"] : [])
    }

    /// Starts emerge and waits for its end.
    ///
    /// - Parameters:
    ///   - packages: a directory for PKGDIR; nil for the configured one.
    ///   - path: where to look for emerge.
    /// - Returns: its exit code; 128 and the signal's number when a signal ended it.
    static func start(_ arguments: [String], packages: String?, path: String) throws -> Int32 {
        guard let program = path.split(separator: ":").map({ $0 + "/emerge" }).first(where: Files.exists) else {
            throw CommandError("there is no emerge in PATH")
        }
        if let packages { setenv("PKGDIR", packages, 1) }
        defer { if packages != nil { unsetenv("PKGDIR") } }
        signal(SIGINT, SIG_DFL)
        let words = (["emerge"] + arguments).compactMap { strdup($0) }
        defer { words.forEach { free($0) } }
        switch try InheritedChild(program, arguments: words).wait() {
        case .exited(let code): return code
        case .signalled(let number): return 128 + number
        case .timedOut: return ExitStatus.error.rawValue
        }
    }
}
