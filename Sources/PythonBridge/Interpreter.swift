internal import Glibc
internal import Posix

/// The choice of the Python that Portage runs with.
public enum Interpreter {
    /// The interpreter that is taken where nothing else names one.
    public static let builtIn = "/usr/bin/python3"

    /// The absolute path of the interpreter: `PORTMANTEAU_PYTHON`, else that of the `emerge` in `PATH`, else ``builtIn``.
    /// It exists and is of the linked library's version.
    public static func choose(environment: [String: String]) async throws(PythonError) -> String {
        let path = candidate(environment: environment)
        guard path.hasPrefix("/"), access(path, X_OK) == 0 else { throw .interpreterMissing(path: path) }
        let linked = EmbeddedPython.linkedVersion
        let found = try await version(of: path)
        guard found == linked else { throw .versionDiffers(path: path, found: found, linked: linked) }
        return path
    }

    static func candidate(environment: [String: String]) -> String {
        if let named = environment["PORTMANTEAU_PYTHON"], !named.isEmpty { return named }
        let path = environment["PATH"] ?? ""
        guard let emerge = find("emerge", in: path) else { return builtIn }
        if let python = interpreter(ofScript: head(of: emerge), searchPath: path) { return python }
        // Gentoo: emerge in PATH is a compiled front, and the script lies in a directory of each Python.
        let libraries = String(emerge.dropLast("bin/emerge".count)) + "lib/python-exec/"
        let script = "\(libraries)python\(EmbeddedPython.linkedVersion)/emerge"
        return interpreter(ofScript: head(of: script), searchPath: path) ?? builtIn
    }

    /// The interpreter that a script's first lines name; nil if it is no Python script.
    static func interpreter(ofScript text: String, searchPath: String) -> String? {
        guard text.hasPrefix("#!") else { return nil }
        let lines = text.dropFirst(2).split(separator: "\n", maxSplits: 2, omittingEmptySubsequences: false)
        let words = (lines.first ?? "").split(whereSeparator: { $0 == " " || $0 == "\t" }).map(String.init)
        guard let program = words.first, program.hasPrefix("/") else { return nil }
        if program.hasSuffix("/env") {
            let name = words.dropFirst().first { !$0.hasPrefix("-") && !$0.contains("=") }
            guard let name, name.contains("python") else { return nil }
            return name.hasPrefix("/") ? name : find(name, in: searchPath)
        }
        if isPython(program) { return program }
        // pip, where the path is too long or has blanks: #!/bin/sh, then '''exec' "/PATH/python3" "$0" "$@"
        let marker = "'''exec' "
        guard lines.count > 1, lines[1].hasPrefix(marker) else { return nil }
        let rest = lines[1].dropFirst(marker.count)
        let named =
            rest.first == "\"" ? rest.dropFirst().prefix { $0 != "\"" } : rest.prefix { $0 != " " }
        return isPython(String(named)) ? String(named) : nil
    }

    private static func isPython(_ path: String) -> Bool {
        path.hasPrefix("/") && (path.split(separator: "/").last ?? "").hasPrefix("python")
    }

    /// The version as `3.11`: from the name of the file behind all links, else by asking the interpreter.
    private static func version(of path: String) async throws(PythonError) -> String {
        if let resolved = realpath(path, nil) {
            defer { free(resolved) }
            let name = String(cString: resolved).split(separator: "/").last ?? ""
            let digits = name.dropFirst("python".count)
            if name.hasPrefix("python3."), digits.utf8.allSatisfy({ $0 == 0x2E || (0x30...0x39).contains($0) }) {
                return String(digits)
            }
        }
        do {
            let script = "import sys; sys.stdout.write('%d.%d' % sys.version_info[:2])"
            let result = try ChildProcess.run(
                path, ["-I", "-S", "-c", script], environment: [],
                deadline: MonotonicTime.now.advanced(byMilliseconds: 10_000))
            guard result.outcome == .exited(0), let text = String(validating: result.output, as: UTF8.self) else {
                throw PythonError.interpreterMissing(path: path)
            }
            return text
        } catch {
            throw .interpreterMissing(path: path)
        }
    }

    private static func find(_ name: String, in searchPath: String) -> String? {
        searchPath.split(separator: ":").lazy.filter { $0.hasPrefix("/") }.map { "\($0)/\(name)" }
            .first { access($0, X_OK) == 0 }
    }

    /// The first kilobyte of a file; empty if it can't be read.
    private static func head(of path: String) -> String {
        let file = open(path, O_RDONLY | O_CLOEXEC)
        guard file >= 0 else { return "" }
        defer { close(file) }
        var buffer = [UInt8](repeating: 0, count: 1024)
        let count = read(file, &buffer, buffer.count)
        return String(decoding: buffer.prefix(max(count, 0)), as: UTF8.self)
    }
}
