import ArgumentParser
public import BinpkgService
public import CommandSupport
import Posix

/// `binpkgd serve`: takes requests until it is told to end.
struct BinpkgdServe: ToolCommand {
    static let configuration = CommandConfiguration(
        commandName: "serve",
        abstract: "Takes requests and builds them, until SIGTERM or SIGINT.")

    @Option(help: ArgumentHelp("The configuration; without, EPREFIX/etc/portmanteau/binpkgd.toml.", valueName: "file"))
    var config: String?

    @Option(help: ArgumentHelp("The Prefix, where the configuration names none.", valueName: "path"))
    var eprefix: String?

    func run(_ context: Context) async throws {
        let prefix = eprefix ?? Self.prefix(ofProgram: CommandLine.arguments.first ?? "", context)
        let path = config ?? prefix + "/etc/portmanteau/binpkgd.toml"
        var settings: ServiceConfiguration
        if config != nil || Files.exists(path) {
            settings = try ServiceConfiguration(file: path, eprefix: prefix)
        } else {
            settings = ServiceConfiguration(eprefix: prefix)
        }
        if settings.path.isEmpty {
            settings.path = (context.environment["PATH"] ?? "").split(separator: ":").map(String.init)
        }
        let address = settings.host
        try await BinpkgServer.serve(settings) { port in
            context.output("binpkgd: listening on \(address):\(port)\n")
        }
    }

    /// The Prefix that a program is installed in, by the name that it was called by: `EPREFIX/usr/bin/binpkgd`. Empty
    /// for a system that is none, and for a program that is not installed.
    static func prefix(ofProgram name: String, _ context: Context) -> String {
        var path = name
        if !name.contains("/") {
            let directories = (context.environment["PATH"] ?? "").split(separator: ":")
            path = directories.map { "\($0)/\(name)" }.first(where: Files.exists) ?? ""
        }
        for place in ["/usr/bin/binpkgd", "/usr/libexec/portmanteau/portmanteau"] where path.hasSuffix(place) {
            return String(path.dropLast(place.count))
        }
        return ""
    }
}

extension ServiceError: UserFacingError {
    /// The error, as the service puts it.
    public var message: String { "binpkgd: \(description)" }
}
