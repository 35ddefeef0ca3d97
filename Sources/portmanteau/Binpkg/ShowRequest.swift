import BinpkgClient
import BinpkgModel
import CommandSupport
import Posix

extension BinpkgRequest {
    /// Prints what asking for the package would send. The body of the request and the files go to standard output as
    /// they are, so that what is there can be searched.
    func showSentBytes(_ requester: PackageRequester, _ choice: ServiceChoice, _ context: Context) async throws {
        let sent = try await facing {
            try SentBytes(
                await requester.prepare(atom), service: choice.service,
                hasToken: try ClientPaths(prefix: choice.prefix).readToken() != nil)
        }
        context.output(sent.head.map { $0 + "\n" }.joined() + "\n")
        context.outputBytes(sent.body + Array("\n".utf8))
        for file in sent.files {
            context.output(
                "\nPUT \(choice.service)/v1/content/\(file.item.sha256)\n"
                    + "(only if the service asks for it: \(file.item.role.rawValue) \(file.item.name.printable), "
                    + "\(file.bytes.count) bytes)\n\n")
            context.outputBytes(file.bytes)
        }
    }
}
