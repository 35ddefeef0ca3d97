public import AgentProtocol
public import BinpkgModel
public import PortageAPI
public import Posix

/// A request, and the content that the service may ask for.
public struct PreparedRequest: Sendable {
    /// What to ask.
    public let request: BuildRequest
    /// Its content, by hash; it is sent when the service asks for it.
    public let content: [String: [UInt8]]
}

/// Why no request can be made for a package.
public enum RequestError: Error, Equatable, Sendable, CustomStringConvertible {
    /// A file that belongs to the package cannot be read.
    case unreadable(PosixError)
    /// What this phase says and what Portage says are not the same.
    case contradiction(String)
    /// What is asked for has a meaning on this machine only.
    case hostBound(String)
    /// The request would be refused.
    case invalid(InvalidRequest)

    /// One line for a person.
    public var description: String {
        switch self {
        case .unreadable(let error): error.description
        case .contradiction(let text), .hostBound(let text): text
        case .invalid(let error): "cannot be asked for: \(error.description.printable)"
        }
    }
}

/// Makes the request for a package from what Portage says of it.
public enum RequestMaker {
    /// The variables to ask Portage for.
    public static let variables = BuildRequest.allowedVariables.sorted()

    /// The package of a phase, as Portage is to be asked about it: with the flags of that very phase.
    public static func selector(for setup: SetupRequest) -> PackageSelector {
        PackageSelector(
            cpv: setup.cpv, repository: setup["PORTAGE_REPO_NAME"].isEmpty ? nil : setup["PORTAGE_REPO_NAME"],
            useOverride: setup.fields["USE"].map(words))
    }

    /// Reads and hashes the files, and puts the request together.
    ///
    /// - Parameters:
    ///   - inputs: Portage's answer, for ``selector(for:)`` and ``variables``.
    ///   - setup: the phase's own values, which win over configured ones: the environment of emerge and the user's
    ///     bashrc are in them. Nil for a person's request.
    public static func request(
        for inputs: KeyInputs, setup: SetupRequest? = nil, accuracy: Accuracy
    ) throws(RequestError) -> PreparedRequest {
        var known = KnownFiles()
        return try request(for: inputs, setup: setup, accuracy: accuracy, known: &known)
    }

    /// The same, for one of many packages: files that several of them have, as eclasses, are read and hashed once.
    static func request(
        for inputs: KeyInputs, setup: SetupRequest? = nil, accuracy: Accuracy, known: inout KnownFiles
    ) throws(RequestError) -> PreparedRequest {
        if let setup { try compare(inputs, setup) }
        var variables = inputs.variables
        for name in Self.variables {
            guard let value = setup?.fields[name] else { continue }
            variables[name] = value
        }
        variables = variables.filter { BuildRequest.allowedVariables.contains($0.key) && !$0.value.isEmpty }
            .mapValues { words($0).joined(separator: " ") }
        for name in BuildRequest.processorVariables.sorted() {
            guard let value = variables[name] else { continue }
            let flags = words(value).map { inputs.nativeFlags?[$0] ?? $0 }
            if let flag = flags.first(where: { $0.hasSuffix("=native") }) {
                throw .hostBound(
                    "\(name) has \(flag), which means something else on every machine, and no GCC here says what: "
                        + "name the CPU")
            }
            variables[name] = flags.joined(separator: " ")
        }
        let features = Set(setup.map { words($0["FEATURES"]) } ?? inputs.features)
            .intersection(BuildRequest.outputFeatures)
        func own(_ name: String, _ value: String) -> String {
            setup?.fields[name].flatMap { $0.isEmpty ? nil : $0 } ?? value
        }
        var files = ContentReader(known: known)
        defer { known = files.known }
        let content = try files.read(inputs)
        var ebuilds: [DependencyEbuild] = []
        for ebuild in inputs.dependencyEbuilds { ebuilds.append(try files.read(ebuild)) }
        let request = BuildRequest(
            cpv: inputs.cpv, repository: inputs.repository, eapi: inputs.eapi,
            slot: "\(inputs.slot)/\(inputs.subSlot)", use: inputs.use, iuse: inputs.iuse,
            chost: own("CHOST", inputs.chost), cbuild: own("CBUILD", inputs.cbuild),
            eprefix: withoutSlash(inputs.eprefix), tmpdir: withoutSlash(own("PORTAGE_TMPDIR", inputs.tmpdir)),
            variables: variables, features: features.sorted(), profile: inputs.profileDigest, content: content,
            buildDependencies: inputs.buildDependencies.map(package),
            dependencyEbuilds: ebuilds.isEmpty ? nil : ebuilds, libc: inputs.libc,
            toolchain: inputs.toolchain.map(package), accuracy: accuracy)
        do {
            try request.validate()
        } catch {
            throw .invalid(error)
        }
        return PreparedRequest(request: request, content: files.content)
    }

    private static func package(_ found: InstalledDependency) -> InstalledPackage {
        InstalledPackage(
            cpv: found.cpv, slot: "\(found.slot)/\(found.subSlot)", use: found.use, content: found.content)
    }

    /// Portage, asked again, must speak of the same ebuild as the phase does.
    private static func compare(_ inputs: KeyInputs, _ setup: SetupRequest) throws(RequestError) {
        let slots = [inputs.slot, "\(inputs.slot)/\(inputs.subSlot)"]
        let pairs = [
            ("ebuild", [inputs.ebuild], setup["EBUILD"]), ("EAPI", [inputs.eapi], setup["EAPI"]),
            ("SLOT", slots, setup["SLOT"]), ("EPREFIX", [withoutSlash(inputs.eprefix)], withoutSlash(setup["EPREFIX"])),
        ]
        for (name, known, found) in pairs where !found.isEmpty && !known.contains(found) {
            throw .contradiction(
                "the \(name) of this phase is '\(found.printable)', but Portage says '\(known[0].printable)'")
        }
    }

    static func words(_ text: String) -> [String] {
        text.unicodeScalars.split { $0 == " " || $0 == "\t" || $0 == "\n" }.map { String($0) }
    }

    private static func withoutSlash(_ path: String) -> String {
        var path = path[...]
        while path.utf8.count > 1, path.last == "/" { path.removeLast() }
        return String(path)
    }
}
