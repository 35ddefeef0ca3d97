import BinpkgModel
import PortageAPI

/// Where the package that an environment would build is not the one that was asked for.
struct KeyDifferences {
    /// A line for each difference, empty when there is none.
    let lines: [String]

    /// Compares a request with what Portage evaluated in the environment.
    init(request: BuildRequest, inputs: KeyInputs, hashes: [String: String]) {
        var lines: [String] = []
        func compare(_ name: String, _ wanted: String, _ found: String) {
            if !wanted.utf8.elementsEqual(found.utf8) { lines.append("\(name) '\(found)' instead of '\(wanted)'") }
        }
        func compareSets(_ name: String, _ wanted: [String], _ found: [String]) {
            let wanted = Set(wanted)
            let found = Set(found)
            let changes =
                found.subtracting(wanted).sorted().map { "+" + $0 }
                + wanted.subtracting(found).sorted().map { "-" + $0 }
            if !changes.isEmpty { lines.append("\(name) \(changes.joined(separator: " "))") }
        }
        compare("repository", request.repository, inputs.repository)
        compare("EAPI", request.eapi, inputs.eapi)
        let slot = request.slot.contains("/") ? request.slot : "\(request.slot)/\(request.slot)"
        compare("SLOT", slot, "\(inputs.slot)/\(inputs.subSlot)")
        compareSets("USE", request.use, inputs.use)
        compareSets("IUSE", request.iuse, inputs.iuse)
        compare("CHOST", request.chost, inputs.chost)
        compare("CBUILD", request.cbuild, inputs.cbuild)
        compare("EPREFIX", request.eprefix, inputs.eprefix)
        compare("PORTAGE_TMPDIR", request.tmpdir, inputs.tmpdir)
        compareSets("FEATURES", request.features, inputs.features)
        compare("profile", request.profile, inputs.profileDigest)
        for name in BuildRequest.allowedVariables.sorted() {
            compare(name, Self.plain(request.variables[name]), Self.plain(inputs.variables[name]))
        }
        let wanted = Set(request.content.map { File(role: $0.role, name: $0.name, hash: $0.sha256) })
        let found = Self.files(inputs, hashes)
        for file in found.subtracting(wanted).sorted() {
            let isOther = wanted.contains { $0.role == file.role && $0.name == file.name }
            // A bashrc of the profile is covered by the profile's digest; an empty one is not in the request.
            if !isOther, file.role == .bashrc, file.name.hasPrefix("profile/") { continue }
            lines.append("\(isOther ? "another" : "also the") \(file.role.rawValue) \(file.name)")
        }
        for file in wanted.subtracting(found).sorted()
        where !found.contains(where: { $0.role == file.role && $0.name == file.name }) {
            lines.append("no \(file.role.rawValue) \(file.name)")
        }
        self.lines = lines
    }

    /// Unset is empty, and a newline is a blank: what Portage makes of a value in its own files.
    static func plain(_ value: String?) -> String {
        (value ?? "").split { $0 == "\n" || $0 == " " || $0 == "\t" }.joined(separator: " ")
    }

    private struct File: Hashable, Comparable {
        let role: ContentItem.Role
        let name: String
        let hash: String

        static func < (a: File, b: File) -> Bool { (a.role.rawValue, a.name) < (b.role.rawValue, b.name) }
    }

    private static func files(_ inputs: KeyInputs, _ hashes: [String: String]) -> Set<File> {
        var result: Set<File> = []
        func add(_ role: ContentItem.Role, _ name: String, _ path: String) {
            result.insert(File(role: role, name: name, hash: hashes[path] ?? ""))
        }
        add(.ebuild, inputs.cpv.split(separator: "/").dropFirst().joined() + ".ebuild", inputs.ebuild)
        for file in inputs.eclasses { add(.eclass, file.name + ".eclass", file.path) }
        for file in inputs.files { add(.files, file.name, file.path) }
        if let manifest = inputs.manifest { add(.manifest, "Manifest", manifest) }
        for file in inputs.patches { add(.patch, file.name, file.path) }
        for file in inputs.bashrcs { add(.bashrc, bashrcName(file.name), file.path) }
        for file in inputs.envs { add(.env, file.name, file.path) }
        return result
    }

    /// A bashrc's name in a request: `bashrc` for the user's, `profile/PATH` for one of the profile.
    static func bashrcName(_ name: String) -> String {
        guard name.hasPrefix("profile:") else { return name.hasPrefix("user:") ? String(name.dropFirst(5)) : name }
        return "profile/" + name.dropFirst(8).drop { $0 == "/" }
    }
}
