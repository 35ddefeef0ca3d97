import Subprocess

/// The index that pip is configured with.
enum PipIndex {
    /// Asks pip: its environment, its configuration, and its own default, all in the help of its option.
    ///
    /// - Parameter pythons: interpreters that are tried in this order; the first one that has pip answers.
    static func ask(environment: [String: String], pythons: [String]) async throws(ReleaseError) -> String {
        if let url = environment["PIP_INDEX_URL"], !url.isEmpty { return url }
        for python in pythons {
            guard let help = await run([python, "-m", "pip", "download", "--help"], environment),
                let url = url(inHelp: help)
            else { continue }
            return url
        }
        throw ReleaseError(
            .broken, "pip does not say which index it uses (tried \(pythons.joined(separator: ", ")))",
            hint: "install pip, or give --index-url")
    }

    /// The default that the help of `--index-url` names.
    static func url(inHelp help: String) -> String? {
        guard let option = help.firstRange(of: "--index-url") else { return nil }
        let rest = help[option.upperBound...].split { " \n\t".contains($0) }
        guard let word = rest.firstIndex(of: "(default"), word + 1 < rest.endIndex else { return nil }
        var url = rest[word + 1]
        // `(default URL).` where the line may have been broken anywhere between words
        if let end = url.firstIndex(of: ")") { url = url[..<end] }
        return url.hasPrefix("http") ? String(url) : nil
    }

    private static func run(_ command: [String], _ environment: [String: String]) async -> String? {
        var variables = environment
        variables["COLUMNS"] = "200"
        variables["LANG"] = "C.UTF-8"
        let result = try? await Subprocess.run(
            .name("timeout"), arguments: Arguments(["60"] + command),
            environment: .custom(Array(variables.map { Array("\($0)=\($1)".utf8) + [0] })),
            output: .string(limit: 1 << 20), error: .discarded)
        guard let result, result.terminationStatus.isSuccess else { return nil }
        return result.standardOutput
    }
}
