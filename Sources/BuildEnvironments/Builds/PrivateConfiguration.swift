import BinpkgModel
import Glibc
import Posix

/// The PORTAGE_CONFIGROOT of one build: the root's settings, the asking machine's versions and flags for what it builds
/// with, and all of the request's for the package itself.
///
/// Not taken over from the root: bashrc, package.env, env and patches; they could change what is built.
struct PrivateConfiguration: Sendable {
    /// Where it appears inside.
    static let place = "/cfg"

    /// What is built, or what something is built for: its CHOST and PORTAGE_TMPDIR hold in any case.
    let request: BuildRequest
    let host: BuildHost
    let facts: HostFacts
    let distfiles: Distfiles
    /// Packages that may be installed in just this version, with these flags, whatever the root's configuration says.
    var packages: [InstalledPackage] = []
    /// The locations, as seen inside, of repositories that the host does not have, by name.
    var extraRepositories: [String: String] = [:]
    /// The content of the request's patches, env files and bashrc; nil when its package is not built here, and nothing
    /// of it may have a part.
    var bytes: (@Sendable (ContentItem) throws(BuildError) -> [UInt8])?

    /// The configuration in which something is done for a request.
    init(request: BuildRequest, place: BuildPlace) {
        self.request = request
        host = place.inside
        facts = place.facts
        distfiles = place.run.distfiles
    }

    /// What Portage must not do in a build environment. Its sandboxes of namespaces would need rights that would lead out
    /// of the environment, which is one itself.
    private static let refusedFeatures = [
        "buildpkg", "buildpkg-live", "buildsyspkg", "getbinpkg", "ccache", "distcc", "distcc-pump", "icecream",
        "parallel-fetch", "news", "merge-wait", "keepwork", "keeptemp", "noclean", "mirror", "observability",
        "clean-logs", "split-log", "binpkg-signing", "ipc-sandbox", "mount-sandbox", "network-sandbox", "pid-sandbox",
        "binpkg-request-signature", "pkgdir-index-trusted",
    ]

    /// Writes `etc/portage` below a directory.
    func write(below directory: String) throws(BuildError) {
        let base = directory + "/etc/portage"
        do {
            try Files.makeDirectories(base)
            try link("make.profile", to: try profile(), in: base)
            try linkHost("profile", as: "profile", in: base)
            try part("make.conf", base, settings)
            try part("repos.conf", base, repositories)
            let atom = "=\(request.cpv)"
            let own = bytes == nil ? [] : [InstalledPackage(cpv: request.cpv, slot: request.slot, use: request.use)]
            let all = packages.filter { $0.cpv != request.cpv } + own
            func lines(_ text: (InstalledPackage) -> String) -> String {
                all.map { "=\($0.cpv) \(text($0))\n" }.joined()
            }
            try part("package.use", base, lines { "-* \($0.use.sorted().joined(separator: " "))" })
            try part("package.accept_keywords", base, lines { _ in "**" })
            for name in ["license", "properties"] { try part("package.\(name)", base, lines { _ in "*" }) }
            try part("package.accept_restrict", base, lines { _ in "*" })
            try part("package.unmask", base, all.map { "=\($0.cpv)\n" }.joined())
            try linkHost("package.mask", as: "package.mask", in: base)
            guard let bytes else { return }
            try Files.makeDirectories(base + "/env")
            try write(variables, to: base + "/env/request.conf")
            try write("\(atom) request.conf\n", to: base + "/package.env")
            for item in request.content { try place(item, base, bytes) }
        } catch let error as BuildError {
            throw error
        } catch {
            throw .failed(reason: "\(error)")
        }
    }

    private var settings: String {
        var text =
            "FEATURES=\"${FEATURES} \(Self.refusedFeatures.map { "-" + $0 }.joined(separator: " ")) binpkg-ignore-signature\"\n"
        var values = [
            "PORTAGE_TMPDIR": request.tmpdir, "DISTDIR": distfiles.place, "PKGDIR": BuildPlace.outputPlace,
            "CHOST": request.chost, "EMERGE_DEFAULT_OPTS": "", "PORTAGE_ELOG_SYSTEM": "", "BINPKG_FORMAT": "gpkg",
            "PORTAGE_BINHOST": "", "PORTAGE_LOGDIR": "",
            // Switches the hooks off. Portage keeps no such name in the environment that it saves in a package.
            "___pm_off": "1",
        ]
        if !distfiles.readOnlyPlaces.isEmpty {
            // Portage takes the value apart as a shell does.
            values["PORTAGE_RO_DISTDIRS"] = distfiles.readOnlyPlaces.map {
                "'\($0.replacing("'", with: "'\\''"))'"
            }.joined(separator: " ")
        }
        if !request.cbuild.isEmpty { values["CBUILD"] = request.cbuild }
        for (name, value) in values.sorted(by: { $0.key < $1.key }) { text += PortageQuoting.assignment(name, value) }
        return text
    }

    private var repositories: String {
        extraRepositories.sorted { $0.key < $1.key }
            .map { "[\($0.key)]\nlocation = \($0.value)\nauto-sync = no\n" }.joined()
    }

    /// The request's variables, and an empty value for each that the host sets and the request does not.
    private var variables: String {
        let isSetByFlags = { (name: String) in name.hasPrefix("CPU_FLAGS_") }
        var text = ""
        for name in BuildRequest.allowedVariables.sorted() where !isSetByFlags(name) {
            if let value = request.variables[name] ?? (facts.settings[name].map { _ in "" }) {
                text += PortageQuoting.assignment(name, value)
            }
        }
        let features = BuildRequest.outputFeatures.sorted().map { request.features.contains($0) ? $0 : "-" + $0 }
        return text + PortageQuoting.assignment("FEATURES", features.joined(separator: " "))
    }

    private func profile() throws(BuildError) -> String {
        guard let profile = facts.profile else {
            throw .unusableHost(reason: "there is no profile at \(host.configuration)/make.profile")
        }
        return profile
    }

    /// Patches, env files and the user's bashrc; the rest of the content belongs to the repository.
    private func place(
        _ item: ContentItem, _ base: String, _ bytes: (ContentItem) throws(BuildError) -> [UInt8]
    ) throws {
        let target: String
        switch item.role {
        case .patch: target = "\(base)/patches/\(item.name)"
        case .env: target = "\(base)/env/\(item.name)"
        case .bashrc:
            if PackageContent.isOfProfile(item) { return }
            guard item.name == "bashrc" else {
                throw BuildError.declined(reason: "the bashrc \(item.name) cannot be used here")
            }
            target = base + "/bashrc"
        case .ebuild, .eclass, .files, .manifest: return
        }
        try Files.makeDirectories(String(target[..<(target.lastIndex(of: "/") ?? target.endIndex)]))
        try Files.replace(target, with: try bytes(item))
    }

    /// A configuration directory of two files: the host's, then ours.
    private func part(_ name: String, _ base: String, _ text: String) throws {
        try Files.makeDirectories("\(base)/\(name)")
        try linkHost(name, as: "\(name)/10-host", in: base)
        try write(text, to: "\(base)/\(name)/90-request")
    }

    private func linkHost(_ name: String, as target: String, in base: String) throws {
        if facts.configuration.contains(name) { try link(target, to: "\(host.configuration)/\(name)", in: base) }
    }

    private func link(_ name: String, to target: String, in base: String) throws {
        guard symlink(target, "\(base)/\(name)") == 0 else {
            throw PosixError("create link", "\(base)/\(name)", code: errno)
        }
    }

    private func write(_ text: String, to path: String) throws {
        try Files.replace(path, with: Array(text.utf8))
    }
}
