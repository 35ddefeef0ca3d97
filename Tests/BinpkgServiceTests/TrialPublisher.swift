import BinpkgModel
import BuildEnvironments
import Posix

@testable import BinpkgService

/// What Portage would say of packages, without Portage.
actor TrialPublisher: PackagePublisher {
    /// What is said of every package; none is as the configuration has it unless this is empty.
    private var differences: [String] = []
    private var isAway = false
    private(set) var entries: [String] = []

    func set(differences: [String]) { self.differences = differences }
    func set(isAway: Bool) { self.isAway = isAway }

    func differences(_ request: BuildRequest, from own: OwnConfiguration) async throws(BuildError) -> [String] {
        if isAway { throw .failed(reason: "Portage is away") }
        return differences
    }

    func header() async throws(BuildError) -> [String] { ["ARCH: amd64", "VERSION: 0"] }

    func entry(_ file: String, cpv: String, place: String, buildID: Int) async throws(BuildError) -> String {
        entries.append(cpv)
        return """
            BUILD_ID: \(buildID)
            CPV: \(cpv)
            PATH: \(place)
            SIZE: \(Files.status(file)?.size ?? 0)


            """
    }

    func compressed(_ text: String) async throws(BuildError) -> [UInt8] { Gzip.stored(Array(text.utf8)) }

    func sign(_ file: String, home: String, key: String) async throws(BuildError) {
        do {
            try Files.replace(file, with: try Files.read(file) + Array("signed with \(key)".utf8))
        } catch {
            throw .failed(reason: "\(error)")
        }
    }

    func close() async {}
}
