import BinpkgModel
import FoundationEssentials
import PortageAPI
import Posix
import Testing

@testable import BinpkgClient

@Suite struct RequestMakerTests {
    private func inputs(_ text: String) throws -> KeyInputs {
        try JSONDecoder().decode(KeyInputs.self, from: Data(text.utf8))
    }

    @Test func aPersonsRequest() throws {
        let machine = try FakeMachine()
        let made = try RequestMaker.request(for: try inputs(machine.keyInputs), accuracy: .exact)
        let request = made.request
        #expect(request.cpv == "dev-demo/alpha-1.0")
        #expect(request.repository == "demo")
        #expect(request.slot == "0/2")
        #expect(request.use == ["doc", "x86"])
        #expect(request.variables == ["CFLAGS": "-O2 -pipe"])
        #expect(request.features == ["nodoc"])
        #expect(request.tmpdir == machine.root + "/tmp")
        #expect(request.eprefix == machine.root)
        #expect(request.profile == "d1")
        #expect(request.libc == "sys-libs/glibc-2.40")
        #expect(request.accuracy == .exact)
        #expect(request.buildDependencies == [InstalledPackage(cpv: "dev-demo/gen-2", slot: "0/0", use: ["a"])])
    }

    /// Roles, names and hashes; the hashes are those of `sha256sum`.
    @Test func contentGolden() throws {
        let machine = try FakeMachine()
        let made = try RequestMaker.request(for: try inputs(machine.keyInputs), accuracy: .abi)
        let lines = made.request.content.map { "\($0.role.rawValue) \($0.name) \($0.sha256.prefix(12)) \($0.size)" }
        #expect(
            lines == [
                "ebuild alpha-1.0.ebuild 2308bdccbee0 7", "eclass demo.eclass bc70e26f40b8 7",
                "files a/fix.patch ce37ca72790a 6", "manifest Manifest dad172a2515e 33",
                "patch dev-demo/alpha/1.patch bc9f787d3ce6 6", "env dev-demo/alpha 91d6a3d55e9f 4",
                "bashrc bashrc fb5caeeae172 11",
            ])
        let ebuilds = try #require(made.request.dependencyEbuilds)
        #expect(ebuilds.map(\.package) == [InstalledPackage(cpv: "dev-demo/spin-3", slot: "0/1", use: ["fast"])])
        #expect(ebuilds.flatMap(\.content).map(\.name) == ["spin-3.ebuild", "demo.eclass"])
        for item in made.request.allContent {
            #expect(made.content[item.sha256].map(ContentHash.sha256) == item.sha256)
        }
    }

    @Test func thePhaseWins() throws {
        let machine = try FakeMachine()
        let setup = machine.setup(
            service: "", changing: ["CXXFLAGS": "-O1\n -g", "CBUILD": "i686-pc-linux-gnu", "X": "1"])
        let request = try RequestMaker.request(
            for: try inputs(machine.keyInputs), setup: setup, accuracy: .abi
        ).request
        #expect(request.variables == ["CFLAGS": "-O2 -g", "CXXFLAGS": "-O1 -g"])
        #expect(request.features == ["nodoc", "test"])
        #expect(request.cbuild == "i686-pc-linux-gnu")
        #expect(RequestMaker.selector(for: setup).useOverride == ["doc", "x86"])
        #expect(RequestMaker.selector(for: setup).repository == "demo")
    }

    @Test(arguments: [
        ("EBUILD", "/elsewhere/alpha-1.0.ebuild"), ("EAPI", "7"), ("SLOT", "0/3"), ("EPREFIX", "/other"),
        ("CFLAGS", "-O2 -march=native"), ("CXXFLAGS", "-mtune=native"), ("RUSTFLAGS", "-C target-cpu=native"),
        ("CFLAGS", "-O2 \u{7}"), ("CHOST", "$(id)"), ("PORTAGE_TMPDIR", "/tmp/../etc"),
    ])
    func isRefused(_ name: String, _ value: String) throws {
        let machine = try FakeMachine()
        let setup = machine.setup(service: "", changing: [name: value])
        let known = try inputs(machine.keyInputs)
        #expect(throws: RequestError.self) {
            try RequestMaker.request(for: known, setup: setup, accuracy: .abi)
        }
    }

    @Test func nativeIsResolvedWhereItsMeaningIsKnown() throws {
        let machine = try FakeMachine()
        let known = try inputs(
            machine.keyInputs.replacing(
                "\"features\":", with: "\"nativeFlags\": {\"-march=native\": \"-march=znver3 -mno-pku\"}, \"features\":"
            ))
        let flags = ["CFLAGS": "-O2 -march=native -mno-avx2", "LDFLAGS": "-Wl,-O1 -march=native"]
        let request = try RequestMaker.request(
            for: known, setup: machine.setup(service: "", changing: flags), accuracy: .abi
        ).request
        #expect(request.variables["CFLAGS"] == "-O2 -march=znver3 -mno-pku -mno-avx2")
        #expect(request.variables["LDFLAGS"] == "-Wl,-O1 -march=znver3 -mno-pku")
        // Of the tuning nothing is known.
        let other = machine.setup(service: "", changing: ["CXXFLAGS": "-march=native -mtune=native"])
        #expect(throws: RequestError.self) { try RequestMaker.request(for: known, setup: other, accuracy: .abi) }
    }

    @Test func aMissingFileIsNamed() throws {
        let machine = try FakeMachine()
        let known = try inputs(machine.keyInputs)
        try Files.removeTree(machine.root + "/repo/eclass")
        #expect(throws: RequestError.unreadable(PosixError("read", machine.root + "/repo/eclass/demo.eclass", code: 2)))
        {
            try RequestMaker.request(for: known, accuracy: .abi)
        }
    }
}
