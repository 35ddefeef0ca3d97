import ArgumentParser
import BinpkgService
import CommandSupport
import Posix

/// Where the configuration of the service is.
struct ServiceOptions: ParsableArguments {
    @Option(help: ArgumentHelp("The configuration; without, EPREFIX/etc/portmanteau/binpkgd.toml.", valueName: "file"))
    var config: String?

    @Option(help: ArgumentHelp("The Prefix, where the configuration names none.", valueName: "path"))
    var eprefix: String?

    /// Reads it; the defaults where there is none.
    func settings(_ context: Context) throws -> ServiceConfiguration {
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
        return settings
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
