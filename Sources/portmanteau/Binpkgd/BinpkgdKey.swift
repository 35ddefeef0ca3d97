import ArgumentParser
import BinpkgModel
import CommandSupport
import FoundationEssentials
import Posix

/// `binpkgd key`: the primary key of a request, and what it is made from.
struct BinpkgdKey: ToolCommand {
    static let configuration = CommandConfiguration(
        commandName: "key",
        abstract: "Prints the primary key of a request.")

    @Flag(help: "Print the canonical form, whose SHA-256 the key is.")
    var explain = false

    @Argument(help: ArgumentHelp("A request as JSON.", valueName: "file.json"))
    var file: String

    func run(_ context: Context) async throws {
        let request: BuildRequest
        do {
            request = try JSONDecoder().decode(BuildRequest.self, from: Data(try Files.read(file, limit: 16 << 20)))
            try request.validate()
        } catch let error as PosixError {
            throw CommandError("\(error)")
        } catch let error as InvalidRequest {
            throw CommandError("\(file.printable): \(error)")
        } catch {
            throw CommandError("\(file.printable) is not a request: \(error)")
        }
        context.output(
            explain ? String(decoding: request.canonicalForm, as: UTF8.self) : request.primaryKey + "\n")
    }
}
