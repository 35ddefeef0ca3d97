import Subprocess
import SystemPackage

/// The agent that GnuPG starts for a home with keys.
public enum SigningAgent {
    /// Ends it, if it runs.
    public static func end(_ home: String) async {
        _ = try? await run(
            .path("/usr/bin/gpgconf"), arguments: ["--homedir", home, "--kill", "gpg-agent"],
            environment: .custom(["PATH": "/usr/bin:/bin", "HOME": "/root"]), output: .discarded, error: .discarded)
    }
}
