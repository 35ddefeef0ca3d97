import BinpkgModel
import Crypto
import FoundationEssentials
import PortageAPI
import Posix
import Sandbox

/// Gets the distfiles of a package, and of what is installed for it, without running anything that a client sent.
///
/// What to fetch was evaluated without network. Here, where the network is, is an environment of its own: the root and the
/// layers, with nothing of the request in it and nothing that its ebuild may have left. Portage's own fetcher gets names,
/// addresses and digests; it reads no ebuild for that.
struct SourceFetch: Sendable {
    /// The environment that the package is built in; only what is below it is used, not what was written there.
    let place: BuildPlace
    let request: BuildRequest

    /// The distfiles of a package.
    struct Sources: Sendable {
        let cpv: String
        /// As they were evaluated.
        let files: [KeyInputs.SourceFile]
        /// RESTRICT, evaluated.
        let restrict: [String]

        init(_ inputs: KeyInputs) { (cpv, files, restrict) = (inputs.cpv, inputs.sources, inputs.restrict) }
    }

    /// Fetches what is not there yet.
    ///
    /// - Parameters:
    ///   - packages: the package, and others whose ebuilds may be a client's.
    ///   - list: what is installed for the build; fetched by the ebuilds of the root's own repositories.
    func fetch(_ packages: [Sources], and list: InstallList) async throws(BuildError) {
        var orders: [Order] = []
        for package in packages {
            let missing = package.files.filter { !isThere($0) }
            guard let first = missing.first else { continue }
            if package.restrict.contains("fetch") {
                throw .declined(
                    reason: "\(package.cpv) must not be fetched without its user (RESTRICT=fetch): the service's "
                        + "administrator has to put \(first.name.printable) into \(place.run.distdir)")
            }
            for source in missing { try Self.check(source) }
            orders.append(Order(restrict: package.restrict, files: missing))
        }
        guard !orders.isEmpty || !list.isEmpty else { return }
        let clean = BuildPlace(
            root: place.root, layers: place.layers, workspace: place.workspace + "-fetch", host: place.host,
            run: place.run)
        let layout = try clean.layout()
        var configuration = PrivateConfiguration(request: request, place: clean)
        configuration.packages = PackageSet(place.layered).installing(request.buildDependencies).packages
        let directory = clean.workspace + "/cfg"
        try configuration.write(below: directory)
        let sandbox = try clean.fetching(clean.sandbox(layout, tmpdir: request.tmpdir))
        if !orders.isEmpty {
            do {
                try Files.replace(directory + "/fetch.json", with: Array(try JSONEncoder().encode(orders)))
                try Files.replace(directory + "/fetch.py", with: Array(Self.script.utf8))
            } catch {
                throw .failed(reason: "\(error)")
            }
            try await place.step(
                "fetch", sandbox,
                [
                    place.facts.python, PrivateConfiguration.place + "/fetch.py",
                    PrivateConfiguration.place + "/fetch.json",
                ]
            )
        }
        if !list.isEmpty {
            try await place.step(
                "fetch", sandbox, ["emerge", "--fetchonly", "--with-bdeps=y"] + EmergeOptions.always + list.arguments)
        }
    }

    private struct Order: Encodable {
        struct File: Encodable {
            let name: String
            let uris: [String]
            let size: Int?
            let hashes: [String: String]
        }

        let restrict: [String]
        let files: [File]

        init(restrict: [String], files: [KeyInputs.SourceFile]) {
            self.restrict = restrict
            self.files = files.map { File(name: $0.name, uris: $0.uris, size: $0.size, hashes: $0.hashes) }
        }
    }

    /// Whether a distfile is there, whole.
    private func isThere(_ source: KeyInputs.SourceFile) -> Bool {
        let path = "\(place.run.distdir)/\(source.name)"
        guard let status = Files.status(path), status.isRegular, source.size == nil || status.size == source.size else {
            return false
        }
        guard let digest = source.hashes["SHA512"] else { return true }
        return (try? FileHash.hex(ofFile: path, SHA512())) == digest.lowercased()
    }

    /// Refuses names that are none, and addresses of what is no server.
    private static func check(_ source: KeyInputs.SourceFile) throws(BuildError) {
        let isName =
            (1...255).contains(source.name.utf8.count) && !source.name.hasPrefix(".") && !source.name.hasPrefix("-")
            && source.name.utf8.allSatisfy { $0 > 32 && $0 != 127 && $0 != UInt8(ascii: "/") }
        guard isName else { throw .declined(reason: "'\(source.name.printable)' is no name of a distfile") }
        for uri in source.uris {
            guard let end = uri.firstRange(of: "://")?.lowerBound, schemes.contains(uri[..<end].lowercased()),
                uri.utf8.allSatisfy({ $0 > 32 && $0 < 127 })
            else { throw .declined(reason: "'\(uri.printable)' is no address that distfiles are fetched from") }
        }
    }

    private static let schemes: Set<String> = ["http", "https", "ftp", "ftps", "mirror", "rsync", "sftp", "ssh"]

    /// Calls Portage's fetcher. No digest, no file.
    private static let script = """
        import json
        import sys

        import portage
        from portage.package.ebuild.fetch import fetch

        with open(sys.argv[1], encoding="utf-8") as file:
            orders = json.load(file)
        settings = portage.config(clone=portage.settings)
        settings.unlock()
        for order in orders:
            settings["PORTAGE_RESTRICT"] = " ".join(order["restrict"])
            settings.backup_changes("PORTAGE_RESTRICT")
            digests = {}
            for file in order["files"]:
                digests[file["name"]] = dict(file["hashes"])
                if file.get("size") is not None:
                    digests[file["name"]]["size"] = file["size"]
            wanted = {file["name"]: file["uris"] for file in order["files"]}
            if not fetch(wanted, settings, digests=digests, allow_missing_digests=False):
                sys.exit(1)

        """
}
