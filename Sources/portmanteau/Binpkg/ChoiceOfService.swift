import ArgumentParser
import BinpkgModel
import CommandSupport
import PortageHook
import Posix

/// Which service is asked, and how close its packages must be.
struct ChoiceOfService: ParsableArguments {
    @Option(help: "The service's address; by default BINPKG_SERVICE of make.conf or hooks.conf.")
    var service: String?

    @Option(help: "The least accuracy: exact, abi or flags; by default BINPKG_ACCURACY.")
    var accuracy: String?

    /// What Portage has to be asked for.
    static let names = ["EPREFIX", "BINPKG_SERVICE", "BINPKG_ACCURACY", "BINPKG_POLICY"]

    /// hooks.conf, then make.conf, then the options.
    func choose(from settings: [String: String], _ context: Context) throws -> ServiceChoice {
        var configuration = HooksConfiguration()
        let prefix = settings["EPREFIX"] ?? ""
        let path = prefix + "/etc/portmanteau/hooks.conf"
        if Files.exists(path) {
            let text = try Files.readText(path, limit: 1 << 20)
            for message in configuration.read(text, source: path) { context.errors("binpkg: \(message)\n") }
        }
        let values = [
            ("BINPKG_SERVICE", service ?? settings["BINPKG_SERVICE"]),
            ("BINPKG_ACCURACY", accuracy ?? settings["BINPKG_ACCURACY"]),
            ("BINPKG_POLICY", settings["BINPKG_POLICY"]),
        ]
        for (name, value) in values {
            if let value, !value.isEmpty, let problem = configuration.set(name, value) { throw CommandError(problem) }
        }
        guard let service = configuration.service else {
            throw CommandError(
                "no service is configured", hint: "set BINPKG_SERVICE in etc/portmanteau/hooks.conf, or use --service")
        }
        return ServiceChoice(
            prefix: prefix, service: service, accuracy: Accuracy(rawValue: configuration.accuracy.rawValue) ?? .abi,
            isRequired: configuration.policy == .require)
    }
}

/// What the configuration and the options come to.
struct ServiceChoice {
    /// EPREFIX.
    let prefix: String
    /// The service's address.
    let service: String
    /// The least accuracy.
    let accuracy: Accuracy
    /// Whether nothing may be compiled here.
    let isRequired: Bool
}
