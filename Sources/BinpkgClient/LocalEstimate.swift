import EmergeSession
import PortageAPI

/// How long this machine takes for a package, by its own emerge.log.
struct LocalEstimate {
    let portage: PortageAPI
    let paths: ClientPaths

    /// The median of the last builds, in seconds; nil when there is none.
    func seconds(for cpv: String) async -> Double? {
        let settings = (try? await portage.settings(["EMERGE_LOG_DIR"])) ?? [:]
        let directory = settings["EMERGE_LOG_DIR"].flatMap { $0.isEmpty ? nil : $0 } ?? paths.prefix + "/var/log"
        let staged = StagedRecord(prefix: paths.prefix)
        return (try? BuildHistory(log: directory + "/emerge.log", excluding: staged))?.medians(of: [cpv])[cpv]
    }
}
