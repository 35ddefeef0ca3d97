import Posix

/// The environment of a program that works for a phase: nothing of the package's.
public enum HelperEnvironment {
    /// The variables, as `NAME=VALUE`.
    ///
    /// - Parameters:
    ///   - setup: what the phase says of roots and of Portage's Python.
    ///   - prefix: EPREFIX; empty on an ordinary system.
    ///   - python: the Python that runs emerge, where it is known.
    public static func make(for setup: SetupRequest, prefix: String, python: String? = nil) -> [String] {
        let system = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"
        let path =
            prefix.isEmpty ? system : "\(prefix)/usr/sbin:\(prefix)/usr/bin:\(prefix)/sbin:\(prefix)/bin:\(system)"
        var environment = [
            "PATH=\(path)", "HOME=\(ProcessIdentity.user == 0 ? "/root" : "/")", "LANG=C.UTF-8", "EPREFIX=\(prefix)",
        ]
        for name in ["ROOT", "PORTAGE_CONFIGROOT"] {
            if let value = setup.fields[name], !value.isEmpty { environment.append("\(name)=\(value)") }
        }
        // PORTAGE_PYTHON is resolved to the real file, which has lost a virtual environment.
        let python = python ?? setup["PORTAGE_PYTHON"]
        if python.hasPrefix("/") { environment.append("PORTMANTEAU_PYTHON=\(python)") }
        return environment
    }
}
