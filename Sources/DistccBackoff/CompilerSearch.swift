import Glibc

/// Finds programs in PATH: distcc, and the compiler behind it.
struct CompilerSearch {
    /// What stands at a place in PATH.
    enum Kind {
        /// This program.
        case guardItself
        /// distcc, or a script in distcc's directory that leads to it.
        case distcc
        /// Another program that stands in front of a compiler.
        case front
        /// A compiler.
        case compiler
    }

    /// The directories of PATH, in order.
    let directories: [String]

    init(path: String) {
        directories = path.split(separator: ":", omittingEmptySubsequences: false).map { $0.isEmpty ? "." : String($0) }
    }

    /// The places of a program, in order.
    private func places(_ name: String) -> [String] {
        directories.map { "\($0)/\(name)" }.filter(Self.isProgram)
    }

    /// PATH without the directories where this name is one of these kinds.
    func path(for name: String, without kinds: [Kind]) -> String {
        directories.filter { directory in
            let place = "\(directory)/\(name)"
            return !Self.isProgram(place) || !kinds.contains(Self.kind(of: place))
        }.joined(separator: ":")
    }

    /// The next program of this name behind us.
    func next(_ name: String) -> (path: String, kind: Kind)? {
        for place in places(name) {
            let kind = Self.kind(of: place)
            if kind != .guardItself { return (place, kind) }
        }
        return nil
    }

    /// The real compiler of this name.
    func compiler(_ name: String) -> String? { places(name).first { Self.kind(of: $0) == .compiler } }

    /// The program distcc.
    func distcc() -> String? { places("distcc").first }

    static func isProgram(_ path: String) -> Bool {
        var raw = stat()
        return stat(path, &raw) == 0 && raw.st_mode & S_IFMT == S_IFREG && access(path, X_OK) == 0
    }

    static func kind(of path: String) -> Kind {
        var own = stat()
        var raw = stat()
        if stat("/proc/self/exe", &own) == 0, stat(path, &raw) == 0, own.st_ino == raw.st_ino, own.st_dev == raw.st_dev
        {
            return .guardItself
        }
        let parts = path.split(separator: "/").dropLast()
        if parts.last == "distcc" || parts.suffix(2).elementsEqual(["distcc", "bin"]) { return .distcc }
        guard let resolved = realpath(path, nil) else { return .compiler }
        defer { free(resolved) }
        let target = String(cString: resolved)
        switch target[(target.lastIndex(of: "/").map { target.index(after: $0) } ?? target.startIndex)...] {
        case "distcc-guard": return .guardItself
        case "distcc": return .distcc
        case "ccache", "icecc", "sccache": return .front
        default: return .compiler
        }
    }
}
