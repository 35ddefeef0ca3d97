import AgentProtocol
import ArgumentParser
import BinpkgClient
import BinpkgModel
import CommandSupport
import PackageModel
import PortageAPI
import PortageHook
import Posix

/// Which service is asked, and how close its packages must be.
struct ChoiceOfService: ParsableArguments {
    @Option(help: "The service's address; by default BINPKG_SERVICE of make.conf or hooks.conf.")
    var service: String?

    @Option(help: "The least accuracy: exact, abi or flags; by default BINPKG_ACCURACY.")
    var accuracy: String?

    /// What Portage has to be asked for.
    static let names = ["EPREFIX", "BINPKG_SERVICE", "BINPKG_ACCURACY", "BINPKG_POLICY", "BINPKG_NEVER"]

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
            ("BINPKG_POLICY", settings["BINPKG_POLICY"]), ("BINPKG_NEVER", settings["BINPKG_NEVER"]),
        ]
        for (name, value) in values {
            if let value, !value.isEmpty || name == "BINPKG_NEVER", let problem = configuration.set(name, value) {
                throw CommandError(problem)
            }
        }
        guard let service = configuration.service else {
            throw CommandError(
                "no service is configured", hint: "set BINPKG_SERVICE in etc/portmanteau/hooks.conf, or use --service")
        }
        return ServiceChoice(
            prefix: prefix, service: service, accuracy: Accuracy(rawValue: configuration.accuracy.rawValue) ?? .abi,
            isRequired: configuration.policy == .require, configuration: configuration, settings: settings)
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
    /// All of it.
    let configuration: HooksConfiguration
    /// What Portage has for every package.
    let settings: [String: String]

    /// What makes plans by this choice.
    func maker(_ portage: PortageAPI) -> PlanMaker {
        PlanMaker(prefix: prefix, service: service, accuracy: accuracy, refusal: { refusal(of: $0) }) { portage }
    }

    /// Why a package is not asked for, as the hooks see it with what package.env says of it; nil when it is.
    ///
    /// That the whole machine has the policy `off` keeps only the hooks from asking: a plan was asked for by hand.
    func refusal(of package: PlannedPackage) -> String? {
        var own = configuration
        let values = package.inputs?.variables ?? [:]
        for name in ["BINPKG_SERVICE", "BINPKG_POLICY", "BINPKG_NEVER"] {
            guard let value = values[name], value != settings[name] else { continue }
            // What cannot be understood the hooks leave out, too, and say so.
            _ = own.set(name, value)
        }
        if configuration.policy == .off, own.policy == .off { own.policy = .waitAuto }
        let stem = package.cpv.split(separator: "/", maxSplits: 1).map(String.init)
        guard stem.count == 2 else { return nil }
        return own.refusal(
            of: SetupRequest(fields: [
                "CATEGORY": stem[0], "PF": stem[1], "PN": CPV(package.cpv)?.name ?? stem[1],
                "PORTAGE_PROPERTIES": package.properties.joined(separator: " "),
                "PORTAGE_RESTRICT": (package.inputs?.restrict ?? []).joined(separator: " "),
                "INHERITED": package.inherited.joined(separator: " "),
            ]))
    }
}
