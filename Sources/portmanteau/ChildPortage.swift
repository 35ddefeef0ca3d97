import CommandSupport
import PortageAPI
import PythonBridge

/// This machine's Portage in a process of its own: for commands that talk to the network as well, since the interpreter
/// inside this process must not be used beside such threads.
func childPortage(_ context: Context) async throws(PortageError) -> PortageAPI {
    do {
        let interpreter = try await Interpreter.choose(environment: context.environment)
        return PortageAPI(transport: ChildPython(.init(interpreter: interpreter)))
    } catch {
        throw .python(error)
    }
}
