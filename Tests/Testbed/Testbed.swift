import Glibc
import Posix
import Subprocess
import SystemPackage

/// Throw-away Gentoo machines with the real Portage, below one folder.
///
/// Each machine is a Gentoo Prefix. A command on it runs in a mount namespace of its own, where the machine's folder is
/// bound at `prefix`: every machine has the same EPREFIX, and several run side by side. Nothing is written outside the
/// folder.
public struct Testbed: Sendable {
    /// The folder of the testbed, absolute.
    public let root: String
    /// The checkout that this library was built from.
    public static let checkout = folder(of: #filePath, up: 3)
    /// Where the test repository and the sources of its packages are.
    public static let fixtures = folder(of: #filePath, up: 1) + "/Fixtures"

    static let scripts = folder(of: #filePath, up: 1)

    /// EPREFIX of every machine, as commands on it see it.
    public var prefix: String { root + "/prefix" }
    /// The ebuild repository, as commands on a machine see it.
    public var repository: String { root + "/repos/gentoo" }
    /// The distfiles, as commands on a machine see them.
    public var distfiles: String { root + "/distfiles" }
    var tools: String { root + "/tools" }
    var machines: String { root + "/machines" }

    /// A testbed in this folder, which is made when it is needed. By default the folder that the environment variable
    /// `PORTMANTEAU_TESTBED` names, else `.testbed` in the checkout.
    public init(root: String? = nil) throws(TestbedError) {
        let path = root ?? HostEnvironment.value("PORTMANTEAU_TESTBED") ?? (Self.checkout + "/.testbed")
        guard path.hasPrefix("/"), path.count > 1, !path.hasSuffix("/") else {
            throw .badRoot(path: path, reason: "it must be an absolute path without a slash at its end")
        }
        guard !path.contains(where: { " \t\n\"'\\$`:,".contains($0) }) else {
            throw .badRoot(path: path, reason: "Portage and mount cannot use a path with blanks, quotes, ':' or ','")
        }
        self.root = path
    }

    /// The testbed that tests, demo and bench share; its template is made if it is not there yet.
    public static func shared() async throws -> Testbed {
        let testbed = try Testbed()
        _ = try await testbed.template()
        return testbed
    }

    /// Makes a machine, or takes the one that is there.
    ///
    /// - Parameters:
    ///   - name: letters, digits, `-`, `_`, `.`; tests take a name of their own each.
    ///   - fresh: throw away what has this name. Otherwise a machine of the current template is kept as it is.
    public func machine(_ name: String, fresh: Bool = true) async throws -> Machine {
        let template = try await template()
        let machine = try Machine(testbed: self, name: name, template: template)
        if let key = machine.recordedTemplate {
            if !fresh, key == template { return machine }
            try await machine.remove()
        }
        let new = machine.folder + ".new-\(getpid())"
        try Files.removeTree(new)
        let copy = try await Subprocess.run(
            .path("/bin/cp"), arguments: ["-a", templateFolder(template) + "/prefix", new], output: .discarded,
            error: .string(limit: 1 << 16))
        guard copy.terminationStatus.isSuccess else {
            try? Files.removeTree(new)
            throw TestbedError.command("cp -a", reason: copy.standardError)
        }
        try Files.replace(new + "/" + Machine.templateMark, with: Array(template.utf8))
        try Files.removeTree(machine.folder)
        try Files.move(new, to: machine.folder)
        return machine
    }

    /// The machine of this name as it is.
    public func existingMachine(_ name: String) throws -> Machine {
        let machine = try Machine(testbed: self, name: name, template: "")
        guard let key = machine.recordedTemplate else { throw TestbedError.noMachine(name) }
        return try Machine(testbed: self, name: name, template: key)
    }

    /// The names of all machines.
    public func machineNames() -> [String] {
        ((try? Files.list(machines)) ?? []).filter { !$0.contains(".new-") }
    }

    /// Makes a machine, passes it on, and removes it at the end, also after an error.
    public func withMachine<R: Sendable>(
        _ name: String, _ body: (Machine) async throws -> R
    ) async throws -> R {
        try await Limiter.withMachine(in: "\(machines)/\(name)") { try await Self.using(try await machine(name), body) }
    }

    /// Passes a machine on, and removes it at the end.
    static func using<R: Sendable>(_ machine: Machine, _ body: (Machine) async throws -> R) async throws -> R {
        do {
            let result = try await body(machine)
            try await machine.remove()
            return result
        } catch {
            try? await machine.remove()
            throw error
        }
    }

    /// Removes the whole folder and ends what still runs on its machines.
    public func clean() async throws {
        for name in machineNames() { try await (try? existingMachine(name))?.remove() }
        try Files.removeTree(root)
    }
}

/// The folder so many levels above a path.
private func folder(of path: String, up levels: Int) -> String {
    String(path.split(separator: "/", omittingEmptySubsequences: false).dropLast(levels).joined(separator: "/"))
}
