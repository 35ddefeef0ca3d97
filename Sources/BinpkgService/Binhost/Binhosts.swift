internal import BinpkgModel
internal import BuildEnvironments
internal import Glibc
internal import Logging
internal import NIOPosix
internal import Posix
internal import Synchronization

/// Publishing packages in the public binhosts.
extension BuildService {
    /// Publishes what may be published, now and after each build, until the task is cancelled.
    func publish() async {
        guard !configuration.binhosts.isEmpty else { return }
        for await _ in await changes.stream(of: Self.publishingName) {
            for binhost in configuration.binhosts {
                do {
                    try await publish(in: binhost)
                } catch {
                    if Task.isCancelled { return }
                    logger.error("cannot publish", metadata: ["binhost": "\(binhost.name)", "error": "\(error)"])
                }
            }
            if Task.isCancelled { return }
        }
    }

    /// Decides on every package that a binhost has not decided on. What an earlier service did not get to is among them.
    func publish(in binhost: BinhostSettings) async throws {
        if try await store.binhostHeader(binhost.name) == nil { try await writeHeader(of: binhost) }
        for artifact in try await store.undecided(binhost.name, settings: binhost.identity) {
            try Task.checkCancellation()
            do {
                if let reason = try await refusal(artifact, binhost) {
                    try await store.refuse(binhost.name, artifact.id, settings: binhost.identity, reason: reason)
                    logger.info(
                        "not published",
                        metadata: [
                            "binhost": "\(binhost.name)", "package": "\(artifact.name)", "reason": "\(reason)",
                        ])
                } else {
                    try await add(artifact, to: binhost)
                    logger.info("published", metadata: ["binhost": "\(binhost.name)", "package": "\(artifact.name)"])
                }
            } catch BuildError.cancelled {
                throw CancellationError()
            } catch let error as BuildError {
                // Portage cannot read it, or cannot be asked; the next start asks again.
                logger.error(
                    "cannot publish a package",
                    metadata: ["binhost": "\(binhost.name)", "package": "\(artifact.name)", "error": "\(error)"])
            }
        }
    }

    /// Reads the header of each index again: the profile may have changed since the last start.
    func refreshHeaders() async {
        for binhost in configuration.binhosts {
            do {
                try await writeHeader(of: binhost)
            } catch {
                if Task.isCancelled { return }
                logger.error("cannot read the header", metadata: ["binhost": "\(binhost.name)", "error": "\(error)"])
            }
        }
    }

    private func writeHeader(of binhost: BinhostSettings) async throws {
        var lines = try await publisher.header()
        for (name, value) in binhost.configuration.variables where lines.contains(where: { $0.hasPrefix("\(name): ") })
        {
            lines.removeAll { $0.hasPrefix("\(name): ") }
            if !value.isEmpty {
                lines.append("\(name): \(value.split(whereSeparator: \.isNewline).joined(separator: " "))")
            }
        }
        try await store.setHeader(lines.joined(separator: "\n"), of: binhost.name)
    }

    /// Why a package is not for everybody; nil when it is.
    private func refusal(_ artifact: StoredArtifact, _ binhost: BinhostSettings) async throws -> String? {
        if let domain = artifact.trustDomain { return "it is of the trust domain '\(domain)'" }
        guard let environment = artifact.environment else { return "it was built on another machine's root" }
        if let wanted = binhost.environment, wanted != environment { return "it was built in \(environment)" }
        guard let recipe = try await store.recipe(artifact.key) else { return "its recipe is gone" }
        let request = try recipe.request()
        guard binhost.takes(request.cpv) else { return "the binhost does not take it" }
        let differences = try await publisher.differences(request, from: binhost.configuration)
        return differences.isEmpty ? nil : differences.joined(separator: "; ")
    }

    private func add(_ artifact: StoredArtifact, to binhost: BinhostSettings) async throws {
        guard let recipe = try await store.recipe(artifact.key) else { return }
        try await add(
            packages.path(artifact.id), id: artifact.id, name: artifact.name, cpv: try recipe.request().cpv,
            to: binhost.name)
    }

    /// Puts the package in a file into an index.
    func add(_ file: String, id: String, name: String, cpv: String, to binhost: String) async throws {
        let next = try await store.nextPlace(binhost, cpv: cpv)
        let pf = cpv.split(separator: "/").dropFirst().joined()
        let path = "\(name)/\(pf)-\(next.build).gpkg.tar"
        let stanza = try await publisher.entry(file, cpv: cpv, place: path, buildID: next.build)
        let entry = BinhostEntry(
            binhost: binhost, artifact: id, cpv: cpv, build: next.build, path: path, part: next.part, stanza: stanza)
        // In the order in which they are read again.
        let stanzas = (next.stanzas + [(path, stanza)]).sorted { $0.0.utf8.lexicographicallyPrecedes($1.0.utf8) }
        _ = try await store.add(
            entry, gzip: try await publisher.compressed(stanzas.map(\.1).joined()))
    }

    // MARK: The index's files

    /// The file of an index as it is now; nil when there is no such binhost.
    ///
    /// The files are made of the store when somebody asks for them, each for its time, and so agree.
    func indexFile(_ binhost: String, compressed: Bool) async throws -> (file: OpenFile, timestamp: Int)? {
        guard configuration.binhosts.contains(where: { $0.name == binhost }),
            let timestamp = try await store.timestamp(of: binhost)
        else { return nil }
        let directory = "\(configuration.stateDirectory)/binhosts/\(binhost)"
        let ending = compressed ? ".gz" : ".txt"
        if let file = OpenFile("\(directory)/\(timestamp)\(ending)") { return (file, timestamp) }
        guard let index = try await store.index(of: binhost, compressed: compressed) else { return nil }
        let file = try await NIOThreadPool.singleton.runIfActive {
            try indexFiles.write(index, ending: ending, in: directory)
        }
        return (file, index.timestamp)
    }
}

/// Writes the files of indexes, one after the other: a newer one never takes away what was written and is not yet open.
final class IndexFiles: Sendable {
    private let turn = Mutex(())

    /// Writes a file, removes those of earlier times, and opens it.
    func write(_ index: BinhostIndex, ending: String, in directory: String) throws -> OpenFile {
        try turn.withLock { _ in
            let path = "\(directory)/\(index.timestamp)\(ending)"
            try Files.makeDirectories(directory)
            try Files.replace(path, with: index.bytes)
            for old in try Files.list(directory) {
                if let time = Int(old.prefix { $0 != "." }), time < index.timestamp {
                    try Files.removeTree("\(directory)/\(old)")
                }
            }
            guard let file = OpenFile(path) else { throw PosixError("open", path, code: errno) }
            return file
        }
    }
}
