import Posix
import Testbed
import Testing

extension Machine {
    /// The slices, as paths on the host.
    var slices: String { path("var/lib/portmanteau/slices") }

    /// Installs olm, and makes these overlays of the fixtures known to it.
    func installOverlayman(_ overlays: [String]) async throws {
        try await installPortmanteau(enable: false)
        for name in overlays { try await makeOverlay(name) }
        try useOverlays(overlays)
    }

    /// Runs `olm`.
    func olm(_ arguments: String..., environment: [String: String] = [:]) async throws -> Output {
        try await run(["olm"] + arguments, environment: environment)
    }

    /// Writes a file of an overlay's work tree.
    func writeOverlay(_ name: String, _ file: String, _ text: String) throws {
        try write("srv/overlays/\(name)/\(file)", text)
    }

    /// The number of a slice's published generation.
    func generation(_ name: String) -> String? {
        Files.realPath("\(slices)/\(name)").map { $0.split(separator: "/").last.map(String.init) ?? "" }
    }

    /// The files of a published slice below a directory, by their names.
    func sliceFiles(_ name: String, _ directory: String) async throws -> [String] {
        let output = try await run([
            "find", "\(prefix)/var/lib/portmanteau/slices/\(name)/\(directory)", "-not", "-type", "d", "-printf",
            "%P\n",
        ])
        return output.stdout.split(separator: "\n").map(String.init).sorted()
    }

    /// The packages of the published slices, as `olm list` names them.
    func listedPackages() async throws -> [String] {
        try await olm("list").stdout.split(separator: "\n").map { String($0.prefix { $0 != " " }) }
    }
}
