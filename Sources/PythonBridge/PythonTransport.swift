/// A Python interpreter that runs the glue: one function name and one JSON value in, one JSON value out.
///
/// Calls are answered one at a time, in the order in which they were made.
public protocol PythonTransport: Sendable {
    /// Calls a function of the glue.
    ///
    /// - Parameters:
    ///   - function: the name of a function of `portage_glue` that is marked `@call`.
    ///   - argument: a JSON object in UTF-8, the function's keyword arguments.
    /// - Returns: the JSON value that it returned, in ASCII.
    func call(_ function: String, _ argument: [UInt8]) async throws(PythonError) -> [UInt8]

    /// Lets Portage run its exit functions and ends the interpreter, if it is a process of its own. Later calls fail.
    func close() async
}
