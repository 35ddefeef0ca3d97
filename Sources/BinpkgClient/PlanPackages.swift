import BinpkgModel
import PortageAPI
import Posix

/// Brings the packages of a plan into its directory.
struct PlanPackages: Sendable {
    let portage: PortageAPI
    let directory: PlanDirectory
    let client: ServiceClient
    let plan: String

    /// The package with its file; without one, and with the reason, when it cannot be used.
    func bring(_ package: PlanPackage) async -> PlanPackage {
        var result = package
        do throws(StageFailure) {
            result.file = try await fetch(package)
        } catch {
            result.verdict = .cannot
            result.reasons = [error.reason]
        }
        return result
    }

    private func fetch(_ package: PlanPackage) async throws(StageFailure) -> String {
        guard let request = package.request, let artifact = package.answer?.artifact else {
            throw .broken("the service names no package")
        }
        let draft = "\(directory.incoming(plan))/\(artifact).gpkg.tar"
        do {
            _ = try await client.download(artifact, to: draft, limit: Stager.packageLimit)
        } catch {
            throw StageFailure(error)
        }
        do {
            let found = try await portage.checkPackage(draft, cpv: request.cpv)
            if let difference = PackageCheck.difference(found, from: request) {
                throw StageFailure.broken("the package is not what was asked for: \(difference)")
            }
            let number = Int(found["BUILD_ID"]).map { max($0, 1) } ?? 1
            let name = PackageNames.name(of: request.cpv) ?? request.cpv
            let file = "\(name)/\(request.pf)-\(number).gpkg.tar"
            let path = "\(directory.packages(plan))/\(file)"
            try Files.makeDirectories("\(directory.packages(plan))/\(name)")
            try Files.move(draft, to: path)
            return file
        } catch {
            try? Files.removeTree(draft)
            throw StageFailure(ofPackage: error)
        }
    }
}
