import AgentProtocol
import Posix

/// What the user of an emerge set for it, and no configuration file knows: `USE=… emerge --root=… PACKAGE`. Whoever asks
/// Portage about that emerge must set it too.
struct EmergeEnvironment: Equatable, Sendable {
    /// The variables by name.
    let variables: [String: String]

    /// What the variables of its options are called.
    private static let options = [
        "--root": "ROOT", "--sysroot": "SYSROOT", "--config-root": "PORTAGE_CONFIGROOT",
        "--accept-properties": "ACCEPT_PROPERTIES", "--accept-restrict": "ACCEPT_RESTRICT",
    ]
    /// What changes how a program runs, and not what Portage reads; and what the helper's own environment says.
    private static let own = [
        "LD_", "PYTHONPATH=", "PYTHONHOME=", "PYTHONSTARTUP=", "PYTHONOPTIMIZE=", "PYTHONUNBUFFERED=", "PYTHONUTF8=",
        "GLIBC_", "GCONV_", "MALLOC_", "SWIFT_", "BASH_", "PORTMANTEAU_", "LC_", "LANG", "PATH=", "HOME=",
        "EPREFIX=", "TMPDIR=", "SHELLOPTS=", "PS4=", "ENV=",
    ]

    /// The variables out of the environment, as `NAME=VALUE`, and the arguments that emerge was started with.
    init(environment: [String], arguments: [String]) {
        var found: [String: String] = [:]
        for entry in environment where !Self.own.contains(where: entry.hasPrefix) {
            guard let equals = entry.firstIndex(of: "="), Self.isName(entry[..<equals]) else { continue }
            found[String(entry[..<equals])] = String(entry[entry.index(after: equals)...])
        }
        for (index, argument) in arguments.enumerated() {
            let parts = argument.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
            guard let option = parts.first, let name = Self.options[String(option)] else { continue }
            if parts.count == 2 {
                found[name] = String(parts[1])
            } else if index + 1 < arguments.count {
                found[name] = arguments[index + 1]
            }
        }
        variables = found
    }

    private static func isName(_ text: Substring) -> Bool {
        !text.isEmpty && text.utf8.first.map { !(0x30...0x39).contains($0) } == true
            && text.utf8.allSatisfy { byte in
                byte == UInt8(ascii: "_") || (0x30...0x39).contains(byte) || (0x41...0x5a).contains(byte)
                    || (0x61...0x7a).contains(byte)
            }
    }
}

extension EmergeEnvironment {
    /// The environment of a program that works for a phase, with what the user set for the emerge.
    func helperEnvironment(for request: PhaseRequest, emerge: EmergeProcess) -> [String] {
        let own = HelperEnvironment.make(
            for: request.setup, prefix: request.layout.prefix, python: emerge.python
        ).filter { entry in !variables.keys.contains { entry.hasPrefix($0 + "=") } }
        return own + variables.sorted { $0.key < $1.key }.map { "\($0.key)=\($0.value)" }
    }
}
