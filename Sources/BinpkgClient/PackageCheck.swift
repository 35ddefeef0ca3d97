import BinpkgModel
import PortageAPI
import Posix

/// Compares what a binary package says of itself with what was asked for.
enum PackageCheck {
    /// The first thing that is not as asked; nil when all is.
    ///
    /// CFLAGS are not compared: Portage records them after the ebuild filtered them. They are in the request's key.
    static func difference(_ package: BinaryPackageMetadata, from request: BuildRequest) -> String? {
        let iuse = Set(request.iuse)
        let declared = Set(RequestMaker.words(package["IUSE"]).map { String($0.drop { "+-".contains($0) }) })
        let pairs: [(String, String, String)] = [
            ("package", request.cpv, package.cpv),
            ("EAPI", request.eapi, package["EAPI"].isEmpty ? "0" : package["EAPI"]),
            ("SLOT", slot(request.slot), slot(package["SLOT"])), ("CHOST", request.chost, package["CHOST"]),
            ("IUSE", list(iuse), list(declared)),
            ("USE", list(iuse.intersection(request.use)), list(iuse.intersection(RequestMaker.words(package["USE"])))),
        ]
        for (name, wanted, found) in pairs where wanted != found {
            return "its \(name) is '\(found.printable)', asked for was '\(wanted.printable)'"
        }
        return nil
    }

    /// The dependency variables that it records.
    static func dependencies(of package: BinaryPackageMetadata) -> [String: String] {
        package.fields.filter { ["DEPEND", "BDEPEND", "RDEPEND", "PDEPEND", "IDEPEND"].contains($0.key) }
    }

    private static func slot(_ text: String) -> String { text.contains("/") ? text : "\(text)/\(text)" }
    private static func list(_ flags: Set<String>) -> String { flags.sorted().joined(separator: " ") }
}

extension PackageCheck {
    /// Whether a package file is intact, is what was asked for, and was linked with what this machine has.
    static func check(_ file: String, _ request: BuildRequest, portage: PortageAPI) async throws(StageFailure) {
        do {
            let package = try await portage.checkPackage(file, cpv: request.cpv)
            if let difference = difference(package, from: request) {
                throw StageFailure.broken("the package is not what was asked for: \(difference)")
            }
            let others = try await portage.subSlotDifferences(
                cpv: request.cpv, repository: request.repository, recorded: dependencies(of: package),
                useOverride: request.use)
            if !others.isEmpty {
                throw StageFailure.negative(
                    "it was built against other sub-slots: " + others.prefix(3).joined(separator: "; ").printable)
            }
        } catch {
            throw StageFailure(ofPackage: error)
        }
    }
}
