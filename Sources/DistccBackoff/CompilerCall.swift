/// What a compiler's command line tells about whether distcc could distribute it.
public enum CompilerCall {
    /// Whether distcc could send this compile to a server. What it surely runs here (linking, preprocessing, the
    /// tests of autoconf, CMake and meson) need not be held back or repeated.
    ///
    /// - Parameter arguments: without the compiler.
    public static func mayBeDistributed(_ arguments: [String]) -> Bool {
        var compiles = false
        for argument in arguments {
            if argument == "-c" || argument == "-S" { compiles = true }
            if argument == "-E" || argument == "-" { return false }
            if !argument.hasPrefix("-"), isAutoconfTest(argument) { return false }
        }
        return compiles
    }

    /// Whether a build system only tries something out: such a compile is small, it is meant to fail at times, and its
    /// standard error is read by a program.
    ///
    /// - Parameter directory: the working directory.
    public static func isTrial(_ arguments: [String], directory: String) -> Bool {
        func isTrialPath(_ path: String) -> Bool {
            path.contains("/CMakeFiles/CMakeScratch/") || path.hasSuffix("/CMakeFiles/CMakeTmp")
                || path.contains("/CMakeFiles/CMakeTmp/") || path.contains("/meson-private/tmp")
        }
        return isTrialPath(directory) || arguments.contains { !$0.hasPrefix("-") && isTrialPath($0) }
    }

    private static func isAutoconfTest(_ path: String) -> Bool {
        let name = path[(path.lastIndex(of: "/").map { path.index(after: $0) } ?? path.startIndex)...]
        return name.hasPrefix("conftest.") || name.hasPrefix("tmp.conftest.")
    }

    /// The source's name, for a line that people read: the argument that looks most like one.
    public static func source(_ arguments: [String]) -> String {
        let endings = [
            ".c", ".cc", ".cpp", ".cxx", ".cp", ".c++", ".C", ".i", ".ii", ".m", ".mm", ".M", ".mi", ".mii", ".s", ".S",
            ".go",
        ]
        return arguments.first { argument in
            !argument.hasPrefix("-") && endings.contains { argument.hasSuffix($0) }
        } ?? "the source"
    }
}
