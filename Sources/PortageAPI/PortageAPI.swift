internal import FoundationEssentials
public import PythonBridge

/// Questions to Portage. Every answer comes from Portage's own code, in the interpreter behind the transport.
public struct PortageAPI: Sendable {
    private let transport: any PythonTransport

    /// Asks over this transport.
    public init(transport: any PythonTransport) {
        self.transport = transport
    }

    /// Settings of this machine (make.conf, profile, environment), without any package's own.
    ///
    /// - Parameter names: variables, e.g. `PORTAGE_TMPDIR`; `EROOT`, `EPREFIX` and `ROOT` are known too.
    /// - Returns: their values; unset ones are absent.
    public func settings(_ names: [String]) async throws(PortageError) -> [String: String] {
        try await ask("settings", ["names": names])
    }

    /// What the running, or the interrupted, emerge still has to merge. mtimedb is only read.
    ///
    /// - Parameter mtimedb: the file's path; nil for that of EROOT.
    public func mergeList(mtimedb: String? = nil) async throws(PortageError) -> MergeList {
        try await ask("merge_list", ["mtimedb": mtimedb])
    }

    /// The packages of the merge list and what they need directly.
    ///
    /// - Parameters:
    ///   - mtimedb: the file's path; nil for that of EROOT. It is only read.
    ///   - package: one that must be in the list. mtimedb has two lists, and with two emerges at once the one that is
    ///     meant may be the second. If neither has it, the report is empty.
    public func dependencyGraph(
        mtimedb: String? = nil, having package: (root: String, cpv: String)? = nil
    ) async throws(PortageError) -> DependencyReport {
        try await ask(
            "dependency_graph", GraphQuestion(mtimedb: mtimedb, package: package.map { [$0.root, $0.cpv] }))
    }

    /// What `emerge` would merge with these arguments, as its own resolver decides; nothing is changed.
    ///
    /// To be asked in a child: emerge starts programs while it resolves.
    public func plannedGraph(arguments: [String]) async throws(PortageError) -> DependencyReport {
        try await ask("planned_graph", ["arguments": arguments])
    }

    /// The best version that an atom matches and that nothing masks; nil if there is none.
    ///
    /// - Parameter atom: an atom, also with version, slot, USE and repository; a bare name is an error.
    public func bestVisible(_ atom: String) async throws(PortageError) -> PackageIdentity? {
        try await ask("best_visible", ["atom": atom])
    }

    /// The USE flags of a package as it would be built now.
    public func useFlags(_ package: PackageSelector) async throws(PortageError) -> UseFlags {
        try await ask("use_flags", package)
    }

    /// All that the primary key of a package is made from.
    ///
    /// - Parameter variables: the variables whose configured values are wanted.
    public func keyInputs(
        _ package: PackageSelector, variables: [String] = KeyInputs.standardVariables
    ) async throws(PortageError) -> KeyInputs {
        try await ask(
            "key_inputs",
            KeyInputsQuestion(
                cpv: package.cpv, repository: package.repository, useOverride: package.useOverride,
                variables: variables))
    }

    /// Every installed package, and the C library.
    public func installedSystem() async throws(PortageError) -> InstalledSystem {
        try await ask("installed_system", [String: String]())
    }

    /// Those of some versions (`CATEGORY/PF`) that a repository has an ebuild of, in the same order.
    public func existingEbuilds(_ cpvs: [String]) async throws(PortageError) -> [String] {
        try await ask("existing_ebuilds", ["cpvs": cpvs])
    }

    /// Those of some dependencies, as ``KeyInputs/unsatisfied`` has them, of which no repository has an ebuild.
    public func withoutEbuild(_ unsatisfied: [String]) async throws(PortageError) -> [String] {
        try await ask("without_ebuild", ["unsatisfied": unsatisfied])
    }

    /// A digest of each of these installed packages: of its files, and of what it was made from.
    public func contentDigests(_ cpvs: [String]) async throws(PortageError) -> [String: String] {
        try await ask("content_digests", ["cpvs": cpvs])
    }

    /// Verifies a binary package file with Portage: its container, every digest, and that it is the package it should be.
    ///
    /// - Parameters:
    ///   - path: a gpkg file.
    ///   - cpv: what it must contain; nil to accept any.
    public func checkPackage(_ path: String, cpv: String?) async throws(PortageError) -> BinaryPackageMetadata {
        try await ask("check_package", ["path": path, "cpv": cpv])
    }

    /// Verifies and unpacks a binary package file. Both directories must exist and be empty; owners and modes are kept.
    ///
    /// - Parameters:
    ///   - path: a gpkg file.
    ///   - cpv: what it must contain; nil to accept any.
    ///   - imageDirectory: gets the image, as `${D}` has it.
    ///   - buildInfoDirectory: gets the files of build-info.
    @discardableResult
    public func unpackPackage(
        _ path: String, cpv: String? = nil, imageDirectory: String, buildInfoDirectory: String
    ) async throws(PortageError) -> BinaryPackageMetadata {
        try await ask(
            "unpack_package",
            ["path": path, "cpv": cpv, "image_directory": imageDirectory, "build_info_directory": buildInfoDirectory])
    }

    /// Where the sub-slots that a binary package was built against are not those that this machine would record.
    ///
    /// - Parameters:
    ///   - recorded: `RDEPEND`, `DEPEND`, … as the package's build-info has them, evaluated by its builder.
    ///   - useOverride: the package's USE; nil for what this machine's configuration gives.
    /// - Returns: one line for people for each difference; empty if the package fits.
    public func subSlotDifferences(
        cpv: String, repository: String? = nil, recorded: [String: String], useOverride: [String]? = nil
    ) async throws(PortageError) -> [String] {
        try await ask(
            "sub_slot_differences",
            SubSlotQuestion(cpv: cpv, repository: repository, useOverride: useOverride, recorded: recorded))
    }

    /// Ends the interpreter, if it is a process of its own. Later questions fail.
    public func close() async { await transport.close() }

    /// Calls any function of the glue with JSON, for tests and for looking into problems.
    public func raw(_ function: String, json: String) async throws(PortageError) -> String {
        do {
            return String(decoding: try await transport.call(function, Array(json.utf8)), as: UTF8.self)
        } catch {
            throw .python(error)
        }
    }

    /// Encodes the question, calls, and decodes the answer.
    func ask<Answer: Decodable>(
        _ function: String, _ question: some Encodable
    ) async throws(PortageError) -> Answer {
        let encoder = JSONEncoder()
        encoder.keyEncodingStrategy = .convertToSnakeCase
        let argument: [UInt8]
        do {
            argument = Array(try encoder.encode(question))
        } catch {
            throw .unexpectedAnswer(function: function, reason: "the question cannot be encoded: \(error)")
        }
        let reply: [UInt8]
        do {
            reply = try await transport.call(function, argument)
        } catch {
            throw .python(error)
        }
        do {
            return try JSONDecoder().decode(Answer.self, from: Data(reply))
        } catch {
            throw .unexpectedAnswer(function: function, reason: "\(error)")
        }
    }
}

private struct GraphQuestion: Encodable {
    let mtimedb: String?
    let package: [String]?
}

private struct KeyInputsQuestion: Encodable {
    let cpv: String
    let repository: String?
    let useOverride: [String]?
    let variables: [String]
}

private struct SubSlotQuestion: Encodable {
    let cpv: String
    let repository: String?
    let useOverride: [String]?
    let recorded: [String: String]
}
