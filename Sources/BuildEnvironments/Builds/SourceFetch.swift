import BinpkgModel
import Crypto
import FoundationEssentials
import Glibc
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
            for source in package.files { try Self.check(name: source.name) }
            let missing = package.files.filter { !isThere($0) }
            guard let first = missing.first else { continue }
            if package.restrict.contains("fetch") {
                throw .declined(
                    reason: "\(package.cpv) must not be fetched without its user (RESTRICT=fetch): the service's "
                        + "administrator has to put \(first.name.printable) into \(place.run.distfiles.common)")
            }
            for source in missing { try check(addressesOf: source) }
            orders.append(Order(restrict: package.restrict, files: missing))
        }
        guard !orders.isEmpty || !list.isEmpty else { return }
        let clean = BuildPlace(
            root: place.root, layers: place.layers, workspace: place.workspace + "-fetch", host: place.host,
            run: place.run)
        let layout = try clean.layout()
        var configuration = PrivateConfiguration(request: request, place: clean)
        configuration.packages =
            PackageSet(place.layered).installing(Processor.runnable(request.buildDependencies)).packages
        let directory = clean.workspace + "/cfg"
        try configuration.write(below: directory)
        let sandbox = try clean.fetching(clean.sandbox(layout, tmpdir: request.tmpdir))
        if !orders.isEmpty {
            let content = Content(allowed: isClients ? place.host.privateHosts.sorted() : nil, orders: orders)
            do {
                try Files.replace(directory + "/fetch.json", with: Array(try JSONEncoder().encode(content)))
                try Files.replace(directory + "/fetch.py", with: Array(FetchScript.text.utf8))
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

    /// Whether what is fetched is chosen by a client.
    private var isClients: Bool { place.run.distfiles.own != nil }

    private struct Content: Encodable {
        let allowed: [String]?
        let orders: [Order]
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

    /// Whether a distfile is there, whole. To one that is there for everybody, a trust domain's directory gets a link.
    private func isThere(_ source: KeyInputs.SourceFile) -> Bool {
        let files = place.run.distfiles
        let common = "\(files.common)/\(source.name)"
        guard let own = files.own else { return isWhole(source, at: common) }
        if isWhole(source, at: "\(own)/\(source.name)") { return true }
        guard isWhole(source, at: common) else { return false }
        let link = "\(own)/\(source.name)"
        return symlink(common, link) == 0 || (Files.status(link)?.isLink == true && isSame(link, common))
    }

    private func isSame(_ a: String, _ b: String) -> Bool { Files.realPath(a).map { $0 == Files.realPath(b) } ?? false }

    private func isWhole(_ source: KeyInputs.SourceFile, at path: String) -> Bool {
        guard let status = Files.status(path), status.isRegular, source.size == nil || status.size == source.size else {
            return false
        }
        guard let digest = source.hashes["SHA512"] else { return true }
        return (try? FileHash.hex(ofFile: path, SHA512())) == digest.lowercased()
    }

    /// Refuses names that are none.
    private static func check(name: String) throws(BuildError) {
        let isName =
            (1...255).contains(name.utf8.count) && !name.hasPrefix(".") && !name.hasPrefix("-")
            && name.utf8.allSatisfy { $0 > 32 && $0 != 127 && $0 != UInt8(ascii: "/") }
        guard isName else { throw .declined(reason: "'\(name.printable)' is no name of a distfile") }
    }

    /// Refuses addresses of what is no server, and, where a client chose them, of what only the service can reach.
    private func check(addressesOf source: KeyInputs.SourceFile) throws(BuildError) {
        for uri in source.uris {
            guard let address = SourceAddress(uri) else {
                throw .declined(reason: "'\(uri.printable)' is no address that distfiles are fetched from")
            }
            if isClients, let kind = address.innerHost(allowed: place.host.privateHosts) {
                throw .declined(
                    reason: "\(uri) is not fetched for a client, since its host is \(kind): the service's "
                        + "administrator can allow it by 'private_hosts'")
            }
        }
    }
}
