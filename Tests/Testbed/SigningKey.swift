import Posix

/// A key that packages are signed with, in a GnuPG home of a machine.
public struct SigningKey: Sendable {
    /// The home with the secret key, below the machine's EPREFIX.
    public let home: String
    /// The key's fingerprint.
    public let fingerprint: String
    /// The public key, as text.
    public let publicKey: String
}

extension Machine {
    /// Makes a key without passphrase, valid without end. No agent is left running.
    public func makeSigningKey(_ home: String = "keys") async throws -> SigningKey {
        let script = """
            set -euo pipefail
            umask 077
            mkdir -p "$1"
            gpg=(gpg --homedir "$1" --batch --no-tty --quiet)
            "${gpg[@]}" --passphrase '' --pinentry-mode loopback --quick-gen-key 'Testbed <testbed@example.org>' ed25519 sign never
            "${gpg[@]}" --with-colons --list-keys | sed -n 's/^fpr:*\\([0-9A-F]*\\):/\\1/p' | head -n 1
            "${gpg[@]}" --armor --export
            gpgconf --homedir "$1" --kill all
            """
        let output = try await run(["bash", "-c", script, "key", "\(prefix)/\(home)"])
        let lines = output.stdout.split(separator: "\n", maxSplits: 1)
        guard output.succeeded, lines.count == 2 else { throw TestbedError.command("gpg", reason: output.text) }
        return SigningKey(home: home, fingerprint: String(lines[0]), publicKey: String(lines[1]))
    }

    /// Makes Portage on this machine trust a key, and no other.
    public func trust(_ key: SigningKey) async throws {
        try write("tmp/trusted.asc", key.publicKey)
        let script = """
            set -euo pipefail
            home=$1/etc/portage/gnupg
            mkdir -p "$home"
            gpg --homedir "$home" --batch --no-tty --quiet --import "$1/tmp/trusted.asc"
            echo "$2:6:" | gpg --homedir "$home" --batch --no-tty --quiet --import-ownertrust
            # Portage verifies without looking whether the trust has to be computed again.
            gpg --homedir "$home" --batch --no-tty --quiet --check-trustdb
            gpgconf --homedir "$home" --kill all
            # Portage verifies as this user.
            chown -R nobody "$home"
            chmod 700 "$home"
            """
        let output = try await run(["bash", "-c", script, "trust", prefix, key.fingerprint])
        guard output.succeeded else { throw TestbedError.command("gpg", reason: output.text) }
        try append("etc/portage/make.conf", "\nBINPKG_GPG_VERIFY_GPG_HOME=\"\(prefix)/etc/portage/gnupg\"\n")
    }
}
