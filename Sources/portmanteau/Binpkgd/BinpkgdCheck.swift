import ArgumentParser
import BinpkgService
import CommandSupport
import FoundationEssentials
import Posix

/// `binpkgd check`: compares the store with the files.
struct BinpkgdCheck: ToolCommand {
    static let configuration = CommandConfiguration(
        commandName: "check", abstract: "Compares the store with the files: packages, content, logs, indexes.",
        discussion: """
            Reads every file. Ends with 1 when something is wrong, also when it was mended. Works while the service runs.
            """)

    @OptionGroup var options: ServiceOptions

    @Flag(help: "Mend: forget and remove what is damaged, remove what is unknown, make indexes again.")
    var repair = false

    @Flag(help: "Print JSON.")
    var json = false

    func run(_ context: Context) async throws {
        let faults = try await StoreKeeper(options.settings(context)).check(repair: repair)
        if json {
            context.output(try JSONText.of(faults))
        } else if faults.isEmpty {
            context.output("all is as it should be\n")
        } else {
            for fault in faults {
                let mended = fault.isRepaired ? "; mended" : ""
                context.output("\(fault.kind.rawValue): \(fault.place) (\(fault.detail))\(mended)\n")
            }
        }
        if !faults.isEmpty { throw ExitCode(ExitStatus.negative.rawValue) }
    }
}

/// `binpkgd gc`: removes what was not used.
struct BinpkgdCollect: ToolCommand {
    static let configuration = CommandConfiguration(
        commandName: "gc",
        abstract: "Removes packages, content, logs and trust domains' distfiles that were not used, as [store] says.",
        discussion: "The service does the same from time to time. Environments have binpkgd environment gc.")

    @OptionGroup var options: ServiceOptions

    @Flag(help: "Only say what would go.")
    var dryRun = false

    @Flag(help: "Print JSON.")
    var json = false

    private struct Report: Encodable {
        let removed: [GarbagePlan.Item]
        let keptBytes: Int
        let isDryRun: Bool
    }

    func run(_ context: Context) async throws {
        let keeper = try StoreKeeper(options.settings(context))
        let plan = try await keeper.garbage()
        let removed = dryRun ? plan.removed : try await keeper.collect(plan)
        if json {
            context.output(try JSONText.of(Report(removed: removed, keptBytes: plan.kept, isDryRun: dryRun)))
            return
        }
        for item in removed { context.output("\(item.kind.rawValue) \(item.name.printable) (\(item.bytes) bytes)\n") }
        let bytes = removed.reduce(0) { $0 + $1.bytes }
        context.output(
            "\(removed.count) files, \(bytes) bytes, \(dryRun ? "would go" : "removed"); \(plan.kept) bytes stay\n")
    }
}

/// A value as JSON that people can read.
private enum JSONText {
    static func of(_ value: some Encodable) throws -> String {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.prettyPrinted, .sortedKeys, .withoutEscapingSlashes]
        return String(decoding: try encoder.encode(value), as: UTF8.self) + "\n"
    }
}
