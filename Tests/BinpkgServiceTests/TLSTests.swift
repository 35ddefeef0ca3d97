import BinpkgClient
import BinpkgModel
import Fetching
import Glibc
import Posix
import Subprocess
import SystemPackage
import Testbed
import Testing

@testable import BinpkgService

/// An authority, and a certificate for 127.0.0.1 and localhost from it.
struct TrialCertificate: Sendable {
    let authority: String
    let certificate: String
    let key: String

    /// Makes them in a directory; several in one have the same authority.
    static func make(in directory: String, name: String = "service") async throws -> TrialCertificate {
        let script = """
            set -eu
            cd "$1"
            [ -e ca.pem ] || openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -days 2 \
                -keyout ca.key -out ca.pem -subj '/CN=Trial authority'
            openssl req -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -keyout "$2.key" -out "$2.csr" \
                -subj '/CN=trial'
            printf 'subjectAltName=DNS:localhost,IP:127.0.0.1' > "$2.ext"
            openssl x509 -req -in "$2.csr" -CA ca.pem -CAkey ca.key -CAcreateserial -days 2 -out "$2.pem" \
                -extfile "$2.ext"
            chmod 600 "$2.key"
            """
        let made = try await Subprocess.run(
            .path("/bin/sh"), arguments: ["-c", script, "certificate", directory, name],
            output: .string(limit: 1 << 16), error: .combinedWithOutput)
        guard made.terminationStatus.isSuccess else {
            throw TestbedError.command("openssl", reason: made.standardOutput)
        }
        return TrialCertificate(
            authority: directory + "/ca.pem", certificate: "\(directory)/\(name).pem", key: "\(directory)/\(name).key")
    }
}

@Suite struct TLSTests {
    @Test func badFilesAreNamed() async throws {
        let scratch = try ScratchDirectory()
        let good = try await TrialCertificate.make(in: scratch.path)
        let other = try await TrialCertificate.make(in: scratch.path, name: "other")
        let text = try scratch.write("text", "hello", mode: 0o600)
        func mistake(_ certificate: String, _ key: String) -> String {
            do throws(BinpkgService.ServiceError) {
                _ = try TLSIdentity(TLSFiles(certificate: certificate, key: key))
                return ""
            } catch {
                return error.description
            }
        }
        #expect(mistake(good.certificate, good.key) == "")
        #expect(mistake("/nothing", good.key) == "/nothing: No such file or directory")
        #expect(
            mistake(text, good.key).hasSuffix("no certificate in PEM") || mistake(text, good.key).contains("no cert"))
        #expect(mistake(good.certificate, text).contains("no private key in PEM"))
        #expect(mistake(good.certificate, other.key).contains("does not belong to"))
        chmod(good.key, 0o644)
        #expect(mistake(good.certificate, good.key).contains("others can read this key: chmod 600"))
    }

    @Test func theServiceIsReachedWithItsAuthorityAndItsCertificateCanChange() async throws {
        let scratch = try ScratchDirectory()
        let files = try await TrialCertificate.make(in: scratch.path)
        let state = scratch.path + "/state"
        let token = try await TokenStore(stateDirectory: state).add(
            name: "t", domain: "d", scope: .request, days: nil)
        let settings = """
            listen = "0.0.0.0:0"
            [tls]
            certificate = "\(files.certificate)"
            key = "\(files.key)"
            """
        try await LiveService.run(settings: settings, directory: state) { service in
            let url = "https://localhost:\(service.port)"
            let known = try Fetcher(authorities: Files.read(files.authority), path: files.authority)
            func client(_ fetcher: Fetcher, _ token: String?) throws -> BinpkgClient.ServiceClient {
                try ServiceClient(url: url, token: token, answerTimeout: 20_000, fetcher: fetcher)
            }
            try await client(known, token).checkPresence()
            let answer = try await client(known, token).ask(sample, build: true)
            #expect(try await client(known, token).state(of: answer.id, wait: 60).state == .ready)
            await #expect(throws: (any Error).self) { try await client(Fetcher(), token).checkPresence() }
            do {
                try await client(known, "pmt_wrong").checkPresence()
                Issue.record("a wrong token was taken")
            } catch {
                let line = "\(error)"
                #expect(line.contains("this service does not know it") && !line.contains("pmt_wrong"), "\(line)")
            }
            // A new certificate, from another authority, counts after SIGHUP.
            let renewed = try ScratchDirectory()
            let new = try await TrialCertificate.make(in: renewed.path)
            try Files.replace(files.certificate, with: Files.read(new.certificate))
            try Files.replace(files.key, with: Files.read(new.key), mode: 0o600)
            kill(service.pid, SIGHUP)
            let now = try Fetcher(authorities: Files.read(new.authority), path: new.authority)
            var isThere = false
            for _ in 0..<300 where !isThere {
                isThere = (try? await client(now, token).checkPresence()) != nil
                if !isThere { try await Task.sleep(for: .milliseconds(100)) }
            }
            #expect(isThere)
        }
    }
}
