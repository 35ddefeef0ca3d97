import Posix
import Sandbox
import Testbed
import Testing

@testable import BuildEnvironments

/// Where distfiles of what a client sent are not fetched from, and where they are kept.
@Suite struct SourceAddressTests {
    @Test(arguments: [
        "http://127.0.0.1/x", "http://127.1:8080/x", "http://2130706433/", "http://0x7f000001/", "http://0177.0.0.1/",
        "http://0.0.0.0/", "http://10.1.2.3/", "http://172.31.0.1/", "http://192.168.1.1/", "http://169.254.169.254/x",
        "http://100.64.0.1/", "http://224.0.0.1/", "ftp://[::1]/x", "http://[fe80::1]:80/x", "http://[fd00::1]/x",
        "http://[::ffff:10.0.0.1]/", "http://[64:ff9b::7f00:1]/", "http://[2002:7f00:1::]/", "http://[::]/x",
        "http://localhost/x", "http://LOCALHOST.:80/x", "http://intranet/x", "http://nas.local/x",
        "http://a.localhost/x", "http://metadata.google.internal/x", "rsync://nas/x", "mirror+http://nas/x",
        "http:///x",
        "http://a@b.example.org/", "http://b.example.org\\@127.0.0.1/", "http://%31/",
    ]) func innerHostsAreNamed(uri: String) throws {
        let address = try #require(SourceAddress(uri))
        #expect(address.innerHost(allowed: []) != nil)
        #expect(address.innerHost(allowed: [address.host]) == nil)
    }

    @Test(arguments: [
        "https://example.org/x", "http://1.1.1.1/x", "http://172.32.0.1/", "http://[2606:4700::1111]/x",
        "mirror://gentoo/x", "fetch+https://example.org:8443/x", "ftp://ftp.example.org",
    ]) func publicHostsAreNot(uri: String) throws {
        #expect(try #require(SourceAddress(uri)).innerHost(allowed: []) == nil)
    }

    @Test(arguments: [
        "file:///etc/passwd", "http://a b/", "x", "git+https://example.org/", "",
    ]) func whatIsNoAddressIsNone(uri: String) {
        #expect(SourceAddress(uri) == nil)
    }

    /// What names stand for is known where the files are fetched.
    @Test func namesAreLookedUp() async throws {
        let program =
            FetchScript.lookUp + """
                known = {"inner.example.org": "10.0.0.7", "six.example.org": "::ffff:127.0.0.1", "outer.example.org": "1.1.1.1"}


                def stub(host, port):
                    if host not in known:
                        raise OSError(host)
                    return [(0, 0, 0, "", ("1.1.1.1", 0)), (0, 0, 0, "", (known[host], 0))]


                socket.getaddrinfo = stub
                for uri in (
                    "https://inner.example.org/x", "http://six.example.org:80/x", "https://outer.example.org/x",
                    "https://nowhere.example.org/x", "mirror://inner.example.org/x",
                ):
                    print(inner_address(uri, []))
                print(inner_address("https://inner.example.org/x", None))
                print(inner_address("https://INNER.example.org./x", ["inner.example.org"]))

                """
        var sandbox = SandboxCommand()
        sandbox.steps = [.readOnly("/", at: "/")]
        sandbox.environment = ["PATH": "/usr/bin:/bin"]
        let output = ByteCollector()
        let code = try await sandbox.run(["python3", "-c", program], seconds: 60) { await output.append($0) }
        let text = String(decoding: await output.bytes, as: UTF8.self)
        #expect(code == 0 && text == "10.0.0.7\n::ffff:127.0.0.1\nNone\nNone\nNone\nNone\nNone\n", "\(text)")
    }

    @Test func aDomainHasADirectoryOfItsOwn() {
        let common = Distfiles(common: "/d", state: "/s")
        #expect(common.written == "/d" && common.place == "/d" && common.readOnlyPlaces == [])
        let own = Distfiles(common: "/d", trustDomain: "attic", state: "/s")
        #expect(own.written == "/s/own-distfiles/attic" && own.place == "/distfiles" && own.readOnlyPlaces == ["/d"])
        #expect(own.forEverybody == common)
        let names = ["attic", "..", "a/b", "", "=2e.2e"].map {
            Distfiles(common: "", trustDomain: $0, state: "").written
        }
        #expect(Set(names).count == names.count)
        #expect(names.allSatisfy { $0.split(separator: "/").count == 2 && !$0.contains("..") })
    }
}
