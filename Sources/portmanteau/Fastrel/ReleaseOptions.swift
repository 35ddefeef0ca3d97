import ArgumentParser
import CommandSupport
import Glibc
import PortageAPI
import ReleaseEbuilds

/// What both kinds of release have in common.
struct ReleaseOptions: ParsableArguments {
    @Option(help: ArgumentHelp("The repository to write into; it is made if it is not there.", valueName: "repo"))
    var into: String

    @Flag(help: "Print the files, and write nothing.")
    var dryRun = false

    @Option(help: "LICENSE, where the release does not say it well enough.")
    var licence: String?

    /// Runs a body with this machine's Portage and reports what it made.
    func run(
        _ context: Context, _ body: (FastRelease) async throws(ReleaseError) -> [(GeneratedPackage, PackageState)]
    ) async throws {
        let portage = try await childPortage(context)
        var options = FastRelease.Options(repository: try absolute(into))
        options.isDryRun = dryRun
        options.licence = licence
        if let folder = context.environment["TMPDIR"], !folder.isEmpty { options.temporaryDirectory = folder }
        let results: [(GeneratedPackage, PackageState)]
        do {
            results = try await body(FastRelease(portage: portage, options: options))
        } catch {
            throw CommandError(error.message, hint: error.hint, exitStatus: error.exitStatus)
        }
        for (package, state) in results {
            for note in package.notes { context.errors("fastrel: \(package.cpv): \(note)\n") }
            if dryRun {
                context.output("==> \(package.ebuildPath) (\(state.rawValue))\n\(package.ebuild)")
                context.output("==> \(package.directory)/Manifest\n\(package.manifestLines)")
            } else {
                context.output("\(package.cpv): \(state.rawValue)\n")
            }
        }
    }

    private func absolute(_ path: String) throws -> String {
        if path.hasPrefix("/") { return path }
        guard let here = getcwd(nil, 0) else { throw CommandError("the working directory is gone") }
        defer { free(here) }
        return String(cString: here) + "/" + path
    }
}

extension ReleaseError {
    /// The exit code that says the same.
    fileprivate var exitStatus: ExitStatus {
        switch kind {
        case .refused, .notFound: .negative
        case .away: .temporary
        case .broken: .error
        }
    }
}
