public import PortageAPI
import PythonBridge

extension Machine {
    /// Runs a body with questions to this machine's Portage, in a child of its own Python.
    public func withPortage<R: Sendable>(
        environment: [String: String] = [:], _ body: (PortageAPI) async throws -> R
    ) async throws -> R {
        let command = invocation([], environment: environment)
        let child = ChildPython(
            .init(
                interpreter: prefix + "/bin/python3", prefix: [command.path] + command.arguments,
                environment: command.environment, timeLimit: .seconds(300)))
        do {
            let result = try await body(PortageAPI(transport: child))
            await child.close()
            return result
        } catch {
            await child.close()
            throw error
        }
    }
}
