import ArgumentParser
public import BinpkgService
public import CommandSupport

/// `binpkgd serve`: takes requests until it is told to end.
struct BinpkgdServe: ToolCommand {
    static let configuration = CommandConfiguration(
        commandName: "serve",
        abstract: "Takes requests and builds them, until SIGTERM or SIGINT.")

    @OptionGroup var options: ServiceOptions

    func run(_ context: Context) async throws {
        let settings = try options.settings(context)
        let address = settings.host
        try await BinpkgServer.serve(settings) { port in
            context.output("binpkgd: listening on \(address):\(port)\n")
        }
    }
}

extension ServiceError: UserFacingError {
    /// The error, as the service puts it.
    public var message: String { "binpkgd: \(description)" }
}
