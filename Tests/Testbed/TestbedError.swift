/// Why a testbed, a machine or a command on it could not be made.
public enum TestbedError: Error, CustomStringConvertible {
    /// The host lacks something; the text says what, and `Tests/Testbed/setup` installs it.
    case hostNotReady(String)
    /// The folder of the testbed cannot be used.
    case badRoot(path: String, reason: String)
    /// A machine's name is not made of letters, digits, `-`, `_` and `.`.
    case badMachineName(String)
    /// There is no machine of that name.
    case noMachine(String)
    /// Two tests that run at once want the same machine.
    case machineTaken(String)
    /// Making the template failed; the text is the end of what its script wrote.
    case template(String)
    /// A command could not be started, or one that had to succeed did not.
    case command(String, reason: String)

    /// One or more lines for people.
    public var description: String {
        switch self {
        case .hostNotReady(let what): "\(what); run Tests/Testbed/setup as root"
        case .badRoot(let path, let reason): "the testbed cannot use \(path): \(reason)"
        case .badMachineName(let name): "'\(name)' is no name for a machine: letters, digits, - _ . only"
        case .noMachine(let name): "there is no machine \(name); make it with: testbed machine \(name)"
        case .machineTaken(let folder): "another test has the machine in \(folder); each test takes names of its own"
        case .template(let text): "the testbed's template could not be made:\n\(text)"
        case .command(let command, let reason): "\(command): \(reason)"
        }
    }
}
