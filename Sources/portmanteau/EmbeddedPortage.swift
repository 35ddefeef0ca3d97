import CommandSupport
import PortageAPI
import PythonBridge

/// Runs `body` with this machine's Portage, in the interpreter inside this process, and ends the interpreter properly.
func withPortage<Result: Sendable>(
    _ context: Context, _ body: (PortageAPI) async throws -> Result
) async throws -> Result {
    let python = try await EmbeddedPython.start(environment: context.environment)
    do {
        let result = try await body(PortageAPI(transport: python))
        await python.close()
        return result
    } catch {
        await python.close()
        throw error
    }
}
